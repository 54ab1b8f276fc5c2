"""``bpfast report``: a page about a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..reporting import write_report
from .console import stdout_console
from .inspection import inspect_again


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that a sweep wrote.")],
    output: Annotated[
        Path | None, typer.Option(help="The .html file; report.html in RUN if not given.")
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Find out which columns matter, and draw how predictions go with their values: "
            "reads the data again.",
        ),
    ] = False,
    data: Annotated[
        str | None, typer.Option(help="With --explain: the data file, if it has moved since.")
    ] = None,
    test_data: Annotated[
        str | None, typer.Option(help="The same of the sweep's --test-data.")
    ] = None,
) -> None:
    """Write a page about a sweep: ranking, curves and what mattered, and its figures as files."""
    moved = {"moved": data, "test_data": test_data}
    typed = {name: file for name, file in moved.items() if file is not None}
    if typed and not explain:
        raise ValueError("--data and --test-data are for --explain, which reads them again")
    if explain:
        inspect_again(run, typed)
    page, figures = write_report(run, output)
    console = stdout_console()
    console.print(f"report:  {page}", soft_wrap=True, highlight=False)
    if figures:
        console.print(f"figures: {figures[0].parent}", soft_wrap=True, highlight=False)

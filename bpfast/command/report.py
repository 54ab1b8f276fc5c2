"""``bpfast report``: a page about a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..reporting import write_report
from .console import stdout_console


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that a sweep wrote.")],
    output: Annotated[
        Path | None, typer.Option(help="The .html file; report.html in RUN if not given.")
    ] = None,
) -> None:
    """Write a page about a sweep: ranking, curves and what mattered, and its figures as files."""
    page, figures = write_report(run, output)
    console = stdout_console()
    console.print(f"report:  {page}", soft_wrap=True, highlight=False)
    if figures:
        console.print(f"figures: {figures[0].parent}", soft_wrap=True, highlight=False)

"""``bpfast predict``: predictions of a sweep's best network for new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..checks import check_int
from ..tables.model import Model
from ..tables.new_rows import read_new_rows
from ..tables.predictions import check_output, print_predictions, tabulate, write_predictions
from ..tables.reading import sources
from ..tables.reading.dialect import TextOptions
from .console import stdout_console
from .results import BEST
from .text_options import Comment, Decimal, Encoding, Header, Missing, Separator, marks


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help=f"The {BEST} of a sweep.")],
    source: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A table (.csv, .tsv, .txt, .gz, .parquet, .arrow or .npz) with the columns that "
            "the model was trained with, - for text from standard input, or "
            f"{', '.join(sources.BUILT_IN)}.",
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(help="A .csv or .parquet file for all predictions, - for CSV to stdout."),
    ] = None,
    top: Annotated[int, typer.Option(help="Rows to print.")] = 10,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or reference.")] = "auto",
    separator: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    header: Header = None,
    comment: Comment = None,
    missing: Missing = None,
) -> None:
    """Predict with the best network of a sweep, in the units and classes of its target."""
    check_output(output)
    top = check_int("top", top, 1)
    winner = Model.load(model)
    text = TextOptions(
        separator=separator,
        decimal=decimal,
        encoding=encoding,
        header=header,
        comment=comment,
        missing=marks(missing),
    )
    frame = tabulate(winner, read_new_rows(source, winner, text), device)
    if output is not None:
        write_predictions(frame, output)
    if output != sources.STDIO:
        print_predictions(stdout_console(), frame, top, output)

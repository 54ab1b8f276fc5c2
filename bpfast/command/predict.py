"""``bpfast predict``: predictions of a sweep's best network, or its ensemble, for new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..checks import check_int
from ..tables.loading import load
from ..tables.new_rows import read_new_rows
from ..tables.predictions import (
    check_output,
    check_quantiles,
    print_predictions,
    tabulate,
    write_predictions,
)
from ..tables.reading import sources
from ..tables.reading.dialect import TextOptions
from .console import stdout_console
from .results import BEST
from .text_options import Comment, Decimal, Encoding, Header, Missing, Separator, marks


def predict(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help=f"The {BEST} of a sweep, or its ensemble.safetensors."
        ),
    ],
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
    quantiles: Annotated[
        str | None,
        typer.Option(
            metavar="LEVELS",
            help="Quantiles of an ensemble's members, such as 0.05,0.95: columns of their own.",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or reference.")] = "auto",
    separator: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    header: Header = None,
    comment: Comment = None,
    missing: Missing = None,
) -> None:
    """Predict with what a sweep found, in the units and classes of its target.

    An ensemble also tells how far its members are apart: their standard deviation.
    """
    check_output(output)
    top = check_int("top", top, 1)
    answer = load(model)
    levels = _levels(quantiles)
    check_quantiles(answer, levels)
    text = TextOptions(
        separator=separator,
        decimal=decimal,
        encoding=encoding,
        header=header,
        comment=comment,
        missing=marks(missing),
    )
    frame = tabulate(answer, read_new_rows(source, answer, text), device, levels)
    if output is not None:
        write_predictions(frame, output)
    if output != sources.STDIO:
        print_predictions(stdout_console(), frame, top, output, answer.classes)


def _levels(quantiles: str | None) -> list[float]:
    """What was typed for ``--quantiles``."""
    if quantiles is None:
        return []
    try:
        return [float(level) for level in quantiles.split(",")]
    except ValueError:
        raise ValueError(
            f"--quantiles {quantiles}: expected levels from 0 to 1 with commas, such as 0.05,0.95"
        ) from None

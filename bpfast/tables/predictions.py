"""Predictions as a table: in files, on standard output, and on a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..files import write_whole
from .model import Model
from .reading.sources import STDIO

if TYPE_CHECKING:
    import polars as pl

PROBABILITY = "probability_"


def check_output(output: str | None) -> None:
    """Refuse a file that predictions cannot be written to, before they are made.

    Raises
    ------
    ValueError
        Another ending than .csv and .parquet, a folder that is not there.
    """
    if output is None or output == STDIO:
        return
    path = Path(output)
    if path.suffix not in (".csv", ".parquet"):
        raise ValueError(
            f"--output {output}: expected a file that ends in .csv or .parquet, "
            f"or {STDIO} for CSV to stdout"
        )
    if not path.parent.is_dir():
        raise ValueError(f"--output {output}: there is no folder {path.parent}")


def tabulate(model: Model, X: np.ndarray, device: str) -> pl.DataFrame:
    """A prediction for each row of X, (samples, inputs), with the probabilities of all classes."""
    import polars as pl

    columns: dict[str, Any] = {"prediction": model.predict(X, device)}
    if model.classes:
        probabilities = model.predict_proba(X, device).T
        names = [PROBABILITY + name for name in model.classes]
        columns |= dict(zip(names, probabilities, strict=True))
    return pl.DataFrame(columns)


def write_predictions(frame: pl.DataFrame, output: str) -> None:
    """Write the table to a CSV or Parquet file, whole or not at all, or to stdout."""
    if output == STDIO:
        sys.stdout.write(frame.write_csv())
        sys.stdout.flush()  # a closed pipe raises here
    elif output.endswith(".csv"):
        write_whole(Path(output), frame.write_csv)
    else:
        write_whole(Path(output), frame.write_parquet)


def print_predictions(console: Console, frame: pl.DataFrame, top: int, output: str | None) -> None:
    """Print the first rows, each class with its probability, and how many rows there are."""
    first = frame.head(top)
    columns = {"row": [str(k + 1) for k in range(first.height)]}
    columns["prediction"] = [_cell(value) for value in first["prediction"]]
    if frame.width > 1:
        greatest = first.drop("prediction").max_horizontal()
        columns["probability"] = [f"{value:.4f}" for value in greatest]
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, justify="right", overflow="fold")
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    console.print(table)
    if output is not None:
        console.print(f"all {frame.height} rows: {output}", soft_wrap=True)
    elif first.height < frame.height:
        console.print(f"{first.height} of {frame.height} rows: --top and --output give more")


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"

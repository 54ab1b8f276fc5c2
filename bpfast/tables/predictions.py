"""Predictions as a table: in files, on standard output, and on a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import import_optional
from ..files import write_whole
from .model import Model
from .reading.sources import STDIO
from .target_info import TargetInfo

if TYPE_CHECKING:
    import polars as pl

PREDICTION, PROBABILITY = "prediction", "probability_"


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


def tabulate(model: Model, X: Any, device: str = "auto") -> pl.DataFrame:
    """A prediction for each row of a table or array, with the probabilities of all classes.

    Several outputs have a column each, such as ``prediction_price``; labels are followed by the
    probabilities of their second names, such as ``probability_large``.
    """
    return tabulate_outputs(model.target_info, model.outputs(X, device))


def tabulate_outputs(target: TargetInfo, outputs: np.ndarray) -> pl.DataFrame:
    """The same of a network's outputs, (rows, outputs)."""
    pl = import_optional("polars", "cli")
    predictions = target.predictions(outputs)
    if predictions.ndim == 1:
        columns = {PREDICTION: predictions}
        columns |= _prefixed(PROBABILITY, target.classes, outputs)
    else:
        names = target.output_names(predictions.shape[1])
        columns = _prefixed(f"{PREDICTION}_", names, predictions)
        columns |= _prefixed(PROBABILITY, [*target.labels], outputs)
    return pl.DataFrame(columns)


def _prefixed(prefix: str, names: list[str], values: np.ndarray) -> dict[str, np.ndarray]:
    """A column for each name, none where there are no names."""
    return {prefix + name: values[:, k] for k, name in enumerate(names)}


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
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("row", *(columns := _shown(first))):
        table.add_column(name, justify="right", overflow="fold")
    for k, row in enumerate(zip(*columns.values(), strict=True)):
        table.add_row(str(k + 1), *map(Text, row))
    console.print(table)
    if output is not None:
        console.print(f"all {frame.height} rows: {output}", soft_wrap=True)
    elif first.height < frame.height:
        console.print(f"{first.height} of {frame.height} rows: --top and --output give more")


def _shown(frame: pl.DataFrame) -> dict[str, list[str]]:
    """Columns of text: all predictions, and of a class's probabilities the greatest."""
    columns = {
        name: [_cell(value) for value in frame[name]]
        for name in frame.columns
        if name.startswith(PREDICTION)
    }
    probabilities = frame.drop(columns)
    if probabilities.width and [*columns] == [PREDICTION]:
        probabilities = probabilities.max_horizontal().alias("probability").to_frame()
    for series in probabilities:
        columns[series.name] = [f"{value:.4f}" for value in series]
    return columns


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"

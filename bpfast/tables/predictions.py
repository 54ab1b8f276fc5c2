"""Predictions as a table: in files, on standard output, and on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..checks import check_number
from ..errors import import_optional
from ..files import write_whole
from .ensemble import Ensemble
from .model import Model
from .reading.sources import STDIO
from .target_info import TargetInfo

if TYPE_CHECKING:
    import polars as pl

PREDICTION, PROBABILITY = "prediction", "probability_"
STD, QUANTILE = "_std", "_quantile_"  # behind the name of what they are of


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


def check_quantiles(model: Model | Ensemble, quantiles: Sequence[float]) -> None:
    """Refuse quantiles of a single network, before predictions are made.

    Raises
    ------
    ValueError
        Quantiles of a model; levels that are not from 0 to 1.
    """
    if quantiles and not isinstance(model, Ensemble):
        raise ValueError(
            "--quantiles are of an ensemble's members, and this model is a single network: give "
            "the ensemble.safetensors of a sweep"
        )
    for level in quantiles:
        check_number("--quantiles", level, 0.0, 1.0)


def tabulate(
    model: Model | Ensemble, X: Any, device: str = "auto", quantiles: Sequence[float] = ()
) -> pl.DataFrame:
    """A prediction for each row of a table or array, with the probabilities of all classes.

    Several outputs have a column each, such as ``prediction_price``; labels are followed by the
    probabilities of their second names, such as ``probability_large``. An ensemble's members'
    standard deviations follow, such as ``prediction_std``, and their quantiles, such as
    ``prediction_quantile_0.05``; of classes, those of the probability of the class that is
    predicted: ``probability_std``.
    """
    if isinstance(model, Model):
        return tabulate_outputs(model.target_info, model.outputs(X, device))
    polars = import_optional("polars", "cli")
    spread = model.spread(X, quantiles, device)
    frame = tabulate_outputs(model.target_info, spread.outputs)
    names, told = frame.columns[-spread.std.shape[1] :], np.stack([spread.std, *spread.quantiles])
    if model.classes:
        names = [PROBABILITY.removesuffix("_")]
        told = np.take_along_axis(told, spread.outputs.argmax(axis=1)[None, :, None], 2)
    endings = [STD, *(f"{QUANTILE}{level:g}" for level in quantiles)]
    for k, name in enumerate(names):
        for ending, values in zip(endings, told[..., k], strict=True):
            new = name + ending
            while new in frame.columns:  # a class may be called "std"
                new += "_"
            frame = frame.with_columns(polars.Series(new, values))
    return frame


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


def print_predictions(
    console: Console,
    frame: pl.DataFrame,
    top: int,
    output: str | None,
    classes: Sequence[str] = (),
) -> None:
    """Print the first rows, each class with its probability, and how many rows there are."""
    first = frame.head(top)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("row", *(columns := _shown(first, classes))):
        table.add_column(name, justify="right", overflow="fold")
    for k, row in enumerate(zip(*columns.values(), strict=True)):
        table.add_row(str(k + 1), *map(Text, row))
    console.print(table)
    if output is not None:
        console.print(f"all {frame.height} rows: {output}", soft_wrap=True)
    elif first.height < frame.height:
        console.print(f"{first.height} of {frame.height} rows: --top and --output give more")


def _shown(frame: pl.DataFrame, classes: Sequence[str]) -> dict[str, list[str]]:
    """Columns of text; of the classes' probabilities the greatest alone."""
    columns = {name: frame[name] for name in frame.columns}
    if classes:
        own = [PROBABILITY + name for name in classes]
        others = {name: columns[name] for name in frame.columns[1:] if name not in own}
        greatest = frame.select(own).max_horizontal()
        columns = {PREDICTION: columns[PREDICTION], "probability": greatest} | others
    return {
        name: [_cell(value, ".6g" if name.startswith(PREDICTION) else ".4f") for value in series]
        for name, series in columns.items()
    }


def _cell(value: Any, form: str) -> str:
    return value if isinstance(value, str) else format(value, form)

"""The files of results that ``bpfast sweep`` leaves in its folder."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..files import write_whole
from ..sweeps.result import SweepResult
from ..sweeps.run_folder import describe
from ..tables.dataset import Dataset
from ..tables.model import Model
from ..tables.predictions import tabulate
from ..tables.target import Target
from ..version import __version__
from .data import input_names
from .request import Request

if TYPE_CHECKING:
    import polars as pl

BEST = "best.safetensors"
PREDICTIONS = "predictions.parquet"
TRUTH = "truth"


def write_result(
    folder: Path,
    result: SweepResult,
    dataset: Dataset,
    test_data: Dataset | None,
    request: Request,
) -> None:
    """Write the best network, its predictions, the tables, and the rest of the manifest.

    No file is ever seen half written. If no network has a score, an older best network is removed.
    """
    import polars as pl

    if result.best is None:
        (folder / BEST).unlink(missing_ok=True)
        (folder / PREDICTIONS).unlink(missing_ok=True)
    else:
        model = _named(result.model, input_names(request))
        model.save(folder / BEST)
        predicted = _predictions(model, result, dataset, test_data, request.device)
        if predicted:
            write_whole(folder / PREDICTIONS, pl.concat(predicted).write_parquet)
    write_whole(folder / "networks.csv", pl.DataFrame(result.table).write_csv)
    losses = {"network": result.table["network"], "loss": result.losses.tolist()}
    write_whole(folder / "losses.parquet", pl.DataFrame(losses).write_parquet)
    target = dataset.target
    described = {
        "bpfast": __version__,
        "data": dataset.name,
        "rows": len(target.values),
        "rows_without_target": dataset.without_target,
        "inputs": None if result.encoding is None else len(result.encoding.features),
        "columns": result.columns,
        "classes": result.classes,
        "labels": target.labels,
        "target_names": list(target.names),
        "metric": result.metric,
        "interrupted": result.interrupted,
        "seconds": result.seconds,
        "sample_updates": result.sample_updates,
    }
    describe(folder, asdict(request) | described)


def _named(model: Model, names: list[str]) -> Model:
    """A model of an array whose columns have names after all."""
    if not names:
        return model
    columns = zip(model.encoding.columns, names, strict=True)
    return replace(model, columns=[replace(column, name=name) for column, name in columns])


def _predictions(
    model: Model, result: SweepResult, dataset: Dataset, test_data: Dataset | None, device: str
) -> list[pl.DataFrame]:
    """What the best network predicts for parts that it was not trained on, beside the truth."""
    frames = []
    for part in ("validation", "test"):
        source = test_data if part == "test" and test_data is not None else dataset
        rows = result.rows.get(part, np.empty(0, np.int64))
        if not len(rows):  # in a cross-validation each fold has its own validation part
            continue
        where = np.searchsorted(source.row_numbers, rows)
        predicted = tabulate(model, source.inputs[where], device)
        frames.append(_beside_truth(part, rows, source.target, where, predicted))
    return frames


def _beside_truth(
    part: str, rows: np.ndarray, target: Target, where: np.ndarray, predicted: pl.DataFrame
) -> pl.DataFrame:
    import polars as pl

    head = pl.DataFrame({"row": rows + 1, "part": [part] * len(rows)})
    truth = pl.DataFrame(_true_columns(target, where))
    return pl.concat([head, truth, predicted], how="horizontal")


def _true_columns(target: Target, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The target of some rows in its own terms, in a column or one for each output."""
    values = target.values[rows]
    if target.classes:
        return {TRUTH: np.array(target.classes)[values]}
    if target.labels:
        columns = zip(target.labels.items(), values.T, strict=True)
        return {
            f"{TRUTH}_{name}": np.array(words)[own.astype(int)] for (name, words), own in columns
        }
    if values.ndim == 1:
        return {TRUTH: values}
    return {f"{TRUTH}_{name}": own for name, own in zip(target.names, values.T, strict=True)}

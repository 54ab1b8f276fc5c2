"""The files of results that ``bpfast sweep`` leaves in its folder."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from ..files import write_whole
from ..reporting.predictions import PREDICTIONS
from ..sweeps.parts import SweepData
from ..sweeps.result import SweepResult
from ..sweeps.run_folder import describe
from ..tables.dataset import Dataset
from ..tables.model import Model
from ..version import __version__
from .held_out import predict_held_out
from .request import Request

BEST, ENSEMBLE = "best.safetensors", "ensemble.safetensors"


def write_result(
    folder: Path,
    result: SweepResult,
    data: SweepData,
    dataset: Dataset,
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
        model = _named(result.model, dataset.input_names)
        model.save(folder / BEST)
        predicted = predict_held_out(model, data, request.device)
        if predicted is not None:
            write_whole(folder / PREDICTIONS, predicted.write_parquet)
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


def _named(model: Model, names: tuple[str, ...]) -> Model:
    """A model of an array whose columns have names after all."""
    if not names:
        return model
    columns = zip(model.encoding.columns, names, strict=True)
    return replace(model, columns=[replace(column, name=name) for column, name in columns])

"""The files of results that ``bpfast sweep`` leaves in its folder."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write_whole
from ..reporting.predictions import PREDICTIONS
from ..sweeps.parts import SweepData
from ..sweeps.result import SweepResult
from ..sweeps.run_folder import describe
from ..tables.dataset import Dataset
from ..tables.encoding import Encoding
from ..tables.ensemble import Ensemble
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
        (folder / ENSEMBLE).unlink(missing_ok=True)
        (folder / PREDICTIONS).unlink(missing_ok=True)
    else:
        model = _named(result.model, dataset.input_names)
        model.save(folder / BEST)
        assert result.ensemble is not None
        _named_ensemble(result.ensemble, dataset.input_names).save(folder / ENSEMBLE)
        predicted = predict_held_out(model, data, request.device)
        if predicted is not None:
            write_whole(folder / PREDICTIONS, predicted.write_parquet)
    write_whole(folder / "networks.csv", pl.DataFrame(result.table).write_csv)
    losses = {"network": result.table["network"], "loss": result.losses.tolist()}
    write_whole(folder / "losses.parquet", pl.DataFrame(losses).write_parquet)
    target = dataset.target
    networks = request.networks if request.time is None else len(result.table["network"])
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
        "ended_by_time": result.ended_by_time,
        "networks": networks,
        "seconds": result.seconds,
        "sample_updates": result.sample_updates,
        "ensemble": describe_ensemble(result),
    }
    describe(folder, asdict(request) | described)


def _named(model: Model, names: tuple[str, ...]) -> Model:
    """A model of an array whose columns have names after all."""
    if not names:
        return model
    return replace(model, columns=_renamed(model.encoding, names))


def _named_ensemble(ensemble: Ensemble, names: tuple[str, ...]) -> Ensemble:
    """The same for an ensemble, whose members go on sharing what they share."""
    if not names:
        return ensemble
    encodings = {id(own.encoding): own.encoding for own in ensemble.inputs}
    renamed = {key: _renamed(own, names) for key, own in encodings.items()}
    known = {id(own): replace(own, encoding=renamed[id(own.encoding)]) for own in ensemble.inputs}
    members = tuple(own._replace(inputs=known[id(own.inputs)]) for own in ensemble.members)
    return replace(ensemble, members=members)


def _renamed(encoding: Encoding, names: tuple[str, ...]) -> Encoding:
    columns = zip(encoding.columns, names, strict=True)
    return Encoding(tuple(replace(column, name=name) for column, name in columns))


def describe_ensemble(result: SweepResult) -> dict[str, Any] | None:
    """What the manifest says of the ensemble."""
    ensemble, tested = result.ensemble, result.ensemble_test_score
    if ensemble is None:
        return None
    return {
        "score": ensemble.score,
        "test_score": tested if np.isfinite(tested) else None,
        "temperature": ensemble.temperature,
        "members": [
            {"network": own.network, "fold": own.fold, "weight": own.weight}
            for own in ensemble.members
        ],
    }

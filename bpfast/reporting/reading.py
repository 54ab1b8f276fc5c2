"""Reading the folder that ``bpfast sweep`` left."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import import_optional
from ..sweeps.run_folder import with_time_column
from .inspection import Inspection
from .predictions import read_predictions
from .run import Run
from .study import importance_of, load_study, times

_polars = partial(import_optional, "polars", "cli")
FILES = ("manifest.json", "networks.csv", "losses.parquet")
KEYS = (
    *("bpfast", "data", "rows", "inputs", "classes", "metric", "networks", "epochs", "seed"),
    *("sampler", "device", "space", "started", "seconds", "sample_updates", "interrupted"),
    *("study_name", "storage"),
)
COLUMNS = ("network", "validation_score", "epochs", "diverged")


def read_run(folder: Path) -> Run:
    """Read a sweep's folder, and its study from wherever it lies.

    Raises
    ------
    ValueError, OSError
        Not a folder that ``bpfast sweep`` wrote; a file or a study that cannot be read.
    ImportError
        Optuna or polars is not installed.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder: give one that bpfast sweep wrote")
    lacking = [name for name in FILES if not (folder / name).is_file()]
    if lacking:
        raise ValueError(
            f"{folder} lacks {', '.join(lacking)}: expected a folder that bpfast sweep wrote"
        )
    manifest = _manifest(folder / "manifest.json")
    table = _table(folder / "networks.csv")
    losses = _losses(folder / "losses.parquet", table["network"])
    study = load_study(folder, manifest)
    started, ended = times(study, table["network"])
    predictions = read_predictions(folder, manifest)
    inspection = Inspection.load(folder)
    run = Run(manifest, table, losses, started, ended, {}, "", predictions, inspection)
    importance, no_importance = importance_of(study, run)
    return replace(run, importance=importance, no_importance=no_importance)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = with_time_column(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    lacking = [key for key in KEYS if key not in manifest]
    if lacking:
        raise ValueError(f"{path} lacks {', '.join(lacking)}: this bpfast's sweep writes them")
    return manifest


def _table(path: Path) -> dict[str, np.ndarray]:
    """The columns as arrays; those of ``hidden`` stay text, even if all of them are numbers."""
    pl = _polars()
    try:
        frame = pl.read_csv(path, infer_schema_length=None)
        if "hidden" in frame.columns:
            frame = pl.read_csv(
                path, infer_schema_length=None, schema_overrides={"hidden": pl.String}
            )
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    lacking = [name for name in COLUMNS if name not in frame.columns]
    if lacking or not frame.height:
        raise ValueError(f"{path} lacks {', '.join(lacking) or 'networks'}: nothing to report")
    return {column.name: _array(column) for column in frame}


def _array(column: Any) -> np.ndarray:
    if column.dtype == _polars().String:
        return np.array(column.fill_null("").to_list())
    return column.to_numpy()


def _losses(path: Path, networks: np.ndarray) -> np.ndarray:
    """The losses as (networks, recorded), NaN where there is none."""
    pl = _polars()
    try:
        frame = pl.read_parquet(path, columns=["network", "loss"])
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    curves = dict(zip(frame["network"].to_list(), frame["loss"].to_list(), strict=True))
    losses = np.full((len(networks), max(map(len, curves.values()), default=0)), np.nan)
    for k, network in enumerate(networks.tolist()):
        curve = curves.get(network, [])
        losses[k, : len(curve)] = np.array(curve, np.float64)
    losses[~np.isfinite(losses)] = np.nan
    return losses

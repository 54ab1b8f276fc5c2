"""The files of results that ``bpfast sweep`` leaves in its folder."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from ..files import write_whole
from ..sweeps.result import SweepResult
from ..sweeps.run_folder import describe
from ..tables.files import Dataset
from ..version import __version__
from .request import Request

BEST = "best.safetensors"


def write_result(folder: Path, result: SweepResult, dataset: Dataset, request: Request) -> None:
    """Write the best network, the tables of networks and losses, and the rest of the manifest.

    No file is ever seen half written. If no network has a score, an older best network is removed.
    """
    import polars as pl

    if result.best is None:
        (folder / BEST).unlink(missing_ok=True)
    else:
        replace(result.model, columns=dataset.columns).save(folder / BEST)
    write_whole(folder / "networks.csv", pl.DataFrame(result.table).write_csv)
    losses = {"network": result.table["network"], "loss": result.losses.tolist()}
    write_whole(folder / "losses.parquet", pl.DataFrame(losses).write_parquet)
    described = {
        "bpfast": __version__,
        "data": dataset.name,
        "rows": len(dataset.X),
        "inputs": dataset.X.shape[1],
        "classes": result.classes,
        "metric": result.metric,
        "interrupted": result.interrupted,
        "seconds": result.seconds,
        "sample_updates": result.sample_updates,
    }
    describe(folder, asdict(request) | described)

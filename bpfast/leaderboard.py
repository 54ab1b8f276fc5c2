"""What a sweep found: printed as a ranked table, written to a folder, set beside scikit-learn."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from . import __version__
from .data import Dataset
from .errors import missing_extra
from .files import write_whole
from .network import MLP
from .run import describe
from .sweep import SweepResult, no_score

BEST = "best.safetensors"
HIDDEN_COLUMNS = ("network", "epochs", "diverged")  # in the file, but not on the terminal


def print_result(console: Console, result: SweepResult, top: int) -> None:
    """The best networks, and how long all took."""
    table = Table(
        title=f"best by validation {result.metric}",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    shown = [name for name in result.table if name not in HIDDEN_COLUMNS and name[:5] != "split"]
    shown = [name for name in shown if len(np.unique(result.table[name])) > 1 or "score" in name]
    table.add_column("", justify="right")
    for name in shown:
        table.add_column(
            name.removesuffix("_score").replace("_", " "), justify="right", overflow="fold"
        )
    for k in range(min(top, len(result.table["network"]))):
        table.add_row(str(k + 1), *(_cell(name, result.table[name][k]) for name in shown))
    console.print(table)
    count, diverged = len(result.table["network"]), int(result.table["diverged"].sum())
    console.print(
        f"{count} networks in {result.seconds:.1f} s: {count / result.seconds:.0f} networks/s, "
        f"{result.sample_updates / result.seconds / 1e6:.2f} M sample-updates/s; "
        f"{diverged} diverged{_tested(result)}",
        highlight=False,
    )


def _tested(result: SweepResult) -> str:
    """What the test part says: of all networks, or of a cross-validation's winner."""
    if "test_score" not in result.table or result.best is None:
        return ""
    scores = result.table["test_score"]
    if "validation_std" in result.table:
        return f"; test {result.metric} of the first, trained on all other rows: {scores[0]:.4f}"
    return f"; highest test {result.metric} of any: {scores.max():.4f}"


def _cell(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if np.isnan(value):  # a setting that others have; a cross-validation tests the first alone
        return ""
    return f"{value:.4f}" if name.endswith("score") else f"{value:.3g}"


def print_where(console: Console, folder: Path, result: SweepResult) -> None:
    """Where the results are, and what to do with them, or in place of that."""
    console.print(f"results: {folder}", soft_wrap=True)
    if result.best is None:
        console.print(f"[yellow]{no_score(result.table)}[/]", soft_wrap=True, highlight=False)
    else:
        console.print(f"use it:  bpfast predict {folder / BEST} DATA", soft_wrap=True)


def write_result(
    folder: Path, result: SweepResult, dataset: Dataset, request: Mapping[str, Any]
) -> None:
    """Write the best network, the tables of networks and losses, and what the manifest lacks.

    Each file is there whole or as it was; but a best network is there only if there is one now.
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
    }
    describe(folder, {**request, **described})


def print_baseline(
    console: Console,
    result: SweepResult,
    dataset: Dataset,
    networks: int,
    epochs: int,
) -> None:
    """How long scikit-learn takes for the best network, measured now, and for as many as these."""
    if result.best is None:
        console.print("scikit-learn's MLP is not measured: there is no best network to compare")
        return
    seconds = _time_one(result, result.best.mlp, dataset, epochs)
    networks *= result.folds
    whole = seconds * networks
    console.print(
        f"scikit-learn's MLP, measured now: {seconds:.2f} s for the first of these networks; "
        f"{networks} one after the other would take {_duration(whole)}: "
        f"{whole / result.seconds:.3g} times as long",
        highlight=False,
    )


def _time_one(result: SweepResult, mlp: MLP, dataset: Dataset, epochs: int) -> float:
    """Seconds of one fit on as many rows as were trained on, after one to warm up."""
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier, MLPRegressor
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn") from None
    rows = result.sample_updates // max(int(result.table["epochs"].sum()) * result.folds, 1)
    X, y = result.scaler.apply(dataset.X)[:rows], dataset.y[:rows]
    if result.target_scaler is not None:
        y = result.target_scaler.apply(y)
    rates = result.table.get("learning_rate", [0.001])  # what scikit-learn takes, if none was asked
    estimator = (MLPClassifier if result.classes else MLPRegressor)(
        hidden_layer_sizes=mlp.layers[1:-1],
        learning_rate_init=float(rates[0]),
        batch_size=min(int(result.table["batch_size"][0]), rows),
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=epochs + 1,
        random_state=0,
    )
    for _ in range(2):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(X, y)
        seconds = time.perf_counter() - start
    return seconds


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"

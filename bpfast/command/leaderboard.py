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
from rich.markup import escape
from rich.table import Table

from ..errors import missing_extra
from ..files import write_whole
from ..sweeps.result import SweepResult
from ..sweeps.run_folder import describe
from ..sweeps.words import by_epoch, duration, ended_early, many, no_score, ranked_by
from ..tables.dataset import Dataset
from ..training.network import MLP
from ..version import __version__

BEST = "best.safetensors"
HIDDEN_COLUMNS = ("network", "diverged")  # in the file, but not on the terminal


def print_request(console: Console, dataset: Dataset, request: Mapping[str, Any]) -> None:
    """What will be swept, before it begins."""
    kind = f"{len(dataset.classes)} classes" if dataset.classes else "a number to predict"
    folds = f" on each of {request['cv']} folds" if request["cv"] else ""
    most = "" if request["halving"] is None else "up to "
    console.print(
        f"[bold]{escape(dataset.name)}[/]: {many(len(dataset.X), 'row')}, "
        f"{many(dataset.X.shape[1], 'input')}, {kind}; {many(request['networks'], 'network')}"
        f"{folds}, {most}{many(request['epochs'], 'epoch')}"
    )


def print_result(console: Console, result: SweepResult, top: int) -> None:
    """The best networks, and how long all took."""
    scored = np.isfinite(result.table["validation_score"]).any()
    ranked = ranked_by(result.metric, _folds(result))
    title = f"best by {ranked}" if scored else f"no network has a {ranked}"
    console.print(title, style="italic", highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    shown = [name for name in result.table if name not in HIDDEN_COLUMNS and name[:5] != "split"]
    shown = [
        name
        for name in shown
        if len(np.unique(result.table[name])) > 1 or name.startswith(("validation", "test"))
    ]
    table.add_column("", justify="right")
    for name in shown:
        table.add_column(
            name.removesuffix("_score").replace("_", " "), justify="right", overflow="fold"
        )
    for k in range(min(top, len(result.table["network"]))):
        table.add_row(str(k + 1), *(_cell(result, name, k) for name in shown))
    console.print(table)
    diverged = int(result.table["diverged"].sum())
    console.print(
        f"{_speed(result)}; {diverged:,} diverged{_early(result)}{_tested(result)}",
        highlight=False,
    )


def _folds(result: SweepResult) -> int:
    """How many folds a cross-validation has; 0 where there is none."""
    return result.folds if "validation_std" in result.table else 0


def _speed(result: SweepResult) -> str:
    """How long it took, and how fast that was; what was interrupted counts for no network."""
    count, seconds, folds = len(result.table["network"]), result.seconds, _folds(result)
    each = f" on each of {folds} folds" if folds else ""
    whole = "" if result.interrupted else f"{count * result.folds / seconds:,.0f} networks/s, "
    updates = f"{result.sample_updates / seconds / 1e6:.2f} M sample-updates/s"
    return f"{many(count, 'network')}{each} in {duration(seconds)}: {whole}{updates}"


def _early(result: SweepResult) -> str:
    """How many networks had fewer epochs than others, and how many they had."""
    early = ended_early(result.table, result.losses.shape[1])
    if not early.any():
        return ""
    how = "stopped or let go" if result.interrupted else "let go"
    return f"; {early.sum():,} {how}: {by_epoch(result.table['epochs'][early])}"


def _tested(result: SweepResult) -> str:
    """What the test part says: of all networks, or of a cross-validation's winner."""
    if "test_score" not in result.table:
        return ""
    scores, metric = result.table["test_score"], result.metric
    if not _folds(result):
        there = scores[np.isfinite(scores)]
        return f"; highest test {metric} of any: {there.max():.4f}" if len(there) else ""
    tested = f"{scores[0]:.4f}" if np.isfinite(scores[0]) else "none"
    return f"; test {metric} of the first, trained on all other rows: {tested}"


def _cell(result: SweepResult, name: str, place: int) -> str:
    """A network's value in a column of the table; nothing where it has none."""
    value = result.table[name][place]
    if isinstance(value, str):
        return value
    if name.endswith("score") and result.table["diverged"][place]:
        return "diverged"
    if np.isnan(value):
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
        "seconds": result.seconds,
        "sample_updates": result.sample_updates,
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
        f"scikit-learn's MLP, measured now: {seconds:.2f} s for {many(epochs, 'epoch')} of Adam on "
        f"the first network's layers; {networks} one after the other would take "
        f"{duration(whole)}: {whole / result.seconds:.3g} times as long",
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

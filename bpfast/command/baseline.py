"""How long scikit-learn takes beside a sweep."""

from __future__ import annotations

import time
import warnings

import numpy as np
from rich.console import Console

from ..errors import missing_extra
from ..plurals import many
from ..sweeps.parts import SweepData
from ..sweeps.result import SweepResult
from ..sweeps.words import duration
from ..training.network import MLP


def print_baseline(console: Console, result: SweepResult, data: SweepData) -> None:
    """Time scikit-learn on the best network's layers, and tell what a whole sweep would take."""
    if result.best is None:
        console.print("scikit-learn's MLP is not measured: there is no best network to compare")
        return
    networks, epochs = result.losses.shape
    seconds = _time_one(result, result.best.mlp, data, epochs)
    fits = networks * result.folds
    total = seconds * fits
    console.print(
        f"scikit-learn's MLP, measured now: {seconds:.2f} s for {many(epochs, 'epoch')} of "
        f"Adam on the first network's layers; {fits} one after the other would take "
        f"{duration(total)}: {total / result.seconds:.3g} times as long",
        highlight=False,
    )


def _time_one(result: SweepResult, mlp: MLP, data: SweepData, epochs: int) -> float:
    """Seconds of one fit on as many rows as a network was trained on, after one to warm up."""
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier, MLPRegressor
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn") from None
    count = result.sample_updates // max(int(result.table["epochs"].sum()) * result.folds, 1)
    rows = np.resize(np.arange(len(data.winner.X)), count)
    X, y = data.winner.X[rows], data.winner.y[rows]
    # 0.001 is scikit-learn's own default, for a sweep that had no learning rate
    rates = result.table.get("learning_rate", [0.001])
    estimator = (MLPRegressor if data.target.kind == "numbers" else MLPClassifier)(
        hidden_layer_sizes=mlp.layers[1:-1],
        learning_rate_init=float(rates[0]),
        batch_size=min(int(result.table["batch_size"][0]), count),
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

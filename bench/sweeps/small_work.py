"""What takes as long in Python as in kernels: small fits, single rows, and initial weights."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ...training.loop import fit
from ...training.network import MLP
from ...training.optimizers import SGD
from ...training.population import Population
from ..estimators import OURS, THEIRS
from ..workloads import W3
from .found import Found, seconds_of

MANY = 20_000
HOW: dict[str, Any] = {"optimizer": SGD(learning_rate=1e-4), "device": "cpu", "progress": False}


def small_samples() -> tuple[np.ndarray, np.ndarray]:
    """200 x 8, and which of two classes."""
    X = np.random.default_rng(0).normal(size=(200, 8))
    return X, (X[:, 0] + X[:, 1] > 0).astype(np.int64)


def small_estimators() -> Iterator[Found]:
    """A small classifier's fit, and its prediction of one row, beside scikit-learn's."""
    X, y = small_samples()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # epochs are few on purpose
        mlps = [
            side.MLPClassifier((8,), max_iter=20, random_state=0).fit(X, y)
            for side in (OURS, THEIRS)
        ]
        ours, theirs = seconds_of(*(lambda mlp=mlp: mlp.fit(X, y) for mlp in mlps))
    yield Found(
        "MLPClassifier((8,), max_iter=20) on 200 x 8",
        theirs / ours,
        "x as fast as scikit-learn",
        3,
        more_is_better=True,
        words=f"{ours * 1e3:.2f} ms and {theirs * 1e3:.2f} ms",
    )
    ours, theirs = seconds_of(*(lambda mlp=mlp: mlp.predict(X[:1]) for mlp in mlps))
    yield Found(
        "its predict of one row",
        ours * 1e6,
        "µs",
        100,
        more_is_better=False,
        words=f"scikit-learn {theirs * 1e6:.0f} µs",
    )


def fit_few(X: np.ndarray, y: np.ndarray) -> Population:
    """Four networks, trained for two epochs."""
    population = Population(MLP((8, 8, 2), loss="cross_entropy"), 4)
    fit(population, X, y, epochs=2, **HOW)
    return population


def small_populations() -> Iterator[Found]:
    """A fit of a few networks, and their prediction of one row."""
    X, y = small_samples()
    (seconds,) = seconds_of(lambda: fit_few(X, y))
    yield Found(
        "Population and fit of 4 networks, 2 epochs", seconds * 1e3, "ms", 0.4, more_is_better=False
    )
    population = fit_few(X, y)
    (seconds,) = seconds_of(lambda: population.predict(X[:1]))
    yield Found("Population.predict of one row", seconds * 1e6, "µs", 25, more_is_better=False)


def initial_weights(networks: int = MANY) -> Iterator[Found]:
    """Drawing many networks' weights, beside an epoch of them."""
    mlp, (X, y) = W3.mlp, W3.data()
    population = Population(mlp, networks)
    drawing, epoch = seconds_of(
        lambda: Population(mlp, networks).parameters, lambda: fit(population, X, y, epochs=1, **HOW)
    )
    yield Found(
        f"drawing weights of {networks:,} x {W3.widths}",
        drawing / epoch,
        "of an epoch",
        0.1,
        more_is_better=False,
        words=f"{drawing:.2f} s and {epoch:.2f} s, "
        f"{networks * mlp.n_parameters / drawing / 1e6:.0f} million a second",
    )

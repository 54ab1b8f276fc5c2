"""Sweeps of small tables, how tests interrupt them, and how they compare them."""

import os
import signal
import threading
import time
from dataclasses import fields

import numpy as np
import pytest

import bpfast as bp
from bpfast.sweeps.trainer import Trainer
from bpfast.training.loop import Training
from bpfast.training.optimizers import OPTIMIZERS

SPACE = {
    "learning_rate": "1e-3:1e-1:log",
    "hidden": [3, (2, 2), "none"],
    "l2": "1e-6:1e-2:log",
    "batch_size": 16,
}
KEPT_SPACE = {"learning_rate": "1e-3:1e-1:log", "hidden": [2, 3], "batch_size": [8, 16]}
STUDY_SPACE = {
    "learning_rate": "1e-3:1e-1:log",
    "hidden": [2, "3x2"],
    "optimizer": ["sgd", "adam"],
    "momentum": "0:0.9",
    "batch_size": [8, 16],
}
HALVED_SPACE = {
    "learning_rate": "1e-3:1:log",
    "hidden": [2, 3],
    "batch_size": [8, 16],
    "schedule": ["constant", "cosine"],
    "optimizer": ["sgd", "adam"],
    "momentum": "0:0.9",
}
X = np.random.default_rng(0).normal(2.0, 5.0, (90, 3))
WORDS = np.where(X[:, 0] > X[:, 1], "more", "less")
NUMBERS = 100.0 + 7.0 * X[:, 0] - X[:, 2]
rng = np.random.default_rng(0)
FEATURES = rng.normal(size=(60, 3))
CLASSES = np.where(FEATURES[:, 0] > FEATURES[:, 1], "more", "less")
EXACT = FEATURES @ (1.0, -2.0, 0.5)
TARGET = EXACT + 0.1 * rng.normal(size=60)


def sweep(y, X=X, **options):
    settings = {"space": SPACE, "networks": 8, "epochs": 3}
    return bp.sweep(X, y, **settings | {"device": "reference"} | options)


def kept_sweep(folder, **options):
    settings = {"space": KEPT_SPACE, "networks": 20, "epochs": 3, "device": "reference"}
    return bp.sweep(FEATURES, CLASSES, run=folder, **settings | options)


def study_sweep(**options):
    settings = {"space": STUDY_SPACE, "networks": 20, "epochs": 2, "device": "reference"}
    return bp.sweep(FEATURES, EXACT, **settings | options)


def halved_sweep(**options):
    settings = {"space": HALVED_SPACE, "networks": 40, "epochs": 9, "device": "reference"}
    return bp.sweep(FEATURES, TARGET, **settings | options)


def by_network(result, name):
    """A column of a table, by network."""
    return dict(zip(result.table["network"].tolist(), result.table[name].tolist(), strict=True))


def stop_sweep(folder, fits, **options):
    """A sweep that is kept, and breaks after so many fits."""
    done = []

    def advance(self, *arguments, advance=Trainer.advance):
        if len(done) == fits:
            raise InterruptedError("stopped")
        done.append(arguments)
        return advance(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "advance", advance)
        with pytest.raises(InterruptedError):
            kept_sweep(folder, **options)


signal.signal(signal.SIGUSR1, lambda *_: None)


def press():
    """Ctrl-C, from any thread: it has come when the sweep's flag is full."""
    os.kill(os.getpid(), signal.SIGINT)
    while not signal.getsignal(signal.SIGINT):  # the main thread has not seen it yet
        time.sleep(0.001)
        # it came just before the main thread began to wait for a job: this one ends the waiting
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)


def same(result, expected):
    """All numbers are the same, to the last bit."""
    assert result.table.keys() == expected.table.keys()
    for name, column in expected.table.items():
        np.testing.assert_array_equal(result.table[name], column, name)
    np.testing.assert_array_equal(result.losses, expected.losses)
    if expected.best is None:
        assert result.best is None
    else:
        np.testing.assert_array_equal(result.best.parameters, expected.best.parameters)
        same_ensembles(result.ensemble, expected.ensemble)
        np.testing.assert_array_equal(result.ensemble_test_score, expected.ensemble_test_score)


def same_ensembles(ensemble, expected):
    """The same members, to the last bit."""
    assert (ensemble.temperature, ensemble.score) == (expected.temperature, expected.score)
    for own, other in zip(ensemble.members, expected.members, strict=True):
        assert (own.network, own.fold, own.weight) == (other.network, other.fold, other.weight)
        np.testing.assert_array_equal(own.population.parameters, other.population.parameters)
        assert own.inputs.expansion == other.inputs.expansion


def winner_trained_by_hand(result, X, y, epochs, seed=0, device="reference"):
    """The first of a cross-validation's table, for the epochs that it was ranked at.

    Parameters
    ----------
    X, y : what it is trained on, as given, but for numbers of classes in place of names
    epochs : of the whole sweep, which its schedule is of
    """
    row = {name: column[0].item() for name, column in result.table.items()}
    kind = OPTIMIZERS[row["optimizer"]]
    known = {field.name for field in fields(kind)} & row.keys()
    settings = {name: row[name] for name in known if row[name] == row[name]}
    network = bp.Population.drawn(result.best.mlp, [row["network"]], seed)
    with Training(
        network,
        result.scaler.apply(X),
        y if result.classes else result.target_scaler.apply(y),
        kind(**settings),
        epochs,
        row["batch_size"],
        seed=seed,
        device=device,
    ) as training:
        while training.epoch < row["epochs"]:
            training.advance(row["epochs"])
    return network


def on_disk(folder):
    """All that lies in a folder, by its path: contents of files, and None for folders."""
    found = sorted(folder.rglob("*"))
    return {path: None if path.is_dir() else path.read_bytes() for path in found}

"""One fit in a process of its own, so that nobody's threads and memory are in another's way.

``python -m answers.fit RUNNER TABLE SPLIT [FOLDER]``, with this package's folder on Python's path,
prints a line of JSON: what was measured, for each of the runner's answers. Without arguments it
prints the versions of all that is installed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import log_loss, root_mean_squared_error

from .runners import RUNNERS
from .tables import Part, read, split

LOG_LOSS, RMSE = "log loss", "RMSE"


def fitted(runner: str, table: str, number: int, folder: Path | None) -> list[dict[str, Any]]:
    """Fit a runner on a split of a table, and score it on the rows held out.

    Returns
    -------
    list of dict, one for each answer
        ``loss`` by ``metric``, beside ``constant_loss``, that of the training rows' mean or shares
        of classes; ``seconds`` and ``cpu_seconds`` from raw rows to a fitted model, without
        imports; ``predict_seconds`` of all the runner's answers for the test rows.
    """
    chosen = RUNNERS[runner]
    train, test = split(read(table, folder), number)
    for module in chosen.modules:
        importlib.import_module(module)
    start, used = time.perf_counter(), cpu_seconds()
    predict = chosen.fit(train, number)
    seconds, used = time.perf_counter() - start, cpu_seconds() - used
    start = time.perf_counter()
    predictions = predict(test.X)
    measured = {
        "rows": [len(train.y), len(test.y)],
        "columns": train.X.shape[1],
        "metric": LOG_LOSS if train.classes else RMSE,
        "constant_loss": loss(test, constant(train, len(test.y))),
        "seconds": seconds,
        "cpu_seconds": used,
        "predict_seconds": time.perf_counter() - start,
        "versions": {name: found for name in chosen.packages if (found := version(name))},
    }
    return [
        {"table": table, "split": number, "runner": answer, "loss": loss(test, given), **measured}
        for answer, given in predictions.items()
    ]


def loss(test: Part, predictions: np.ndarray) -> float:
    """Log loss of probabilities, or root mean squared error of numbers."""
    if not test.classes:
        return float(root_mean_squared_error(test.y, predictions))
    probabilities = np.asarray(predictions, dtype=np.float64)
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    return float(log_loss(test.y, probabilities, labels=np.arange(test.classes)))


def constant(train: Part, rows: int) -> np.ndarray:
    """What one predicts who knows the training rows' targets alone."""
    if not train.classes:
        return np.full(rows, train.y.mean())
    shares = np.bincount(train.y, minlength=train.classes) / len(train.y)
    return np.tile(shares, (rows, 1))


def cpu_seconds() -> float:
    """Of this process and of those that it started and waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def version(package: str) -> str | None:
    """Of a package, None if it is not installed."""
    try:
        if package == "bpfast":  # which may be a checkout on Python's path
            return importlib.import_module(package).__version__
        return importlib.metadata.version(package)
    except ImportError:
        return None


def installed() -> dict[str, str | None]:
    """The version of every package that a runner needs."""
    packages = {package for runner in RUNNERS.values() for package in runner.packages}
    return {package: version(package) for package in sorted(packages)}


def main() -> None:
    """Measure what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m answers.fit", description=__doc__)
    parser.add_argument("runner", choices=RUNNERS, nargs="?")
    parser.add_argument("table", nargs="?")
    parser.add_argument("split", type=int, nargs="?")
    parser.add_argument("folder", type=Path, nargs="?")
    given = parser.parse_args()
    if given.runner is None:
        print(json.dumps(installed()))
    else:
        found = fitted(given.runner, given.table, given.split, given.folder)
        print(json.dumps(found, allow_nan=False))


if __name__ == "__main__":
    main()

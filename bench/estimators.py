"""``python -m bpfast.bench.estimators``: scikit-learn, and what only changes the import.

A search and single fits, by bpfast's estimators and by scikit-learn's own, one after the other with
the same seeds: wall times, the processors' time, which others on the machine hardly change, and the
scores on what was held out. scikit-learn's search has a process for each core; its single fits have
all threads of its matrix products, or one, whichever is faster.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn import model_selection, neural_network
from sklearn.datasets import load_digits, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from .. import sklearn as bpfast
from ..checking.machine import machine
from ..files import write_json
from .environment import versions
from .measure import now

CORES = len(os.sched_getaffinity(0))
OURS = SimpleNamespace(
    name="bpfast",
    MLPClassifier=bpfast.MLPClassifier,
    GridSearchCV=bpfast.GridSearchCV,
    threads=CORES,
)
THEIRS = SimpleNamespace(
    name="scikit-learn",
    MLPClassifier=neural_network.MLPClassifier,
    GridSearchCV=model_selection.GridSearchCV,
    threads=CORES,
)
ALONE = SimpleNamespace(**vars(THEIRS) | {"name": "scikit-learn, one thread", "threads": 1})
REST_SECONDS = 0.3  # before each run: threads of the one before have gone to sleep
GRID = {"alpha": np.logspace(-6, 0, 6), "learning_rate_init": np.logspace(-4, -1, 10)}


def search(library: SimpleNamespace, seed: int) -> float:
    """60 candidates on 5 folds of digits; the best mean score of the folds."""
    mlp = library.MLPClassifier((64,), max_iter=50, random_state=seed)
    found = library.GridSearchCV(mlp, GRID, cv=5, n_jobs=CORES).fit(*digits())
    return float(found.best_score_)


def default(library: SimpleNamespace, seed: int) -> float:
    """The default classifier on digits; the accuracy on a quarter of them."""
    return _fit(library.MLPClassifier(random_state=seed), digits(), seed)


def wide(library: SimpleNamespace, seed: int) -> float:
    """A larger classifier, 10 epochs of 20,000 samples; the accuracy on 5,000 others."""
    mlp = library.MLPClassifier((256, 128), max_iter=10, random_state=seed)
    return _fit(mlp, synthetic(), seed)


def _fit(mlp, samples: tuple[np.ndarray, np.ndarray], seed: int) -> float:
    train, test, targets, held = train_test_split(*samples, test_size=0.2, random_state=seed)
    return float(mlp.fit(train, targets).score(test, held))


def cpu_seconds() -> float:
    """Of this process and of those that it started, which Linux tells while they live, too."""
    times = os.times()
    total = times.user + times.system + times.children_user + times.children_system
    for task in Path("/proc/self/task").glob("*/children"):
        for child in task.read_text().split():
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    return total


@functools.cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """8 x 8 pixels from 0 to 1, and which digit it is."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y


@functools.cache
def synthetic() -> tuple[np.ndarray, np.ndarray]:
    """25,000 samples of 40 features and 5 classes."""
    return make_classification(
        25_000, 40, n_informative=20, n_classes=5, class_sep=0.7, random_state=0
    )


@dataclass(frozen=True)
class Comparison:
    """What is timed, how many times faster it should be, and whom it is compared with."""

    run: Callable[[SimpleNamespace, int], float]
    target: float
    peers: tuple[SimpleNamespace, ...]

    @property
    def name(self) -> str:
        return self.run.__name__

    def measure(self, seeds: int, say: Callable[[str], None]) -> dict[str, Any]:
        """Times and scores of all, in turn, the first of each, which compiles, left out."""
        libraries = (OURS, *self.peers)
        measured: dict[str, Any] = {"name": self.name, "description": self.run.__doc__}
        for library in libraries:
            measured[library.name] = {"seconds": [], "cpu_seconds": [], "scores": []}
            self._timed(library, seeds)
        for seed in range(seeds):
            for library in libraries:
                found = self._timed(library, seed)
                say(
                    f"{self.name}: seed {seed}: {library.name}: {found['seconds']:.3f} s, "
                    f"{found['cpu_seconds']:.3f} s of processors, score {found['scores']:.4f}"
                )
                for key, value in found.items():
                    measured[library.name][key].append(value)
        best = min(self.peers, key=lambda peer: _median(measured, peer, "seconds"))
        measured["peer"] = best.name
        for key, ratio in (("seconds", "ratio"), ("cpu_seconds", "cpu_ratio")):
            measured[ratio] = _median(measured, best, key) / _median(measured, OURS, key)
        measured["target"] = self.target
        return measured

    def _timed(self, library: SimpleNamespace, seed: int) -> dict[str, float]:
        time.sleep(REST_SECONDS)
        with threadpool_limits(library.threads, "blas"):
            start, used = time.perf_counter(), cpu_seconds()
            score = self.run(library, seed)
            seconds, used = time.perf_counter() - start, cpu_seconds() - used
        return {"seconds": seconds, "cpu_seconds": used, "scores": score}


def _median(measured: dict[str, Any], library: SimpleNamespace, key: str) -> float:
    return statistics.median(measured[library.name][key])


COMPARISONS = (
    Comparison(search, 10, (THEIRS,)),
    Comparison(default, 10, (THEIRS, ALONE)),
    Comparison(wide, 3, (THEIRS, ALONE)),
)


def words(measured: dict[str, Any]) -> str:
    """A comparison in one line."""
    sides = []
    for name in (OURS.name, measured["peer"]):
        seconds, scores = (np.array(measured[name][key]) for key in ("seconds", "scores"))
        sides.append(
            f"{name} {np.median(seconds):.2f} s, score {scores.mean():.4f} "
            f"(standard deviation {scores.std():.4f})"
        )
    ratio = (
        f"{measured['ratio']:.1f} x as fast, by processors' time {measured['cpu_ratio']:.1f} x; "
        f"aimed at {measured['target']} x"
    )
    return f"{measured['name']}: {'; '.join(sides)}: {ratio}"


def main() -> None:
    """Measure, print and keep it."""
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench.estimators", description=__doc__)
    names = [comparison.name for comparison in COMPARISONS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--output", type=Path, help="a JSON file")
    given = parser.parse_args()
    report: dict[str, Any] = {"date": now(), "machine": machine(), "versions": versions()}
    report["comparisons"] = []
    warnings.simplefilter("ignore", ConvergenceWarning)  # epochs are few on purpose
    for comparison in COMPARISONS:
        if comparison.name in given.only:
            report["comparisons"].append(comparison.measure(given.seeds, print))
            print(words(report["comparisons"][-1]))
            if given.output:  # after each, since scikit-learn takes minutes
                write_json(given.output, report)


if __name__ == "__main__":
    main()

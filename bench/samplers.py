"""``python -m bpfast.bench.samplers``: ``sampler="tpe"`` beside Optuna's own TPESampler.

Both are asked in the same rounds for the same number of trials, from the same seeds: for networks
on digits, and for two functions of hyperparameters that are known and take no time. Compared are
the best values that they find, by the Mann-Whitney test, and the seconds that a trial takes.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from scipy.stats import mannwhitneyu

from ..files import write_json
from ..sweeps.space import Space
from ..sweeps.study import Study
from ..sweeps.sweeping import sweep
from . import estimators
from .environment import hardware, versions
from .measure import now

SEEDS = 20
# The function of Hartmann in six dimensions, whose greatest value is 3.322.
HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
SCALES = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
CENTERS = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
HARTMANN_SPACE = {
    "learning_rate": "1e-4:1:log",
    "l1": "1e-4:1:log",
    "l2": "1e-4:1:log",
    "beta1": "0:1",
    "beta2": "0:1",
    "dropout": "0:1",
}
VALLEY_SPACE = {
    "learning_rate": "1e-4:1:log",
    "hidden": [8, 16, 32, 64, "32x16", "32x32"],
    "optimizer": ["sgd", "adam", "adamw"],
    "momentum": "0:0.99",  # of sgd alone
    "beta1": "0:0.99",  # of the two others
    "activation": ["relu", "tanh", "gelu"],
    "batch_size": [16, 32, 64, 128],
    "l2": "1e-7:1e-1:log",
    "schedule": ["constant", "cosine"],
    "minimum": "0:1",  # of cosine
    "warmup": [0, 5, 10],
}
VALLEY_NOISE = 0.01  # its standard deviation, in what samplers are told


def hartmann(params: Mapping[str, Any]) -> float:
    """Hartmann's function: six numbers that depend on each other, four hills."""
    logs = [1 + math.log10(params[name]) / 4 for name in ("learning_rate", "l1", "l2")]
    point = np.array([*logs, params["beta1"], params["beta2"], params["dropout"]])
    return float(HEIGHTS @ np.exp(-(SCALES * (point - CENTERS) ** 2).sum(axis=1)))


def valley(params: Mapping[str, Any]) -> float:
    """Minus a loss like a network's: categories, conditions, a best rate for each optimizer."""
    optimizer, width = params["optimizer"], math.log2(sum(map(int, params["hidden"].split("x"))))
    rate = math.log10(params["learning_rate"] * 32 / params["batch_size"])
    if optimizer == "sgd":
        best = -1 + 0.7 * math.log10(1.001 - params["momentum"])
        loss = 0.05 + 0.1 * (params["momentum"] - 0.9) ** 2
    else:
        best = {"adam": -2.5, "adamw": -2.3}[optimizer]
        loss = {"adam": 0.02, "adamw": 0}[optimizer] + 0.08 * (params["beta1"] - 0.85) ** 2
    loss += 0.15 * (rate - best) ** 2 + 0.015 * (width - 5.6) ** 2
    loss += 0.02 * (math.log10(params["l2"]) + 3 - 0.3 * (width - 5)) ** 2
    loss += 0 if "x" in params["hidden"] else 0.02
    loss += {"relu": 0.01, "tanh": 0.03, "gelu": 0}[params["activation"]]
    loss += {0: 0.01, 5: 0, 10: 0.004}[params["warmup"]]
    is_constant = params["schedule"] == "constant"
    return -loss - (0.015 if is_constant else 0.03 * (params["minimum"] - 0.1) ** 2)


def rounds(
    dimensions: Mapping[str, Any], function: Callable[[Mapping[str, Any]], float], noise: float = 0
) -> Callable[[Any, int, int], float]:
    """What plays a sweep's rounds, with a function in place of training: its best value."""

    def play(sampler: Any, seed: int, trials: int) -> float:
        study, rng = Study(Space(dimensions), sampler, seed), np.random.default_rng(seed)
        cohorts: list[list[tuple[int, dict[str, Any]]]] = [[], []]
        best = -np.inf
        for k in cycle(range(2)):
            values = [function(params) for _, params in cohorts[k]]
            best = max([best, *values])
            told = values + noise * rng.normal(size=len(values))
            ended = {"epochs": 1, "diverged": False}
            pairs = zip(cohorts[k], told.tolist(), strict=True)
            rows = [{"network": n, "validation_score": score} | ended for (n, _), score in pairs]
            study.tell(rows, [], 1)
            cohorts[k] = study.ask(min(study.batch // 2, trials - study.asked))
            if not any(cohorts):
                return best
        raise AssertionError

    return play


def digits(halving: str | None) -> Callable[[Any, int, int], float]:
    """What sweeps networks on digits, 9 epochs each: the best validation score."""
    X, y = estimators.digits()

    def play(sampler: Any, seed: int, trials: int) -> float:
        options: dict[str, Any] = {
            "networks": trials,
            "epochs": 9,
            "halving": halving,
            "seed": seed,
        }
        return float(sweep(X, y, sampler=sampler, **options).table["validation_score"][0])

    return play


@dataclass(frozen=True)
class Comparison:
    """What both samplers play, and for how many trials."""

    play: Callable[[Any, int, int], float]
    trials: int


COMPARISONS = {
    "digits": Comparison(digits(None), 300),
    "digits, hyperband": Comparison(digits("hyperband"), 500),
    "valley": Comparison(rounds(VALLEY_SPACE, valley, VALLEY_NOISE), 400),
    "hartmann": Comparison(rounds(HARTMANN_SPACE, hartmann), 400),
    "hartmann, long": Comparison(rounds(HARTMANN_SPACE, hartmann), 2000),
}
SIDES = ("bpfast", "optuna")


def measure(name: str, seeds: int, processes: Executor) -> dict[str, Any]:
    """The best values of both samplers, seed by seed, and seconds of a core for each trial."""
    trials = COMPARISONS[name].trials
    found: dict[str, Any] = {"trials": trials}
    for side in SIDES:
        best, seconds = zip(*processes.map(partial(_played, name, side), range(seeds)), strict=True)
        mean = statistics.mean(seconds) / trials
        found[side] = {"best": best, "median": statistics.median(best), "seconds": mean}
    pair = [found[side]["best"] for side in SIDES]
    found["p"] = float(mannwhitneyu(*pair).pvalue)
    found["p_worse"] = float(mannwhitneyu(*pair, alternative="less").pvalue)
    return found


def _played(name: str, side: str, seed: int) -> tuple[float, float]:
    """The best value that a sampler finds, and seconds of this process."""
    comparison = COMPARISONS[name]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = "tpe" if side == "bpfast" else optuna.samplers.TPESampler(seed=seed)
    comparison.play("random", 0, 64)  # kernels are there then
    start = time.process_time()
    return comparison.play(sampler, seed, comparison.trials), time.process_time() - start


def words(name: str, found: Mapping[str, Any]) -> str:
    """A comparison in one line."""
    sides = (
        f"{side} {found[side]['median']:.5f} ({1e3 * found[side]['seconds']:.2f} ms a trial)"
        for side in SIDES
    )
    return (
        f"{name}, {found['trials']} trials: medians {', '.join(sides)}; "
        f"p = {found['p']:.3f}, that bpfast is worse {found['p_worse']:.3f}"
    )


def main() -> None:
    """Measure, print and keep it."""
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench samplers", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=COMPARISONS, default=[*COMPARISONS])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--processes", type=int, default=estimators.CORES)
    parser.add_argument("--output", type=Path, help="a JSON file")
    given = parser.parse_args()
    report: dict[str, Any] = {"date": now(), "machine": hardware(), "versions": versions()}
    report["comparisons"] = {}
    with ProcessPoolExecutor(given.processes, get_context("spawn")) as processes:
        for name in given.only:
            found = report["comparisons"][name] = measure(name, given.seeds, processes)
            print(words(name, found), flush=True)
            if given.output:  # after each, since Optuna's takes minutes
                write_json(given.output, report)


if __name__ == "__main__":
    main()

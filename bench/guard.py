"""``python -m bpfast.bench.guard [--update]``: whether a change made us do more work.

Seconds tell little on a busy machine, so this counts instructions, with Valgrind: neither a
neighbour nor the clock changes them. Valgrind shows every program the same processor, with AVX2
and without AVX-512, so that a count made anywhere holds everywhere where Numba is the same.
What waits for memory, and what only AVX-512 does, it cannot see: ``bpfast bench`` can.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from ..files import write_text
from ..sklearn import MLPClassifier
from .sweeps.small_work import fit_few, small_samples
from .workloads import FOLDED, WORKLOADS, Workload

BASELINE = Path(__file__).parent / "results" / "guard" / "instructions.json"
TOLERANCE = 0.02  # counts of the same code differ by up to a thousandth: Python is among them
MARK = "getpgid"  # a function of the C library that nobody else calls: there counts are cut
# So little that fit hands everything to the kernels in one call, whatever the time it takes.
SIZES: dict[str, dict[str, Any]] = {
    "W1": {"networks": 1024, "epochs": 400},
    "W2": {"networks": 64, "samples": 512, "epochs": 2},
    "W3": {"networks": 4, "samples": 512, "epochs": 2},
    "W4": {"networks": 1, "samples": 256, "epochs": 1},
    "W5": {"samples": 1024, "batch_size": 1024, "epochs": 2},
    "W2folds": {"networks": 20, "samples": 640, "epochs": 2},
    "W3folds": {"networks": 5, "samples": 320, "epochs": 2},
}
SMALL = tuple(replace(w, **SIZES[w.name]) for w in (*WORKLOADS, *FOLDED))


def _fit(workload: Workload) -> Callable[[], object]:
    """A fit that goes on where the one before ended."""
    population, (X, y) = workload.population(), workload.data()
    return lambda: workload.fit(population, X, y)


def _small_fit() -> Callable[[], object]:
    X, y = small_samples()
    return lambda: fit_few(X, y)


def _one_row() -> Callable[[], object]:
    X, y = small_samples()
    population = fit_few(X, y)
    return lambda: population.predict(X[:1])


def _estimator() -> Callable[[], object]:
    X, y = small_samples()
    mlp = MLPClassifier((8,), max_iter=20, random_state=0)
    return lambda: mlp.fit(X, y)


def _estimator_row() -> Callable[[], object]:
    X, y = small_samples()
    mlp = MLPClassifier((8,), max_iter=20, random_state=0).fit(X, y)
    return lambda: mlp.predict(X[:1])


# What is counted, by its name: words for it, and what makes a call of it ready. In the last four
# Python does more than the kernels.
TASKS: dict[str, tuple[str, Callable[[], Callable[[], object]]]] = {
    **{workload.name: (str(workload), partial(_fit, workload)) for workload in SMALL},
    "fit": ("Population and fit of 4 networks, 2 epochs", _small_fit),
    "predict": ("Population.predict of one row", _one_row),
    "estimator": ("MLPClassifier((8,), max_iter=20).fit, 200 x 8", _estimator),
    "row": ("MLPClassifier.predict of one row", _estimator_row),
}


def main() -> int:
    """Count, and compare with the baseline or rewrite it; 1 where a workload does more work."""
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench.guard", description=__doc__)
    parser.add_argument("--update", action="store_true", help="make this the baseline")
    parser.add_argument("--train", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        train()
        return 0
    if not shutil.which("valgrind"):
        raise SystemExit("Valgrind is needed to count instructions: apt install valgrind")
    baselines = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
    before, now = baselines.get(compiler(), {}), count()
    print(table(before, now))
    if options.update:
        write_text(BASELINE, json.dumps(baselines | {compiler(): now}, indent=1) + "\n")
        print(f"baseline for {compiler()}: {BASELINE.name}")
        return 0
    if not before:
        print(f"no baseline for {compiler()}: make one of the code as it was, with --update")
        return 0
    return int(any(more(before[name], now[name]) for name in before))


def compiler() -> str:
    """What makes machine code from kernels, and runs the rest: another one does other work."""
    python = ".".join(platform.python_version_tuple()[:2])
    return (
        f"numba {version('numba')}, llvmlite {version('llvmlite')}, python {python}, "
        f"{platform.machine()}"
    )


def train() -> None:
    """Make each call once for the compiler and once between two marks."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # epochs are few on purpose
    for _, prepare in TASKS.values():
        call = prepare()
        call()
        os.getpgid(0)
        call()
        os.getpgid(0)


def count() -> dict[str, int]:
    """Instructions of each task's second call, on one thread."""
    print("compiling under Valgrind; after a change to kernels that takes minutes", flush=True)
    under_valgrind("--tool=none")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "count"
        under_valgrind("--tool=callgrind", f"--callgrind-out-file={out}", f"--dump-before={MARK}")
        parts = [total(out.with_name(f"count.{2 * k + 2}")) for k in range(len(TASKS))]
    return dict(zip(TASKS, parts, strict=True))


def under_valgrind(*options: str) -> None:
    """Run :func:`train` in a process of its own."""
    command = ["valgrind", "-q", *options, sys.executable, "-m", __spec__.name, "--train"]
    environment = os.environ | {"NUMBA_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")


def total(path: Path) -> int:
    """Instructions in a file of Callgrind's."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("totals:"))


def more(old: int, new: int) -> bool:
    """Whether a count has grown by more than chance."""
    return new > (1 + TOLERANCE) * old


def table(before: dict[str, int], now: dict[str, int]) -> str:
    """Millions of instructions, and how they changed."""
    lines = [f"{'':<48}{'baseline':>12}{'now':>10}  million instructions"]
    for name, (words, _) in TASKS.items():
        old, new = before.get(name), now[name]
        line = f"{words:<48}{old / 1e6 if old else float('nan'):>12.1f}{new / 1e6:>10.1f}"
        if old:
            line += f"{new / old - 1:>+9.2%}"
            line += " MORE" if more(old, new) else ""
        lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

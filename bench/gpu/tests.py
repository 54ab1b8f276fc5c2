"""The GPU tests, told of one by one: ``python -m bpfast.bench.gpu.tests NAMES [--sanitized]``.

NAMES is pytest's ``-k``. Sanitized, they run in this process, one after another, and CuPy asks CUDA
for each array, since a pool of them would hide what lies beyond one.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

from ...kernels.cuda import device
from .processes import Outcomes, Record
from .tell import missing, need_a_gpu, tell

ROOT = Path(__file__).resolve().parents[2]
MOST_MESSAGE = 3000  # characters of a failure
MOST_FAILURES = 40
# Kernels that a GPU runs for the first time can make libraries warn of what nobody has seen yet.
WARNINGS = "default\nerror::RuntimeWarning:bpfast\nerror::UserWarning:bpfast"


class Told:
    """A plugin of pytest's that tells what becomes of each test, when it is known."""

    def __init__(self, to: TextIO) -> None:
        self._to = to

    def pytest_collectreport(self, report: Any) -> None:
        """Of a file whose tests cannot be collected, or are all skipped."""
        if not report.passed:
            tell(self._to, **_record(report, 0.0))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Of a test's three parts: what failed, or was skipped, and the test itself."""
        if report.when != "call" and report.passed:
            return
        tell(self._to, **_record(report, report.duration))


def _record(report: Any, seconds: float) -> Record:
    """What is told of a report."""
    record = {"test": report.nodeid, "outcome": report.outcome, "seconds": seconds}
    if report.failed:
        record["message"] = report.longreprtext[-MOST_MESSAGE:]
    return record


def sum_up(outcomes: Outcomes, earlier: dict[str, Outcomes]) -> Record:
    """What passed, what failed and why, and what took longest."""
    contents: Record = {"steps": []}
    for outcome in outcomes.values():
        tests = outcome.records
        failures = [test for test in tests if test["outcome"] == "failed"]
        contents["steps"].append(
            {
                "step": outcome.step,
                "status": outcome.status,
                "why": outcome.why,
                "seconds": outcome.seconds,
                "outcomes": Counter(test["outcome"] for test in tests),
                "failed": [test["test"] for test in failures],
                "failures": failures[:MOST_FAILURES],
                "passed": [test["test"] for test in tests if test["outcome"] == "passed"],
                "slowest": sorted(tests, key=lambda test: -test["seconds"])[:10],
                "words": outcome.words,
            }
        )
    return contents


def arguments(names: str, sanitized: bool) -> list[str]:
    """pytest's, which loads no plugins but those that are named."""
    marker = "cuda_simulator" if device.simulated() else "gpu"
    given = ["-q", "-m", marker, "-k", names, "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    given += ["--continue-on-collection-errors"]  # of a file that needs what is not installed
    given += ["-c", str(ROOT / "pyproject.toml"), "-o", f"filterwarnings={WARNINGS}"]
    if importlib.util.find_spec("xdist") and not sanitized:
        # neighbours share kernels, which one process compiles once; who is idle takes from others
        workers = 1 if device.simulated() else os.cpu_count()  # a rehearsal has a few tests
        given += ["-p", "xdist.plugin", "-n", str(workers), "--dist", "worksteal"]
    return [*given, str(ROOT / "tests" / "kernels" / "cuda")]


def main() -> None:
    """Run them."""
    names, *flags = sys.argv[1:]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    need_a_gpu()
    try:
        import pytest
    except ImportError:
        missing("pytest is not installed")
    if not (ROOT / "tests" / "kernels" / "cuda").is_dir():
        missing("the tests are in a checkout alone")
    sanitized = "--sanitized" in flags
    if sanitized and not device.simulated():
        device.array_module().cuda.set_allocator(None)
    to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what pytest itself prints
    sys.exit(pytest.main(arguments(names, sanitized), [Told(to)]))


if __name__ == "__main__":
    main()

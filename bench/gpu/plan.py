"""Which stages there are, in which order, and how long each may take.

The whole ends within eight minutes. A stage may take its own seconds, or what is left of all: the
first three leave the benchmark enough even if they need all of theirs; the last two get the rest.
"""

from __future__ import annotations

import sys
from itertools import product

from . import report, tests
from .stages import Stage, Step
from .stand_ins import PEERS
from .strategies import STRATEGIES
from .train import RUNNERS
from .workloads import REHEARSAL, WORKLOADS

SECONDS = 470.0  # less than eight minutes, for what comes before and after
# A few kernels, and most of what can go wrong with them; all other tests come after these.
COVERING = "everything_at_once or bits_do_not_depend"
SANITIZED = "everything_at_once"
SANITIZER = ("compute-sanitizer", "--error-exitcode", "9", "--tool")
TOOLS = ("memcheck", "racecheck")
FEW, FEW_MORE = "every_loss and mse", "bits_do_not_depend and thread"  # for a rehearsal
DTYPES = ("float32", "float64")
ALWAYS = ("bpfast, cuda", "bpfast, cpu")  # the other runners are peers, or stand in for them
STAND_INS = tuple(map(str, PEERS))


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return sys.executable, "-m", f"{__package__}.{name}", *arguments


def stages(rehearse: bool) -> tuple[Stage, ...]:
    """All of them; in a rehearsal with tiny workloads and few tests."""
    return (
        _toolchain(),
        _strategies(),
        _tests(*((FEW, FEW_MORE) if rehearse else (COVERING, f"not ({COVERING})"))),
        _benchmark(rehearse),
        _profile(rehearse),
        _sanitizer(FEW if rehearse else SANITIZED),
    )


def _toolchain() -> Stage:
    parts = ("versions", "kernels", "limits")
    steps = [Step(part, _module("toolchain", part), 30.0) for part in parts]
    return Stage("toolchain", 45.0, tuple((step,) for step in steps))


def _strategies() -> Stage:
    steps = [
        Step(f"{strategy}, {dtype}", _module("strategies", strategy, dtype), 60.0)
        for strategy, dtype in product(STRATEGIES, DTYPES)
    ]
    return Stage("strategies", 60.0, (tuple(steps),))


def _tests(*names: str) -> Stage:
    rounds = tuple((Step(name, _module("tests", name), 60.0),) for name in names)
    return Stage("tests", 85.0, rounds, tests.sum_up)


def _benchmark(rehearse: bool) -> Stage:
    """Everything compiles at once; then each is timed while nothing else runs, the CPU late."""
    workloads = REHEARSAL if rehearse else WORKLOADS
    runners = [name for name in RUNNERS if name in ALWAYS or (name in STAND_INS) == rehearse]
    runners.sort(key=lambda name: name == "bpfast, cpu")
    prepared = [
        Step(f"{w.name}, {name}: prepare", _module("train", w.name, name, "--prepare"), 80.0)
        for name, w in product(runners, workloads)
    ]
    prepared += [
        Step(report.expected(w.name), _module("train", w.name, "expected"), 80.0) for w in workloads
    ]
    timed = [
        Step(f"{w.name}, {name}", _module("train", w.name, name), 25.0 if "cpu" in name else 45.0)
        for name, w in product(runners, workloads)
    ]
    crossings = Step(report.CROSSINGS, _module("crossings"), 45.0)
    rounds = (tuple(prepared), *((step,) for step in (*timed, crossings)))
    return Stage("benchmark", 310.0, rounds, report.of(workloads, runners, rehearse))


def _profile(rehearse: bool) -> Stage:
    """One workload a strategy, the others as time allows."""
    names = [w.name for w in REHEARSAL] if rehearse else ["G1", "G3", "G4", "G2", "G5"]
    steps = [Step(name, _module("profile", name), 30.0) for name in names]
    return Stage("profile", 75.0, tuple((step,) for step in steps))


def _sanitizer(names: str) -> Stage:
    command = _module("tests", names, "--sanitized")
    steps = [Step(tool, (*SANITIZER, tool, *command), 80.0) for tool in TOOLS]
    return Stage("sanitizer", 80.0, (tuple(steps),))

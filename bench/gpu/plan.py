"""Which stages there are, in which order, and how long each may take.

The whole ends within eight minutes. A stage may take its own seconds, or what is left of all: the
first three leave the benchmark enough even if they need all of theirs; the last two get the rest.
In each, what is worth least comes last.
"""

from __future__ import annotations

import sys
from itertools import product

from .. import crossing
from . import report, tests
from .processes import Step
from .stages import Stage
from .stand_ins import PEERS
from .strategies import STRATEGIES
from .train import RUNNERS
from .workloads import REHEARSAL, WORKLOADS

SECONDS = 470.0  # less than eight minutes, for what comes before and after
# A few kernels, and most of what can go wrong with them, so that these are not the last to run.
COVERING = "everything_at_once or bits_do_not_depend"
SANITIZED = tuple(f"everything_at_once and {word}" for word in ("thread", "block", "large"))
SANITIZER = ("compute-sanitizer", "--error-exitcode", "9", "--tool")
# Numba asks CUDA things that it refuses, and deals with the answer: those are no errors of kernels.
TOOLS = (("memcheck", "--report-api-errors", "no"), ("racecheck",))
FEW = "every_loss and mse"  # for a rehearsal
DTYPES = ("float32", "float64")
OURS = ("bpfast, cuda", "bpfast, cpu")  # the other runners are peers, or stand in for them
SLOW = "PyTorch"  # to compile, and to train
PREPARATION = 100.0  # seconds in which a process is ready
STAND_INS = tuple(map(str, PEERS))


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return sys.executable, "-m", f"{__package__}.{name}", *arguments


def stages(rehearse: bool) -> tuple[Stage, ...]:
    """All of them; in a rehearsal with tiny workloads and few tests."""
    return (
        _toolchain(),
        _strategies(),
        _tests(*((FEW,) if rehearse else (COVERING, f"not ({COVERING})"))),
        benchmark(rehearse, 280.0),
        _profile(rehearse),
        sanitizer((FEW,) if rehearse else SANITIZED, 60.0),
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
    """Beside each other: a few tests cannot keep all cores busy."""
    steps = [Step(name, _module("tests", name), 140.0) for name in names]
    return Stage("tests", 140.0, (tuple(steps),), tests.sum_up)


def benchmark(rehearse: bool, seconds: float, without: tuple[str, ...] = ()) -> Stage:
    """All processes compile beside each other; then each is timed while nothing else runs.

    Peers whose names begin with one of ``without`` are left out.
    """
    workloads = REHEARSAL if rehearse else WORKLOADS
    runners = sorted(RUNNERS, key=_rank)
    runners = [name for name in runners if name in OURS or (name in STAND_INS) == rehearse]
    runners = [name for name in runners if not name.startswith(without)]
    turns = [
        _turn(f"{w.name}, {name}", _module("train", w.name, name), 30.0)
        for name, w in product(runners, workloads)
    ]
    before_cpu = runners.index("bpfast, cpu") * len(workloads)
    turns[before_cpu:before_cpu] = [
        _turn(report.crossing(kind.name), _module("crossings", kind.name), 45.0)
        for kind in (REHEARSAL[:1] if rehearse else crossing.KINDS)
    ]
    compiling = [Step(report.expected(w.name), _expected(w.name), PREPARATION) for w in workloads]
    compiling += [prepare for prepare, _ in turns]
    compiling.sort(key=lambda step: SLOW not in step.name)  # they begin first
    rounds = (tuple(compiling), *((timed,) for _, timed in turns))
    return Stage("benchmark", seconds, rounds, report.of(workloads, runners, rehearse))


def _rank(runner: str) -> int:
    """Where among the turns a runner has its own: peers between ours, the slow one last."""
    if runner in OURS:
        return 2 * OURS.index(runner)
    return 3 if runner.startswith(SLOW) else 1


def _turn(name: str, command: tuple[str, ...], seconds: float) -> tuple[Step, Step]:
    """A step that prepares a process, and one in which it is alone."""
    prepare = Step(f"{name}: prepare", (*command, "--wait"), PREPARATION, prepares=True)
    return prepare, Step(name, (), seconds, resumes=prepare.name)


def _expected(workload: str) -> tuple[str, ...]:
    """On few threads, since those of OpenBLAS would wait for each other while others compile."""
    return "env", "OPENBLAS_NUM_THREADS=2", *_module("train", workload, "expected")


def _profile(rehearse: bool) -> Stage:
    """One workload a strategy, the others as time allows."""
    names = [w.name for w in REHEARSAL] if rehearse else ["G1", "G3", "G4", "G2", "G5"]
    steps = [Step(name, _module("profile", name), 30.0) for name in names]
    return Stage("profile", 75.0, tuple((step,) for step in steps))


def sanitizer(names: tuple[str, ...], seconds: float) -> Stage:
    """Each of the tools on each of the tests' names, beside each other."""
    steps = [
        Step(
            f"{tool[0]}: {name}",
            (*SANITIZER, *tool, *_module("tests", name, "--sanitized")),
            seconds,
        )
        for tool, name in product(TOOLS, names)
    ]
    return Stage("sanitizer", seconds, (tuple(steps),))

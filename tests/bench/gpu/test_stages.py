"""Stages that go wrong: what is known is kept, and the next one starts."""

import subprocess
import sys

import numpy as np
import pytest
from gpu_stages import TOLD, read, stage, step

from bpfast.bench.gpu.processes import FAILED, LATE, MISSING, OK, Step

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bash runs it")


def test_a_stage_that_fails_says_why_and_the_next_one_starts(go, tmp_path):
    failing = step("b", TOLD + "raise ValueError('it is broken')")
    well, entries = go(stage("first", step("a"), failing), stage("second", step("c", TOLD)))
    assert not well
    assert entries["first"]["status"] == FAILED
    assert entries["first"]["why"] == "b: ValueError: it is broken"
    assert entries["second"] | {"seconds": 0} == {
        "name": "second",
        "status": OK,
        "seconds": 0,
        "why": "",
    }
    a, b = read(tmp_path / "first.json")["steps"]
    assert a["status"] == OK
    assert b["records"] == [{"found": 1}]  # from before it failed
    assert "Traceback" in b["words"]


@pytest.mark.parametrize("whose", ["stage", "run"])
def test_time_that_is_over_is_said(whose, go):
    sleeping = step("a", "import time; time.sleep(1000)")
    seconds = {"stage": 60.0, "run": 60.0} | {whose: 3.0}
    stages = stage("late", sleeping, step("b"), seconds=seconds["stage"]), stage("next", step("c"))
    well, entries = go(*stages, seconds=seconds["run"])
    assert not well
    assert entries["late"]["status"] == LATE
    assert "b: no time was left for it" in entries["late"]["why"]
    assert entries["next"]["status"] == {"stage": OK, "run": LATE}[whose]


def test_what_is_not_installed_is_missing_and_no_failure(go):
    nothing = Step("a", ("no-such-program",), 60.0)
    ends = step("b", "import sys; print('JAX is not installed', file=sys.stderr); sys.exit(77)")
    well, entries = go(stage("program", nothing), stage("package", ends))
    assert well
    assert entries["program"]["status"] == entries["package"]["status"] == MISSING
    assert entries["program"]["why"] == "a: no-such-program is not installed"
    assert entries["package"]["why"] == "b: JAX is not installed"


def test_reasons_are_said_once(go):
    breaks = "raise SystemExit('there is no GPU')"
    _, entries = go(stage("first", *(step(name, breaks) for name in "abc"), step("d", "1/0")))
    words = "a and 2 more: there is no GPU; d: ZeroDivisionError: division by zero"
    assert entries["first"]["why"] == words


def test_what_cannot_be_summed_up_is_kept_as_it_is(go, tmp_path):
    for sum_up in (lambda *_: {}["figures"], lambda *_: {"figure": np.nan}):
        well, entries = go(stage("first", step("a", TOLD), sum_up=sum_up))
        assert not well
        assert "cannot be summed up" in entries["first"]["why"]
        assert read(tmp_path / "first.json")["steps"][0]["records"] == [{"found": 1}]


FULL = """
import sys
from pathlib import Path
from bpfast.bench.gpu.processes import Step
from bpfast.bench.gpu.stages import Run, Stage, as_they_are
from dataclasses import replace

small = Stage("small", 60.0, ((Step("a", (sys.executable, "-c", ""), 60.0),),))
def large(outcomes, earlier):
    return as_they_are(outcomes, earlier) | ({"x": "x" * 100_000} if len(outcomes) > 1 else {})
step = small.rounds[0][0]
rounds = ((step,), (replace(step, name="b"),))
stages = small, Stage("large", 60.0, rounds, large), replace(small, name="last")
sys.exit(0 if Run(Path(sys.argv[1]), 60.0, {}).go(stages) else 1)
"""


def test_a_full_disk_leaves_what_was_written_whole(tmp_path):
    """The system refuses files of over 20 KiB, as it would any on a full disk."""
    limited = 'ulimit -f 20; exec "$@"'
    command = ["bash", "-c", limited, "bash", sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "large.json cannot be written: File too large" in done.stdout
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"summary.json", "small.json", "large.json", "last.json"}
    assert [s["step"] for s in read(tmp_path / "large.json")["steps"]] == ["a"]  # as it was before
    statuses = [entry["status"] for entry in read(tmp_path / "summary.json")["stages"]]
    assert statuses == [OK, FAILED, OK]

"""Processes that hang, leave children behind, or wait for their turns."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from gpu_stages import ends, read, stage, step

from bpfast.bench.gpu.processes import LATE, OK, Step
from bpfast.bench.gpu.stages import Stage

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bash runs it")

HAS_A_CHILD = """
import json, subprocess, time
child = subprocess.Popen(["sleep", "1000"])
print(json.dumps({"child": child.pid}), flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_what_a_step_leaves_running_is_killed(go, tmp_path):
    assert go(stage("leaves", step("a", HAS_A_CHILD)))[0]
    assert ends(read(tmp_path / "leaves.json")["steps"][0]["records"][0]["child"])


WAITS = """
import json, sys, time
def say(**record):
    print(json.dumps(record), flush=True)
say(prepared=1)
say(ready=True)
if not sys.stdin.readline():
    sys.exit("nobody lets it go on")
begun = time.monotonic()
time.sleep(0.2)
say(begun=begun, ended=time.monotonic())
"""


def turns(names, code=WAITS, seconds=60.0, turn_seconds=60.0):
    """A stage whose processes prepare beside each other, and then have their turns."""
    prepared = [replace(step(f"{n}: prepare", code, seconds), prepares=True) for n in names]
    timed = [Step(n, (), turn_seconds, resumes=f"{n}: prepare") for n in names]
    return Stage("turns", 60.0, (tuple(prepared), *((one,) for one in timed)))


def test_prepared_processes_go_on_one_by_one(go, tmp_path):
    well, _ = go(turns("abc"))
    assert well
    steps = {one["step"]: one for one in read(tmp_path / "turns.json")["steps"]}
    assert list(steps)[3:] == ["a", "b", "c"]
    first, *later = [steps[name]["records"][-1] for name in "abc"]
    for second in later:
        assert first["ended"] <= second["begun"]
        first = second
    for name in "abc":
        assert steps[f"{name}: prepare"]["records"] == [{"prepared": 1}, {"ready": True}]
        assert steps[name]["records"][0] == {"prepared": 1}


@pytest.mark.parametrize(
    ("code", "seconds", "why"),
    [
        ("raise SystemExit('there is no GPU')", 60.0, "there is no GPU"),
        ("print('it is through before it was ready')", 60.0, "it is through before it was ready"),
        ("import time; time.sleep(1000)", 2.5, "killed after 2 s"),
    ],
)
def test_what_was_not_prepared_has_no_turn(code, seconds, why, go):
    well, entries = go(turns("a", code, seconds), stage("next", step("b")))
    assert not well
    assert entries["turns"]["why"] == f"a: prepare and 1 more: {why}"
    assert entries["next"]["status"] == OK


def test_what_ends_before_its_turn_says_why(go):
    ends = WAITS.replace("if not", "raise SystemExit('out of memory')\nif not")
    _, entries = go(turns("a", ends))
    assert entries["turns"]["why"] == "a: out of memory"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("turn_seconds", [0.0, 3.0])
def test_what_has_no_time_for_its_turn_is_killed_with_its_children(turn_seconds, go, tmp_path):
    hangs = WAITS.replace("say(prepared=1)", "import os; say(prepared=os.getpid())")
    hangs = HAS_A_CHILD + hangs.replace("time.sleep(0.2)", "time.sleep(1000)")
    turn = turns("a", hangs, turn_seconds=turn_seconds)
    well, entries = go(turn, stage("next", step("b")))
    assert not well
    assert entries["turns"]["status"] == LATE
    why = "killed after 3 s" if turn_seconds else "no time was left for it"
    assert entries["turns"]["why"] == f"a: {why}"
    assert entries["next"]["status"] == OK
    child, process, _ = read(tmp_path / "turns.json")["steps"][0]["records"]
    assert ends(process["prepared"])
    assert ends(child["child"])

"""``bench/gpu.sh``: it is rehearsed, and broken in each way that must leave its files whole."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest

from bpfast.bench import readme_table
from bpfast.bench.gpu import profile, report
from bpfast.bench.gpu.stages import FAILED, LATE, MISSING, OK, Run, Stage, Step

ROOT = Path(__file__).resolve().parents[3]
STAGES = ("toolchain", "strategies", "tests", "benchmark", "profile", "sanitizer")
MOST_FILES, MOST_BYTES = 8, 16 << 20  # that a lent machine gives back
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bash runs it")


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def step(name, code="", seconds=60.0):
    return Step(name, (sys.executable, "-c", code), seconds)


def stage(name, *steps, seconds=60.0, **options):
    return Stage(name, seconds, tuple((one,) for one in steps), **options)


TOLD = "print('{\"found\": 1}', flush=True); "


@pytest.fixture
def go(tmp_path):
    """Runs stages; whether they went well, and what the summary says of each."""

    def run(*stages, seconds=60.0):
        well = Run(tmp_path, seconds, {}, lambda words: None).go(stages)
        return well, {entry["name"]: entry for entry in read(tmp_path / "summary.json")["stages"]}

    return run


# --- the rehearsal --------------------------------------------------------------------------------


def rehearse(out, **options):
    """Start it; its processes have a mark in their environments."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [ROOT / "bench" / "gpu.sh", out, "--rehearse"],
        env={**os.environ, "PYTHON": sys.executable, "MARK": mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    return process, mark


def marked(mark):
    """Processes that have the mark and still run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_a_whole_rehearsal(tmp_path):
    """It takes most of a minute, so there is one for all that is said of its files."""
    process, mark = rehearse(tmp_path)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert not marked(mark)
    contents = {path.stem: read(path) for path in tmp_path.iterdir()}
    assert set(contents) == {"summary", *STAGES}
    assert len(contents) < MOST_FILES  # a kill may leave one more
    assert all(path.stat().st_size < MOST_BYTES for path in tmp_path.iterdir())
    summary = contents.pop("summary")
    assert summary["rehearsal"]
    assert [(s["name"], s["status"], s["why"]) for s in summary["stages"]] == [
        (name, OK, "") for name in STAGES
    ]
    for name, content in contents.items():
        CHECKS[name](content)


def toolchain_is_checked(content):
    records = [record for one in content["steps"] for record in one["records"]]
    found = {record["check"]: record["found"] for record in records}
    assert found["installed"]["numpy"] == np.__version__
    assert found["shared_memory"] == "100000 bytes"
    assert min(found["memory"], *found["transfer"].values()) > 0
    assert {"nvvm_and_linker", "nvcc", "gpu", "runtime", "numba_kernel", "cupy_kernel"} < set(found)


def strategies_are_held_against_the_reference(content):
    assert {one["step"] for one in content["steps"]} == {
        f"{strategy}, {dtype}"
        for strategy in ("thread", "block", "large batch")
        for dtype in ("float32", "float64")
    }
    for one in content["steps"]:
        checks = [record["check"] for record in one["records"]]
        assert checks == ["trained", "gradients", "predictions"]


def covering_tests_run(content):
    for one in content["steps"]:
        assert one["outcomes"]["passed"] > 0
        assert one["failed"] == []


def every_runner_is_timed_in_both_ways(content):
    assert content["problems"] == []
    for job in content["jobs"]:
        runners = [f"{result['runner']}, {result['mode']}" for result in job["results"]]
        assert runners == ["bpfast, cuda", "JAX, stand-in", "PyTorch, stand-in", "bpfast, cpu"]
        assert job["results"][0]["kernel"] == job["strategy"]
        for result in job["results"]:
            for way in report.WAYS:
                assert result[way]["median_seconds"] > 0
                assert result[way]["loss_difference"] < 1e-3
    assert [found["networks"] for found in content["crossings"]] == [[1, 4]]
    with pytest.raises(SystemExit, match="a rehearsal's: no GPU was measured"):
        readme_table.gpu_table(content, "benchmark.json")


def launches_are_profiled(content):
    for one in content["steps"]:
        (launch,) = one["records"]
        assert set(profile.METRICS.values()) < set(launch)


def sanitizers_find_nothing(content):
    for one in content["steps"]:
        assert {record["outcome"] for record in one["records"]} == {"passed"}
        assert "0 errors" in one["words"]


CHECKS = {
    "toolchain": toolchain_is_checked,
    "strategies": strategies_are_held_against_the_reference,
    "tests": covering_tests_run,
    "benchmark": every_runner_is_timed_in_both_ways,
    "profile": launches_are_profiled,
    "sanitizer": sanitizers_find_nothing,
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_kill_leaves_what_was_there(number, tmp_path):
    process, mark = rehearse(tmp_path)
    try:
        while not (tmp_path / "strategies.json").exists():  # one of its steps is through
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(30) != 0
        if number == signal.SIGTERM:
            assert not marked(mark)
    finally:
        for one in marked(mark):
            os.kill(one, signal.SIGKILL)
        process.stdout.close()
    files = [path for path in tmp_path.iterdir() if ".tmp." not in path.name]
    assert len(list(tmp_path.iterdir())) <= MOST_FILES
    contents = {path.stem: read(path) for path in files}
    assert set(contents) == {"summary", "toolchain", "strategies"}
    assert [s["status"] for s in contents["summary"]["stages"]] == [OK, "running"]
    assert contents["strategies"]["steps"][0]["status"] == OK


# --- stages that go wrong -------------------------------------------------------------------------


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


def ends(process):
    """Whether a process ends soon."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":  # it waits for whoever adopted it
            return True
        time.sleep(0.05)
    return False


HANGS = """
import json, subprocess, time
child = subprocess.Popen(["sleep", "1000"])
print(json.dumps({"child": child.pid}), flush=True)
time.sleep(1000)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_a_stage_that_hangs_is_killed_with_its_children(go, tmp_path):
    well, entries = go(stage("hangs", step("a", HANGS, 3.0)), stage("next", step("b")))
    assert not well
    assert entries["hangs"]["status"] == LATE
    assert entries["hangs"]["why"] == "a: killed after 3 s"
    assert entries["next"]["status"] == OK
    ((record,),) = [one["records"] for one in read(tmp_path / "hangs.json")["steps"]]
    assert ends(record["child"])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_what_a_step_leaves_running_is_killed(go, tmp_path):
    left = HANGS.replace("time.sleep(1000)", "")
    assert go(stage("leaves", step("a", left)))[0]
    assert ends(read(tmp_path / "leaves.json")["steps"][0]["records"][0]["child"])


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
from bpfast.bench.gpu.stages import Run, Stage, Step, as_they_are
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

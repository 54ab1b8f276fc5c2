"""``bench/gpu.sh``: it is rehearsed, and broken in each way that must leave its files whole."""

import os
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from gpu_stages import ends, read

from bpfast.bench import readme_table
from bpfast.bench.gpu import profile, report
from bpfast.bench.gpu.processes import OK

ROOT = Path(__file__).resolve().parents[3]
STAGES = ("toolchain", "strategies", "tests", "benchmark", "profile", "sanitizer")
MOST_FILES, MOST_BYTES = 8, 16 << 20  # that a lent machine gives back
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bash runs it")


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


def all_end(mark):
    """Whether all processes that have the mark end soon: who was killed may have yet to notice."""
    return all(ends(process) for process in marked(mark))


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
    assert all_end(mark)
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
        assert runners == ["bpfast, cuda", "JAX, stand-in", "bpfast, cpu", "PyTorch, stand-in"]
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
        outcomes = {record["outcome"] for record in one["records"]}
        assert outcomes - {"skipped"} == {"passed"}
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
        assert process.wait(300) != 0
        if number == signal.SIGTERM:
            assert all_end(mark)
    finally:
        for one in marked(mark):
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(one, signal.SIGKILL)
        process.stdout.close()
    files = [path for path in tmp_path.iterdir() if ".tmp." not in path.name]
    assert len(list(tmp_path.iterdir())) <= MOST_FILES
    contents = {path.stem: read(path) for path in files}
    assert set(contents) == {"summary", "toolchain", "strategies"}
    assert [s["status"] for s in contents["summary"]["stages"]] == [OK, "running"]
    assert contents["strategies"]["steps"][0]["status"] == OK

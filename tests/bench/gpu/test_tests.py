"""What is told of the GPU tests."""

import json
import os
import subprocess
import sys

import pytest

from bpfast.bench.gpu import tests
from bpfast.bench.gpu.processes import FAILED, Outcome


def test_failing_tests_are_told_with_their_messages():
    passed = {"test": "a", "outcome": "passed", "seconds": 1.0}
    failed = {"test": "b", "outcome": "failed", "seconds": 2.0, "message": "assert 1 == 2"}
    outcome = Outcome("all", FAILED, 3.0, "1 failed, 1 passed", [passed, failed])
    (summed,) = tests.sum_up({"all": outcome}, {})["steps"]
    assert summed["outcomes"] == {"passed": 1, "failed": 1}
    assert summed["failed"] == ["b"]
    assert summed["failures"] == [failed]
    assert summed["passed"] == ["a"]
    assert summed["slowest"] == [failed, passed]


FAILING = """
import warnings

def test_of_others():
    warnings.warn_explicit("a library's", UserWarning, "library.py", 1, "library")

def test_of_ours():
    warnings.warn_explicit("bpfast's", UserWarning, "bpfast.py", 1, "bpfast.training.loop")
"""


def test_only_our_own_warnings_fail(tmp_path):
    (tmp_path / "test_warnings.py").write_text(FAILING)
    options = ["-p", "no:cacheprovider", "-q", "-o", f"filterwarnings={tests.WARNINGS}"]
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "1 failed, 1 passed" in done.stdout
    assert "UserWarning: bpfast's" in done.stdout


@pytest.mark.parametrize("options", [(), ("-p", "xdist.plugin", "-n", "2")])
def test_files_that_cannot_be_collected_are_told_of(options, tmp_path):
    if options:
        pytest.importorskip("xdist")
    (tmp_path / "test_broken.py").write_text("import nothing_of_this_name")
    (tmp_path / "test_skipped.py").write_text("import pytest; pytest.importorskip('nothing_else')")
    (tmp_path / "test_good.py").write_text("def test_good(): pass")
    code = (
        "import os, sys, pytest; from bpfast.bench.gpu.tests import Told; "
        "pytest.main(['-q', '-p', 'no:cacheprovider', '--continue-on-collection-errors', "
        f"*{options!r}, sys.argv[1]], [Told(os.fdopen(os.dup(2), 'w'))])"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    )
    records = {record["test"]: record for record in map(json.loads, done.stderr.splitlines())}
    outcomes = {name: record["outcome"] for name, record in records.items()}
    assert outcomes == {
        "test_broken.py": "failed",
        "test_skipped.py": "skipped",
        "test_good.py::test_good": "passed",
    }
    assert "No module named 'nothing_of_this_name'" in records["test_broken.py"]["message"]

"""A process of its own."""

import itertools
import subprocess
import sys
from types import SimpleNamespace

import pytest
from small_jobs import TINY, missing

from bpfast.bench import workloads
from bpfast.bench.measure import Run, Runner, UnavailableError
from bpfast.bench.measure import bpfast as bpfast_on
from bpfast.bench.once import in_own_process, once


def test_a_process_of_its_own_reports():
    small = next(job for job in workloads.JOBS if job.name == "W3x1")
    measured = in_own_process(small, bpfast_on("cpu"))
    assert 0 <= measured["compile_seconds"] < measured["first_result_seconds"]
    assert measured["memory_bytes"] is None or measured["memory_bytes"] > 1e6


def test_a_first_training_is_longer_by_what_it_compiles(monkeypatch):
    clock = itertools.count(5.0)
    told = SimpleNamespace(time=lambda: next(clock), perf_counter=lambda: next(clock))
    monkeypatch.setattr("bpfast.bench.once.time", told)
    steps = iter((4, 1))  # the first compiles
    run = Run(lambda: [next(clock) for _ in range(next(steps))])
    measured = once(TINY, Runner("a", "test", lambda workload: run), started=2.0)
    assert measured["compile_seconds"] == 3.0
    assert measured["first_result_seconds"] == 7.0


def test_a_process_that_fails_says_why(monkeypatch):
    with pytest.raises(UnavailableError, match="invalid choice: 'nobody, nothing'"):
        in_own_process(TINY, Runner("nobody", "nothing", missing))


HOLDS = """
import numpy as np
from bpfast.bench.once import peak_memory
before = peak_memory()
held = np.ones(before // 4)
print(before, held.nbytes, peak_memory())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell")
def test_memory_grows_with_what_is_held():
    """In a new process: what this one once held is no more."""
    done = subprocess.run([sys.executable, "-c", HOLDS], check=True, capture_output=True)
    before, held, after = map(int, done.stdout.split())
    assert before < held <= after

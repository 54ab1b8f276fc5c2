"""A process of its own."""

import sys

import numpy as np
import pytest
from small_jobs import TINY, missing

from bpfast.bench import workloads
from bpfast.bench.measure import Runner, UnavailableError
from bpfast.bench.measure import bpfast as bpfast_on
from bpfast.bench.once import in_own_process, peak_memory


def test_a_process_of_its_own_reports():
    small = next(job for job in workloads.JOBS if job.name == "W3x1")
    measured = in_own_process(small, bpfast_on("cpu"))
    assert 0 < measured["compile_seconds"] < measured["first_result_seconds"]
    assert measured["memory_bytes"] is None or measured["memory_bytes"] > 1e6


def test_a_process_that_fails_says_why(monkeypatch):
    with pytest.raises(UnavailableError, match="invalid choice: 'nobody, nothing'"):
        in_own_process(TINY, Runner("nobody", "nothing", missing))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell")
@pytest.mark.slow
def test_memory_grows_with_what_is_held():
    before = peak_memory()
    held = np.ones(before // 4)
    assert peak_memory() >= held.nbytes

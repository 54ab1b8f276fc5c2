"""How many threads kernels take, and fits from several Python threads."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.kernels.cpu import lanes, threads, tiles


@pytest.fixture
def plenty(monkeypatch):
    """A machine with 64 cores and no limits; returns the files of cgroups that it has."""
    files: dict[str, str] = {}

    def read_text(path, *_, **__):
        if str(path) not in files:
            raise FileNotFoundError(path)
        return files[str(path)]

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    monkeypatch.setattr(Path, "read_text", read_text)
    threads._cgroup_cores.cache_clear()
    yield files
    threads._cgroup_cores.cache_clear()


@pytest.mark.usefixtures("plenty")
def test_all_cores():
    assert threads.thread_count() == 64


@pytest.mark.usefixtures("plenty")
def test_affinity(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 8}, raising=False)
    assert threads.thread_count() == 3


@pytest.mark.usefixtures("plenty")
@pytest.mark.parametrize(("given", "expected"), [("1", 1), ("7", 7), ("", 64), ("many", 64)])
def test_numba_num_threads(monkeypatch, given, expected):
    monkeypatch.setenv("NUMBA_NUM_THREADS", given)
    assert threads.thread_count() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("max 100000", 64)],
)
def test_cgroup_version_2(plenty, text, expected):
    plenty["/sys/fs/cgroup/cpu.max"] = text + "\n"
    assert threads.thread_count() == expected


@pytest.mark.parametrize(("quota", "expected"), [("400000", 4), ("-1", 64)])
def test_cgroup_version_1(plenty, quota, expected):
    plenty["/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = quota + "\n"
    plenty["/sys/fs/cgroup/cpu/cpu.cfs_period_us"] = "100000\n"
    assert threads.thread_count() == expected


def test_run_calls_every_member_and_raises_what_one_raised():
    seen: set[int] = set()
    threads.run(seen.add, 4)
    assert seen == {0, 1, 2, 3}

    def fail(member):
        seen.discard(member)
        if member == 2:
            raise RuntimeError("member 2")

    with pytest.raises(RuntimeError, match="member 2"):
        threads.run(fail, 4)
    assert not seen  # the others were waited for


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="threads are not told where to run"
)
def test_threads_wake_up_on_other_cores_than_their_callers(monkeypatch):
    cores = os.sched_getaffinity(0)
    allowed: dict[int, set[int]] = {}
    for core in [*cores, *cores]:
        monkeypatch.setattr(threads, "_this_core", lambda core=core: core)
        threads.run(lambda member: allowed.update({member: os.sched_getaffinity(0)}), 2)
        assert allowed[0] == cores
    assert allowed[1] == (cores - {core} or cores)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked")
def test_a_forked_process_has_threads_of_its_own():
    code = """
import os, sys
from bpfast.kernels.cpu import threads
for process in ("parent", "child"):
    seen = set()
    threads.run(seen.add, 3)
    assert seen == {0, 1, 2}
    if process == "parent" and (child := os.fork()):
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_no_more_threads_than_allowed(monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    monkeypatch.setattr(threads, "_idle", {})  # no threads of earlier tests
    population = bp.Population(bp.MLP((3, 50, 2)), 8)
    bp.fit(population, np.ones((5, 3)), np.ones((5, 2)), bp.SGD(), epochs=1, progress=False)
    assert not threads._idle  # where those would be that had worked


def fit(seed, results, layers):
    X = np.random.default_rng(0).normal(size=(600, layers[0]))
    population = bp.Population(bp.MLP(layers), 20 if layers[1] < 100 else 1, seed=seed)
    bp.fit(population, X, X[:, :2], bp.Adam(), epochs=20, batch_size=300, progress=False)
    results[seed] = population.parameters


@pytest.mark.parametrize("layers", [(3, 5, 2), (3, 200, 2)], ids=["lanes", "large batch"])
def test_fits_from_several_python_threads_at_once(layers):
    alone: dict[int, np.ndarray] = {}
    together: dict[int, np.ndarray] = {}
    for seed in range(4):
        fit(seed, alone, layers)
    at_once = [threading.Thread(target=fit, args=(s, together, layers)) for s in range(4)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join(timeout=300)
    assert sorted(together) == sorted(alone)
    for seed, parameters in alone.items():
        np.testing.assert_array_equal(parameters, together[seed])


@pytest.mark.parametrize(("alone", "expected"), [(1e9, 1), (0.0, 2)])
def test_no_thread_is_woken_for_what_is_soon_done(monkeypatch, alone, expected):
    taken, run = [], threads.run
    for strategy in (lanes, tiles):
        monkeypatch.setattr(strategy, "run", lambda work, n: taken.append(n) or run(work, n))
    monkeypatch.setattr(cpu, "ALONE", alone)
    monkeypatch.setattr(cpu, "thread_count", lambda: 2)
    population, X = bp.Population(bp.MLP((3, 4, 1)), 64), np.ones((5, 3))
    population.predict(X, "cpu")
    bp.gradients(population, X, X[:, :1], device="cpu")
    bp.fit(population, X, X[:, :1], bp.SGD(), epochs=1, device="cpu", progress=False)
    assert taken == [expected] * 3


def test_predictions_from_several_python_threads_at_once():
    population = bp.Population(bp.MLP((3, 20, 2)), 2)
    X = np.random.default_rng(0).normal(size=(9, 3))
    expected, found = population.predict(X, "cpu"), []

    def predict():
        found.append([population.predict(row[None], "cpu")[:, 0] for row in X])

    at_once = [threading.Thread(target=predict) for _ in range(4)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()
    np.testing.assert_array_equal(found, [expected.swapaxes(0, 1)] * 4)

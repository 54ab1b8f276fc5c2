"""What a cluster is given to do: who does it, what comes back, and what Ctrl-C leaves."""

import os

import pytest

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")

from cluster_workers import wait_for  # noqa: E402

from bpfast.sweeps.dask_tasks import DaskTasks  # noqa: E402

pytestmark = pytest.mark.xdist_group("dask")  # two cores have room for one cluster


def test_workers_are_seen_whatever_the_client_looks_up_meanwhile(client):
    """A client asks now and then how its scheduler is, and then forgets who its workers are."""
    with (
        dask.config.set({"distributed.client.scheduler-info-interval": "1ms"}),
        distributed.Client(client.scheduler.address) as busy,
    ):
        tasks = DaskTasks(busy, [], str, None)
        for _ in range(100):
            tasks.look()
            assert tasks.concurrency == 2


def test_memory_is_that_of_a_thread(client):
    assert DaskTasks(client, [], str, 1000).memory == 1000
    assert 1000 < DaskTasks(client, [], str, None).memory < 1 << 62


@pytest.fixture
def event(client):
    """What tasks on the cluster may wait for."""
    event = distributed.Event(client=client)
    yield event
    event.set()


def test_results_come_as_they_end(client, event):
    """Of quick ones, some wait behind the slow one, if Dask gave them to the same worker."""
    tasks = DaskTasks(client, [], str, None)
    value = tasks.everywhere([7])
    tasks.submit("slow", wait_for, value, event)
    for task in range(6):
        tasks.submit(task, list, value)
    first, result = tasks.next()
    assert first != "slow"
    assert result == [7]
    event.set()
    ended = dict(tasks.next() for _ in range(6))
    assert ended.keys() | {first} == {"slow", *range(6)}
    assert all(result == [7] for result in ended.values())
    tasks.close()


def test_an_error_is_raised_here(client):
    tasks = DaskTasks(client, [], str, None)
    tasks.submit("wrong", int, "x")
    with pytest.raises(ValueError, match="invalid literal"):
        tasks.next()


def test_after_an_interrupt_nothing_else_begins(client, event):
    interrupted = []
    tasks = DaskTasks(client, interrupted, str, None)
    tasks.submit(0, os.getpid)
    assert tasks.next()[1]
    interrupted.append(True)
    for task in range(1, 9):
        tasks.submit(task, wait_for, task, event)
    ended = dict(tasks.next() for _ in range(8))
    assert ended == dict.fromkeys(range(1, 9))
    tasks.close()


@pytest.mark.parametrize("given", [None, "tcp://127.0.0.1:8786"])
def test_only_a_client_will_do(given):
    with pytest.raises(TypeError, match=r"must be a distributed\.Client"):
        DaskTasks(given, [], str, None)

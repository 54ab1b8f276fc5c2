"""Sweeps on a Dask cluster: real processes, real kills, the same table as in this process."""

import os
import signal
import subprocess
import sys

import pytest
from sweeps import NUMBERS, WORDS, X, by_network, press, same

import bpfast as bp

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
pytest.importorskip("optuna")

from cluster_workers import local_cluster  # noqa: E402

pytestmark = pytest.mark.xdist_group("dask")  # two cores have room for one cluster

SPACE = {"learning_rate": "1e-3:1e-1:log", "hidden": [3, (2, 2)], "batch_size": 16}


def sweep(client=None, y=WORDS, X=X, **options):
    settings = {"space": SPACE, "networks": 40, "epochs": 3, "device": "cpu"}
    return bp.sweep(X, y, client=client, **settings | options)


def same_work(result, expected):
    """Nothing was lost, and nothing counted twice."""
    same(result, expected)
    assert result.sample_updates == expected.sample_updates


@pytest.mark.parametrize(
    ("y", "options"),
    [
        (WORDS, {}),
        (NUMBERS, {"device": "reference"}),
        (WORDS, {"sampler": "tpe"}),
        (NUMBERS, {"halving": "hyperband", "epochs": 9}),
        (WORDS, {"cv": 3, "halving": "successive", "epochs": 9}),
        (NUMBERS, {"space": {"learning_rate": 1e12, "optimizer": "sgd", "hidden": 3}}),
    ],
)
def test_the_table_is_that_of_one_machine(y, options, client, monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 20)
    same_work(sweep(client, y, **options), sweep(None, y, **options))


def test_a_table_with_words_and_holes_is_sent_too(client):
    pytest.importorskip("polars")
    numbers = [None if k % 7 == 0 and k > 60 else value for k, value in enumerate(X[:, 0])]
    table = {"number": numbers, "word": WORDS}
    options = {"X": table, "cv": 2, "class_weight": "balanced", "metric": "roc_auc"}
    options["sample_weight"] = X[:, 1] ** 2
    same_work(sweep(client, WORDS[::-1], **options), sweep(None, WORDS[::-1], **options))


def test_both_workers_train_and_each_is_sent_the_data_once(client, watched):
    seen = watched()
    sweep(client)
    processes = {(process, trainer) for _, process, trainer, _ in seen()}
    assert len(processes) == len({process for process, _ in processes}) == 2


def test_shards_fit_into_memory(client, watched):
    seen = watched()
    same_work(sweep(client, memory=1), sweep())
    assert all("," not in numbers for *_, numbers in seen())


@pytest.mark.parametrize(("seconds", "most"), [(60.0, 3), (1e-9, 1)])
def test_shards_fit_into_the_time_that_they_should_take(
    seconds, most, client, watched, monkeypatch
):
    """The first of a quasi-random sampler's trials is trained alone: the speed is known then."""
    seen = watched()
    monkeypatch.setattr("bpfast.sweeps.study.BATCH", {"qmc": 48})
    monkeypatch.setattr("bpfast.sweeps.rounds.COHORT_SHARE", 1)
    monkeypatch.setattr("bpfast.sweeps.workers.GRAIN", 1)
    monkeypatch.setattr("bpfast.sweeps.dask_workers.SHARD_SECONDS", seconds)
    options = {"sampler": "qmc", "space": SPACE | {"hidden": 3}}
    same_work(sweep(client, **options), sweep(**options))
    assert max(numbers.count(",") + 1 for *_, numbers in seen()) == most


@pytest.mark.parametrize("options", [{}, {"sampler": "tpe"}])
def test_a_sweep_ends_with_its_time(options, client, watched):
    """A worker is given a job when it is free: its time does not run while it waits."""
    seen = watched()
    timed = sweep(client, networks=None, time=1.0, **options)
    assert timed.ended_by_time
    networks = int(timed.table["network"].max()) + 1
    whole = by_network(sweep(networks=networks, **options), "validation_score")
    own = by_network(timed, "validation_score")
    complete = timed.table["network"][timed.table["epochs"] == 3].tolist()
    assert complete
    assert all(own[number] == whole[number] for number in complete)
    assert len(seen()) >= 2


def test_what_a_cluster_has_on_its_way_ends_as_it_is(client, tmp_path):
    options = {"networks": 40, "epochs": 4 * 10**5, "run": tmp_path}
    options["space"] = SPACE | {"batch_size": 1}  # an epoch takes a while, on any machine
    result = sweep(client, time=1.0, **options)
    assert result.ended_by_time
    assert (result.table["epochs"] < 4 * 10**5).all()
    again = sweep(client, time=1.0, resume=True, **options)
    same(again, result)


def test_jobs_wait_for_a_free_thread_and_are_not_begun_too_late(client, watched):
    """In a second two threads begin eight shards that wait for a quarter of it, of at least 20."""
    seen = watched(slow=0.25)
    space = SPACE | {"hidden": [*range(1, 21)]}
    result = sweep(client, networks=None, space=space, time=1.0)
    begun = [int(number) for *_, numbers in seen() for number in numbers.split(",")]
    assert 2 <= len(seen()) <= 10
    assert sorted(result.table["network"]) == sorted(begun)


def test_a_killed_workers_shard_is_trained_by_another(client, watched):
    options = {"halving": "successive", "epochs": 9}
    seen = watched(kill="first")
    same_work(sweep(client, **options), sweep(**options))
    assert len({process for _, process, _, _ in seen()}) >= 2
    client.wait_for_workers(2)  # its successor, for other tests


def test_a_shard_that_kills_every_worker_is_named_and_the_rest_is_kept(watched, tmp_path):
    expected = sweep()
    with local_cluster(**{"scheduler.allowed-failures": 0}) as (client, _):
        sweep(client, networks=20, run=tmp_path / "run")
        watched(client, kill="every")
        with pytest.raises(RuntimeError, match=r"networks \d+ to \d+ \(.* adam\) took 1 workers"):
            sweep(client, run=tmp_path / "run", resume=True)
    same(sweep(run=tmp_path / "run", resume=True), expected)


def test_workers_may_all_die_with_the_data(watched):
    with local_cluster(workers=1) as (client, _):
        watched(client, kill="first")
        same_work(sweep(client), sweep())


@pytest.fixture
def rounds(monkeypatch):
    """Options of a sweep of many rounds, of which the first one makes its cluster larger."""
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 20)

    def options(client, started):
        def grow(_):
            started.scale(2)
            client.wait_for_workers(2)

        return {"progress": grow, "networks": 100, "sampler": "tpe"}

    return options


def test_a_worker_that_joins_late_takes_part(watched, rounds):
    with local_cluster(workers=1) as (client, started):
        seen = watched(client, slow=0.1)
        same_work(sweep(client, **rounds(client, started)), sweep(networks=100, sampler="tpe"))
        assert len({name for name, *_ in seen()}) == 2


def test_what_waits_for_a_slow_worker_moves(client, watched):
    options = {"space": SPACE | {"hidden": [*range(1, 11)]}}
    seen = watched()
    sweep(client, **options)
    before = [name for name, *_ in seen()]
    most = 2 * len(before) // 3 + 1
    watched(lines=before.count("1") + most, name=0)
    same_work(sweep(client, **options), sweep(**options))
    names = [name for name, *_ in seen()][len(before) :]
    assert 0 < names.count("0") < names.count("1") / 2


REFUSED = r"has bpfast 0\.0\.1, the sweep has bpfast 0\.1\.0: install the same everywhere"


def test_a_worker_of_another_version_is_refused(client, watched):
    watched(version="0.0.1", name=0)
    with pytest.raises(ValueError, match=REFUSED):
        sweep(client)


def test_a_worker_of_another_version_that_joins_late_is_refused(watched, rounds, tmp_path):
    with local_cluster(workers=1) as (client, started):
        seen = watched(client, version="0.0.1", name=1)
        options = rounds(client, started) | {"run": tmp_path / "run"}
        with pytest.raises(ValueError, match=REFUSED):
            sweep(client, **options)
        assert {name for name, *_ in seen()} == {"0"}
        options["progress"] = None
    same(sweep(resume=True, **options), sweep(networks=100, sampler="tpe"))


# --- what ends a sweep, and how it goes on --------------------------------------------------------


def test_after_ctrl_c_a_sweep_goes_on_where_it_was(client, watched, tmp_path):
    options = {"space": SPACE | {"hidden": [*range(1, 11)]}, "halving": "successive", "epochs": 9}
    watched(slow=0.3)
    pressed = []

    def interrupt(progress):
        if progress.done and not pressed:
            pressed.append(True)
            press()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bpfast.sweeps.dask_tasks.LOOK_SECONDS", 60.0)  # results come sooner
        first = sweep(client, run=tmp_path / "run", progress=interrupt, **options)
    assert first.interrupted
    assert 0 < len(first.table["network"]) < 40
    same(sweep(client, run=tmp_path / "run", resume=True, **options), sweep(**options))


CLUSTER = """
import distributed, sys
if __name__ == "__main__":
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
"""


def test_a_sweep_outlives_its_scheduler(client, tmp_path, monkeypatch):
    monkeypatch.setattr("bpfast.sweeps.study.LEARNING_BATCH", 20)
    options = {"networks": 100, "sampler": "tpe"}
    (tmp_path / "cluster.py").write_text(CLUSTER)
    with subprocess.Popen(
        [sys.executable, tmp_path / "cluster.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # workers die with it
    ) as process:

        def kill(progress):
            if progress.networks > 30:
                os.killpg(process.pid, signal.SIGKILL)

        with (
            distributed.Client(process.stdout.readline().strip()) as other,
            pytest.raises(ConnectionError, match="scheduler is gone"),
        ):
            sweep(other, run=tmp_path / "run", progress=kill, **options)
    begun = len(list((tmp_path / "run" / "parts").glob("*.parquet")))
    assert begun
    same(sweep(client, run=tmp_path / "run", resume=True, **options), sweep(**options))


def test_an_async_client_is_refused():
    with pytest.raises(TypeError, match="not asynchronous"):
        sweep(distributed.Client)


def test_a_closed_client_is_refused(client):
    closed = distributed.Client(client.scheduler.address)
    closed.close()
    with pytest.raises(ConnectionError, match="scheduler is gone"):
        sweep(closed)

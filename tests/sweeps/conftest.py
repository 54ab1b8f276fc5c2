"""A Dask cluster for a module of tests, and what its workers trained."""

import pytest


@pytest.fixture(scope="module")
def client():
    """A client of two worker processes with a thread each."""
    pytest.importorskip("distributed")
    from cluster_workers import local_cluster

    with local_cluster() as (client, _):
        yield client


@pytest.fixture
def watched(client, tmp_path):
    """Watches a cluster's workers; gives what they left: name, process, trainer, trials."""
    from cluster_workers import Watched

    registered = []

    def watch(client=client, **options):
        plugin = Watched(tmp_path / "log", **options)
        client.register_plugin(plugin, name="watched")
        registered.append(client)
        return lambda: [line.split() for line in (tmp_path / "log").read_text().splitlines()]

    yield watch
    if client in registered:
        client.unregister_worker_plugin("watched")

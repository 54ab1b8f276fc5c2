"""Libraries beside us."""

import sys
from dataclasses import replace

from small_jobs import TINY

from bpfast.bench import peers, workloads
from bpfast.bench.measure import agrees, measure
from bpfast.bench.measure import bpfast as bpfast_on


def test_peers_that_are_not_there_are_skipped_with_the_reason(monkeypatch):
    for module in ("jax", "torch", "sklearn.neural_network"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    results, skipped = measure(TINY, [bpfast_on("cpu"), *peers.PEERS], turns=1)
    assert [result["runner"] for result in results] == ["bpfast"]
    assert set(skipped) == {str(peer) for peer in peers.PEERS}
    assert all('is not installed: pip install "bpfast[bench]"' in why for why in skipped.values())


def test_scikit_learn_trains_each_network_on_its_fold():
    folded = replace(workloads.FOLDED[1], networks=5, samples=160, batch_size=32, epochs=2)
    runners = [bpfast_on("cpu"), peers.PEERS[-1]]
    results, _ = measure(workloads.Job("folds", (folded,)), runners, turns=1)
    assert [agrees(result) for result in results] == [True, True]

"""Libraries beside us."""

import sys

from small_jobs import TINY

from bpfast.bench import peers
from bpfast.bench.measure import bpfast as bpfast_on
from bpfast.bench.measure import measure


def test_peers_that_are_not_there_are_skipped_with_the_reason(monkeypatch):
    for module in ("jax", "torch", "sklearn.neural_network"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    results, skipped = measure(TINY, [bpfast_on("cpu"), *peers.PEERS], turns=1)
    assert [result["runner"] for result in results] == ["bpfast"]
    assert set(skipped) == {str(peer) for peer in peers.PEERS}
    assert all('is not installed: pip install "bpfast[bench]"' in why for why in skipped.values())

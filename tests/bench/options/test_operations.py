"""How many operations a case needs."""

from dataclasses import replace

import pytest

from bpfast.bench.options import operations
from bpfast.bench.options.cases import PLAIN, cases
from bpfast.bench.options.operations import ACTIVATIONS, LOSSES, PENALTIES, RULES, SOFTMAX
from bpfast.kernels import tables
from bpfast.training.network import loss_names
from bpfast.training.optimizers import SGD


def test_what_is_counted_is_there():
    assert set(ACTIVATIONS) <= set(tables.ACTIVATIONS)
    assert set(LOSSES) <= set(loss_names())
    assert set(RULES) <= set(tables.OPTIMIZERS)


def test_a_plain_case_by_hand():
    tiles = PLAIN["tiles"]
    products = 3 * (64 * 64 + 64 * 10) - 64 * 64
    biases, relu, loss = 2 * 74, 64 * ACTIVATIONS["relu"], 10 * LOSSES["cross_entropy"] + SOFTMAX
    step = 2 * (65 * 64 + 65 * 10) / 64
    assert operations.operations(tiles) == products + biases + relu + loss + step
    assert operations.operations(replace(tiles, dtype="float64")) == pytest.approx(
        2 * operations.operations(tiles)
    )


def test_what_a_step_does_counts_once_a_batch():
    tiles = PLAIN["tiles"]
    clipped = replace(tiles, optimizer=SGD(l1=0.1, clip_norm=1.0))
    more = operations.operations(clipped) - operations.operations(tiles)
    assert more == pytest.approx((PENALTIES["l1"] + PENALTIES["clip_norm"]) * 4810 / 64)
    larger = operations.operations(replace(clipped, batch_size=128))
    assert operations.operations(clipped) - larger == pytest.approx((2 + 4) * 4810 / 128)


def test_one_network_may_use_a_share_of_the_threads(monkeypatch):
    monkeypatch.setattr(operations, "thread_count", lambda: 4)
    tiles, large = PLAIN["tiles"], PLAIN["large batch"]
    one = operations.speed(replace(tiles, networks=1))
    assert one == operations.speed(replace(tiles, networks=5)) / 4
    assert operations.speed(large) == 1 / operations.operations(large)


def test_all_cases_have_a_count():
    assert all(operations.speed(case) > 0 for case, _ in cases())

"""Which networks are trained in groups, and that their bits do not depend on it."""

from unittest.mock import patch

import numpy as np
import pytest
from cases import OPTIMIZERS, TOLERANCE, draw_case
from examples_budget import drawn
from hypothesis import given, note
from hypothesis import strategies as st

import bpfast as bp
from bpfast.kernels.cpu import lanes
from bpfast.kernels.cpu.lanes import sharing
from bpfast.kernels.cpu.lanes.sharing import MOST_ALONE, best_groups, networks_alone
from bpfast.kernels.cpu.simd import LANES
from bpfast.kernels.task import Network


@pytest.mark.parametrize(
    ("networks", "threads", "groups"),
    [
        (1, 1, 0),
        (4, 1, 0),
        (5, 1, 1),
        (16, 1, 1),
        (17, 1, 1),
        (19, 1, 1),
        (21, 1, 2),
        (160_003, 1, 10_000),
        (6, 2, 0),
        (7, 2, 1),
        (16, 2, 1),
        (17, 2, 1),
        (32, 2, 2),
        (36, 2, 2),
        (48, 2, 3),
        (48, 16, 0),
        (64, 16, 4),
        (80, 16, 5),
    ],
)
def test_threads_are_done_the_soonest(networks, threads, groups):
    """Where a group takes as long as four networks one by one."""
    assert best_groups(networks, LANES, threads, 4) == groups


def test_a_larger_network_is_sooner_done_alone():
    alone = [networks_alone(Network((8, w, 1), True, ("tanh",), "mse", 0.0)) for w in range(1, 130)]
    assert alone == sorted(alone)
    assert set(alone) == set(range(2, MOST_ALONE + 1))


def state_of(case):
    """All that a training of a case leaves."""
    kind, options = OPTIMIZERS[case.optimizer]
    X, y, weights = case.samples()
    with bp.Training(
        bp.Population(case.mlp, case.n, case.seed, "torch", case.dtype),
        X,
        y,
        kind(**{"learning_rate": 0.01} | options | case.options),
        sample_weight=weights,
        validation=case.samples(seed=2) if case.validated else None,
        seed=case.seed,
        device="cpu",
        **case.fit,
    ) as training:
        training.advance()
    return training.state_dict()


def side_by_side(task, networks, lanes, threads):
    """All networks, in place of :func:`sharing.grouped`."""
    return networks


@pytest.mark.parametrize("dtype", TOLERANCE)
@drawn(20)
@given(seed=st.integers(0, 2**32 - 1), wild=st.booleans())
def test_lanes_and_tiles_and_teams_give_the_same_bits(forced, dtype, seed, wild):
    case = draw_case(np.random.default_rng(seed), dtype, 700)
    case.options.pop("clip_norm", None)
    case.fit["batch_size"] += case.fit["batch_size"] == 1
    if wild:  # some diverge
        case.options["learning_rate"] = np.resize([1e30, 0.01, 3.0], case.n)
    note(case)
    with forced("lanes", threads=1), patch.object(lanes, "grouped", side_by_side):
        expected = state_of(case)
    for strategy in ("tiles", "large batch"):
        with forced(strategy, threads=3):
            for name, array in state_of(case).items():
                np.testing.assert_array_equal(array, expected[name], f"{strategy}: {name}")


@pytest.mark.parametrize(
    ("options", "fit"),
    [({"clip_norm": [1.0, np.inf, np.inf]}, {}), ({}, {"batch_size": 1})],
    ids=["clipped", "sample by sample"],
)
def test_what_has_other_bits_in_tiles_stays_in_lanes(forced, options, fit):
    with forced("lanes"), patch.object(sharing, "best_groups") as best_groups:
        for _ in range(2):
            bp.fit(
                bp.Population(bp.MLP((2, 3, 1)), 3), np.ones((9, 2)), np.ones(9),
                bp.SGD(learning_rate=0.1, **options), epochs=1, progress=False, **fit,
            )  # fmt: skip
    best_groups.assert_not_called()

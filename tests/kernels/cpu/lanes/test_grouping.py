"""Which networks share a group."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from bpfast.kernels.cpu.lanes.grouping import (
    GROUP_PARAMETERS,
    MOST_LANES,
    group_size,
    groups_of,
)
from bpfast.kernels.cpu.simd import LANES
from bpfast.kernels.task import Network


def network(*layers):
    return Network(layers, True, ("tanh",) * (len(layers) - 2), "mse", 0.0)


def groups(fold, rows, lanes=16, threads=2, mixed=True):
    """The networks of each group, whose folds are given, and the rows of each fold."""
    task = SimpleNamespace(fold=np.array(fold), fold_start=np.cumsum([0, *rows]))
    by_fold = np.argsort(task.fold, kind="stable")
    networks, bounds = groups_of(task, by_fold, lanes, threads, mixed)
    assert sorted(networks) == list(range(len(fold)))
    assert np.diff(bounds).min() > 0
    assert np.diff(bounds).max() <= lanes
    return [networks[a:b] for a, b in pairwise(bounds)]


def test_only_the_tiniest_share_more_than_a_vector():
    tiny, large = network(2, 2, 1), network(30, 30, 1)
    assert group_size(tiny, 1000) == MOST_LANES
    assert group_size(tiny, 20) == 2 * LANES
    assert group_size(tiny, 1) == group_size(large, 1000) == LANES
    for size in range(1, 30):
        one = network(size, size, 1)
        lanes = group_size(one, 1000)
        assert lanes == LANES or one.n_parameters * lanes <= GROUP_PARAMETERS


def test_networks_of_one_fold_are_as_they_were():
    task = SimpleNamespace(fold=np.broadcast_to(np.int64(0), 50), fold_start=np.array([0, 9]))
    networks = np.arange(3, 50)
    same, bounds = groups_of(task, networks, 16, 2, True)
    assert same is networks
    np.testing.assert_array_equal(bounds, [0, 16, 32, 47])


@pytest.mark.parametrize(
    ("folds", "each", "threads", "expected"),
    [(5, 200, 2, 63), (5, 4, 2, 2), (100, 1, 2, 7), (5, 16, 2, 5), (2, 8, 1, 1)],
)
def test_groups_are_as_few_as_may_be_and_mostly_of_one_fold(folds, each, threads, expected):
    fold = np.arange(folds * each) % folds
    found = groups(fold, [80] * folds, threads=threads)
    assert len(found) == expected
    pure = sum(np.ptp(fold[group]) == 0 for group in found)
    assert pure >= folds * (each // 16)


def test_folds_stay_apart_where_threads_would_be_idle():
    fold = np.arange(16) % 2
    assert [len(group) for group in groups(fold, [80, 80], threads=2)] == [8, 8]
    assert all(np.ptp(fold[group]) == 0 for group in groups(fold, [80, 80], threads=2))


def test_folds_stay_apart_where_they_cannot_share_a_group():
    found = groups(np.arange(40) % 20, [9] * 20, mixed=False)
    assert [len(group) for group in found] == [2] * 20


def test_networks_of_a_group_have_about_as_many_rows():
    rows = np.random.default_rng(0).permutation(100) + 1
    for group in groups(np.arange(100), rows, threads=1):
        assert np.ptp(rows[group]) < 16


def test_numba_sees_the_same_type_whether_or_not_networks_are_moved():
    task = SimpleNamespace(fold=np.arange(20) % 5, fold_start=np.arange(6) * 9)
    networks, _ = groups_of(task, np.argsort(task.fold, kind="stable"), 16, 2, True)
    assert not networks.flags.writeable

"""Random, stratified splits."""

import re

import numpy as np
import pytest

from bpfast.tables.splitting import split, stratified_ranks


def test_parts_cover_all_rows_and_keep_proportions():
    y = np.repeat([0, 1, 2], [500, 300, 100])
    parts = split(y, 3, validation=0.2, test=0.1, seed=3)
    rows = np.concatenate([parts.train, parts.validation, parts.test])
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(y)))
    for part, share in ((parts.train, 0.7), (parts.validation, 0.2), (parts.test, 0.1)):
        np.testing.assert_allclose(np.bincount(y[part]), share * np.bincount(y), atol=1)


def test_ranks_below_a_share_are_that_share_of_every_class():
    y = np.repeat([0, 1, 2], [500, 300, 100])
    ranks = stratified_ranks(y, 3, seed=0)
    assert 0 <= ranks.min() < ranks.max() <= 1
    np.testing.assert_allclose(np.bincount(y[ranks < 0.3]), 0.3 * np.bincount(y), atol=1)


def test_split_is_drawn_from_the_seed():
    y = np.arange(100.0)
    first, again, other = (split(y, 0, 0.2, 0.2, seed).test for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("validation", "test", "words"),
    [
        (0.0, 0.2, "validation=0.0 must be a share of the rows between 0 and 1"),
        (-0.1, 0.2, "validation=-0.1 must be a share of the rows between 0 and 1"),
        (1.0, 0.0, "validation=1.0 must be a share of the rows between 0 and 1"),
        (float("nan"), 0.0, "validation=nan must be a share of the rows between 0 and 1"),
        (0.2, 1.0, "leave some for training"),
        (0.2, -0.1, "leave some for training"),
        (0.2, float("nan"), "leave some for training"),
        (0.5, 0.5, "leave some for training"),
    ],
)
def test_shares_that_leave_nothing_are_refused(validation, test, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        split(np.arange(100.0), 0, validation, test, 0)


@pytest.mark.parametrize("validation", [0.1, 0.5, 0.95])
def test_a_split_may_have_no_test_part(validation):
    y = np.repeat([0, 1, 2], [60, 30, 10])
    parts = split(y, 3, validation, 0, seed=1)
    assert len(parts.test) == 0
    assert len(parts.validation) == pytest.approx(100 * validation, abs=3)
    np.testing.assert_array_equal(np.sort([*parts.train, *parts.validation]), np.arange(100))


def test_too_few_rows_are_refused():
    with pytest.raises(ValueError, match="2 rows are too few"):
        split(np.arange(2.0), 0, 0.2, 0.2, 0)

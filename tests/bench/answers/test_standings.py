"""Ranks, tables won and times."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpfast.bench.answers import standings


@pytest.fixture
def results(made):
    return [
        *made("x", a=[0.2, 0.4], bb=[0.5, 0.5], cccc=[0.3]),
        *made("y", a=[0.5], bb=[0.5], cccc=[0.75]),
        *made("z", "RMSE", a=[3.0], bb=[2.0]),
    ]


def test_runners_are_compared_where_all_have_a_loss(results):
    found = standings.compare(results, ["a", "bb", "cccc"])
    assert found.tables == ["x", "y"]
    assert found.losses.tolist() == [[0.2, 0.5, 0.3], [0.5, 0.5, 0.75]]
    assert found.ranks.tolist() == [1.25, 2.25, 2.5]
    assert standings.compare(results, ["a", "bb"]).losses[0] == pytest.approx([0.3, 0.5])
    assert standings.everywhere(results) == ["a", "bb"]


def test_gaps_are_between_the_least_loss_and_a_constants(results):
    found = standings.compare(results, ["a", "bb", "cccc"])
    np.testing.assert_allclose(found.gaps, [[0, 0.375, 0.125], [0, 0, 0.5]])
    far = standings.compare(results, ["a", "bb"])
    assert far.gaps[2].tolist() == [0, 0]  # nobody beats a constant's 1.0 on z


def test_tables_are_won_and_shared(results):
    assert standings.won(results, "a", "bb") == (1.5, 3)
    assert standings.won(results, "bb", "a") == (1.5, 3)
    assert standings.won(results, "a", "cccc") == (2, 2)
    assert standings.won(results, "a", "nobody") == (0, 0)


def test_times_are_ratios_over_common_fits(results):
    assert standings.times(results, "a", "bb") == pytest.approx(2)
    assert standings.times(results, "cccc", "a", "cpu_seconds") == pytest.approx(0.25)
    assert np.isnan(standings.times(results, "a", "nobody"))


LOSSES = st.lists(
    st.lists(st.sampled_from([0.1, 0.2, 0.5, 1.0, 2.0]), min_size=3, max_size=3),
    min_size=1,
    max_size=5,
)


@settings(max_examples=25, deadline=None)
@given(losses=LOSSES)
def test_ranks_and_wins_add_up(losses):
    results = [
        {"table": str(k), "split": 0, "runner": r, "loss": v, "constant_loss": 1.0, "seconds": 1.0}
        for k, row in enumerate(losses)
        for r, v in zip("abc", row, strict=True)
    ]
    found = standings.compare(results, "abc")
    assert found.ranks.sum() == pytest.approx(6)
    assert (found.gaps.min(axis=1) == 0).all()
    assert (found.gaps <= 1).all()
    first, second = standings.won(results, "a", "b"), standings.won(results, "b", "a")
    assert first[0] + second[0] == first[1] == len(losses)

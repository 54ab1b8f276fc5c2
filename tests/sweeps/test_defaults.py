"""The usual space: one that any data can be swept with, and that follows from their size alone."""

import numpy as np
import pytest
from datasets import NUMBERS, X, array_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from bpfast.sweeps.defaults import MOST_INPUTS, number_encodings, usual_space, usual_space_of
from bpfast.sweeps.folds import Splitting
from bpfast.sweeps.parts import SweepData
from bpfast.sweeps.space import Space
from bpfast.tables.encoding.expansion import expanded_inputs


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10_000_000), st.integers(0, 3000), st.integers(0, 60))
def test_any_size_has_a_space(rows, numbers, others):
    space = usual_space(rows, [False] * numbers + [True] * others)
    assert "patience" in Space(space).fixed
    low, middle, high = map(int, space["batch_size"].split(","))
    assert (low * 2, middle * 2) == (middle, high)
    assert 32 <= middle <= 1024
    for name in space["number_encoding"].split(","):
        if name.startswith("piecewise"):
            width = expanded_inputs(name, [False] * numbers + [True] * others)
            assert width <= MOST_INPUTS
            assert width * rows <= 1 << 28
    assert ("quantile" in space["number_encoding"]) == (numbers > 0)


def test_batches_grow_with_the_rows():
    middles = [
        int(usual_space(rows)["batch_size"].split(",")[1]) for rows in (300, 2400, 9600, 40_000)
    ]
    assert middles == [32, 64, 128, 256]


def test_bins_are_for_numbers_and_narrow_tables():
    assert number_encodings(1000, [True, True]) == "scaled"
    assert number_encodings(1000, [False] * 4).endswith("piecewise24,piecewise32")
    assert number_encodings(1000, [False] * 1000) == "scaled,quantile"
    assert number_encodings(10_000_000, [False] * 10) == "scaled,quantile"


@pytest.mark.parametrize("cv", [None, 3])
def test_rows_are_those_that_a_network_is_trained_on(cv):
    data = SweepData.of(
        array_dataset(np.tile(X, (40, 1)), np.tile(NUMBERS, 40)), Splitting(cv=cv), 0
    )
    assert usual_space_of(data) == usual_space(min(map(len, data.folds.rows)), [False] * 3)

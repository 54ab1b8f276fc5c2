"""Runners, each on a made-up table."""

import importlib.util

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from bpfast.bench.answers import runners
from bpfast.bench.answers.runners import BPFAST, RIVALS, RUNNERS, SINGLE
from bpfast.bench.answers.tables import read, split


@pytest.mark.filterwarnings("ignore", category=ConvergenceWarning)
@pytest.mark.parametrize("table", ["sorts", "sizes"])
@pytest.mark.parametrize("name", RIVALS)
def test_rivals_answer(name, table, folder):
    runner = RUNNERS[name]
    train, test = split(read(table, folder), 0)
    if any(importlib.util.find_spec(module.split(".")[0]) is None for module in runner.modules):
        pytest.skip(f"{runner.packages[0]} is not installed")
    found = runner.fit(train, 0)(test.X)
    assert [*found] == [*runner.answers] == [name]
    _better_than_a_constant(found[name], train, test)


def _better_than_a_constant(found, train, test):
    if test.classes:
        assert found.shape == (len(test.y), 2)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
        assert (found.argmax(axis=1) == test.y).mean() > 0.6
    else:
        assert found.shape == test.y.shape
        assert np.mean((found - test.y) ** 2) < np.mean((train.y.mean() - test.y) ** 2)


@pytest.mark.parametrize("table", ["sorts", "sizes"])
def test_a_sweep_has_two_answers(table, folder):
    train, test = split(read(table, folder), 0)
    found = runners._bpfast(train, 0, networks=32, epochs=10)(test.X)
    assert [*found] == [BPFAST, SINGLE] == [*RUNNERS[BPFAST].answers]
    for one in found.values():
        _better_than_a_constant(one, train, test)


def test_a_class_that_no_training_row_has_gets_no_share():
    found = runners._all_classes(np.array([[0.25, 0.75]]), [0, 2], 3)
    assert found.tolist() == [[0.25, 0, 0.75]]

"""How runs are timed and checked."""

import numpy as np
import pytest
from small_jobs import MANY

from bpfast.bench.measure import bpfast as bpfast_on
from bpfast.bench.measure import difference, measure


def test_losses_differ_by_the_worst_of_them():
    expected = np.array([1.0, 2.0, 0.0])
    assert difference(expected, expected) == 0
    assert difference(np.array([1.0, 2.2, 0.0]), expected) == pytest.approx(0.1)
    assert difference(np.array([1.0, np.nan, 0.0]), expected) > 1e9


def test_parts_are_trained_one_after_another():
    results, skipped = measure(MANY, [bpfast_on("cpu")], turns=1)
    assert skipped == {}
    assert results[0]["networks"] == 10
    assert results[0]["loss_difference"] == 0
    assert results[0]["kernel"] == "lanes and tiles"

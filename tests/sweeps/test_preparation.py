"""What is found in training rows: it encodes and scales them, and any other rows."""

import numpy as np
import pytest
from datasets import NUMBERS, X, array_dataset

from bpfast.sweeps.preparation import Part, Preparer
from bpfast.sweeps.weights import Weighting

ROWS, OTHERS = np.arange(60), np.arange(60, 90)


def prepared(inputs=X, y=NUMBERS, **options):
    dataset = array_dataset(inputs, y, **options)
    return dataset, *Preparer(dataset, Weighting(), 0).prepare(ROWS)


def test_training_rows_have_mean_0_and_deviation_1():
    _, _, part = prepared()
    np.testing.assert_allclose(part.X.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(part.X.std(axis=0), 1, atol=1e-6)
    np.testing.assert_allclose([part.y.mean(), part.y.std()], [0, 1], atol=1e-12)
    np.testing.assert_array_equal(part.target, NUMBERS[:60])


def test_other_rows_are_prepared_alike():
    dataset, found, part = prepared()
    again = found.part(dataset, ROWS)
    np.testing.assert_array_equal(again.X, part.X)
    np.testing.assert_array_equal(again.y, part.y)
    other = found.part(array_dataset(X[OTHERS], NUMBERS[OTHERS]), np.arange(30))
    np.testing.assert_array_equal(other.X, found.part(dataset, OTHERS).X)
    np.testing.assert_allclose(found.target_scaler.invert(other.y), NUMBERS[OTHERS])


def test_several_outputs_are_scaled_each_for_itself():
    y = np.stack([NUMBERS, NUMBERS**2], axis=1)
    _, found, part = prepared(y=y)
    np.testing.assert_allclose(part.y.std(axis=0), 1)
    assert found.target_scaler.mean.shape == (2,)


def test_logarithms_are_scaled():
    y = np.exp(NUMBERS / 20)
    dataset, found, _ = prepared(y=y, transform="log")
    other = found.part(dataset, OTHERS)
    np.testing.assert_allclose(found.target_scaler.invert(other.y), NUMBERS[OTHERS] / 20)
    np.testing.assert_array_equal(other.target, y[OTHERS])


def test_labels_are_not_scaled():
    y = np.stack([NUMBERS > 0, NUMBERS > 5], axis=1)
    _, found, part = prepared(y=y)
    assert found.target_scaler is None
    np.testing.assert_array_equal(part.y, y[ROWS])


def test_a_part_may_have_inputs_of_zeros_after_its_own():
    part = Part(np.ones((4, 2), np.float32), np.arange(4.0), np.arange(4.0))
    wide = part.padded(3)
    np.testing.assert_array_equal(wide.X, [[1, 1, 0]] * 4)
    assert wide.X.dtype == np.float32
    assert part.padded(2) is part
    assert [len(values) for values in wide.cut(0, 3)[:3]] == [3, 3, 3]


def test_a_table_without_inputs_is_refused():
    pl = pytest.importorskip("polars")
    same = pl.DataFrame({"same": ["a"] * 90})
    with pytest.raises(ValueError, match=r"no column is left to predict from .same: .*keep one"):
        prepared(same)

"""NPZ files, to train on and to predict from."""

import numpy as np
import pytest

from bpfast.tables.files import read_npz, read_npz_inputs

FEATURES = ["area", "colour=blue", "colour=green", "colour=red", "garden"]


@pytest.fixture
def path(tmp_path):
    """Where a test's file is to be."""
    return tmp_path / "a.npz"


def test_npz(path):
    X = np.arange(24.0).reshape(12, 2)
    np.savez(path, X=X, y=np.arange(12) % 2, other=X[:, 0] + 0.5)
    data = read_npz(path, "y", None)
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_array_equal(data.y, np.arange(12) % 2)
    assert data.features == ["x0", "x1"]
    assert data.groups is None
    np.testing.assert_array_equal(read_npz(path, "other", None).y, X[:, 0] + 0.5)
    np.testing.assert_array_equal(read_npz(path, "y", "other").groups, X[:, 0] + 0.5)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"A": np.ones((6, 2))}, "there is no array 'X'"),
        ({"X": np.ones((6, 2)), "y": np.float64(3.0)}, r"shapes \(6, 2\) and \(\)"),
        ({"X": np.ones((6, 2)), "y": np.ones(5)}, r"shapes \(6, 2\) and \(5,\)"),
        ({"X": np.full((6, 2), np.nan), "y": np.ones(6)}, "column 'x0' .* row 1"),
    ],
)
def test_bad_arrays_are_refused(arrays, words, path):
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=words):
        read_npz(path, "y", None)


def test_inputs_of_an_npz_are_taken_in_order(path):
    X = np.arange(10).reshape(2, 5)
    np.savez(path, X=X)
    np.testing.assert_array_equal(read_npz_inputs(path, FEATURES), X)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"A": np.ones((6, 5))}, r"an array X \(samples, 5\) .* colour=blue, .* got A \(6, 5\)"),
        ({"X": np.ones((6, 3))}, r"got X \(6, 3\)"),
        ({"X": np.ones((0, 5))}, r"got X \(0, 5\)"),
        ({"X": np.full((6, 5), "a")}, r"got X \(6, 5\)"),
        ({"X": np.full((6, 5), np.nan)}, "column 'area' is not a finite number in row 1"),
    ],
)
def test_bad_arrays_of_inputs_are_refused(arrays, words, path):
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=words):
        read_npz_inputs(path, FEATURES)


def test_half_an_npz_is_refused(path):
    np.savez(path, X=np.ones((50, 2)), y=np.ones(50))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="cannot be read"):
        read_npz(path, "y", None)

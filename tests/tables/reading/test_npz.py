"""NPZ files, as arrays and as tables."""

import numpy as np
import pytest

from bpfast.tables.reading.npz import read_columns, read_npz


@pytest.fixture
def path(tmp_path):
    """Where a test's file is to be."""
    return tmp_path / "a.npz"


def test_arrays_are_read_by_name(path):
    X = np.arange(24).reshape(12, 2)
    np.savez(path, X=X, y=np.arange(12) % 2, other=X[:, 0] + 0.5, both=X / 2)
    arrays = read_npz(path, ["y", "both"])
    assert [*arrays] == ["X", "y", "both"]
    assert arrays["X"].dtype == np.float64
    np.testing.assert_array_equal(arrays["X"], X)
    np.testing.assert_array_equal(arrays["both"], X / 2)
    assert [*read_npz(path)] == ["X"]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"A": np.ones((6, 2))}, "holds A: there is no array 'X'"),
        ({"X": np.ones((6, 2))}, "there is no array 'y'"),
        ({"X": np.ones((6, 2)), "y": np.float64(3.0)}, r"shapes \(6, 2\) and \(\)"),
        ({"X": np.ones((6, 2)), "y": np.ones(5)}, r"shapes \(6, 2\) and \(5,\)"),
        ({"X": np.full((6, 2), "a"), "y": np.ones(6)}, r"got shape \(6, 2\) of <U1"),
        ({"X": np.ones((0, 2)), "y": np.ones(0)}, r"got shape \(0, 2\)"),
    ],
)
def test_bad_arrays_are_refused(arrays, words, path):
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=words):
        read_npz(path, ["y"])


def test_arrays_may_be_a_table(path):
    np.savez(
        path, X=np.arange(6.0).reshape(3, 2), y=np.array(["a", "b", "a"]), more=np.ones((3, 2))
    )
    columns = read_columns(path)
    assert [*columns] == ["x0", "x1", "y"]
    np.testing.assert_array_equal(columns["x1"], [1, 3, 5])
    np.savez(path, more=np.ones((3, 2)))
    with pytest.raises(ValueError, match="holds no table: expected an array X"):
        read_columns(path)


@pytest.mark.parametrize("content", [b"hello", bytes(range(256)) * 3])
def test_other_files_are_refused(content, path):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npz cannot be read"):
        read_npz(path)


def test_half_an_npz_is_refused(path):
    np.savez(path, X=np.ones((50, 2)), y=np.ones(50))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="cannot be read"):
        read_npz(path)

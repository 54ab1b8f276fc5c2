"""Data sets and inputs, read from files of all kinds."""

import io
from types import SimpleNamespace

import numpy as np
import pytest

from bpfast.tables.files import (
    check_nulls,
    read_dataset,
    read_frame,
    read_inputs,
    read_npz,
    read_npz_inputs,
)
from bpfast.tables.reading.sources import BUILT_IN

polars = pytest.importorskip("polars")

HOUSES = {
    "area": [1.5, 2.0, 3.5, 1.0, 2.5, 4.0],
    "colour": ["red", "blue", "red", "green", "blue", "red"],
    "garden": [True, False, True, True, False, False],
    "price": [1.25, 2.5, 3.75, 1.5, 2.25, 4.5],
}
COLUMNS = {"area": [], "colour": ["blue", "green", "red"], "garden": []}


def csv(folder, text):
    path = folder / "table.csv"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_tables_become_numbers(ending, tmp_path):
    path = tmp_path / f"houses.{ending}"
    getattr(polars.DataFrame(HOUSES), f"write_{ending}")(path)
    houses = read_dataset(str(path), "price")
    assert houses.name == "houses"
    assert houses.features == ["area", "colour=blue", "colour=green", "colour=red", "garden"]
    np.testing.assert_array_equal(houses.X[1], [2.0, 1.0, 0.0, 0.0, 0.0])
    np.testing.assert_array_equal(houses.y, HOUSES["price"])
    assert houses.classes == []


def test_a_column_of_words_gives_classes(tmp_path):
    path = tmp_path / "houses.csv"
    polars.concat([polars.DataFrame(HOUSES)] * 2).write_csv(path)
    houses = read_dataset(str(path), "colour")
    assert houses.classes == ["blue", "green", "red"]
    np.testing.assert_array_equal(houses.y[:3], [2, 0, 2])


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in(name):
    pytest.importorskip("sklearn")
    data = read_dataset(name)
    assert len(data.X) == len(data.y)
    assert len(data.features) == data.X.shape[1]
    assert bool(data.classes) == (name != "diabetes")
    assert not data.classes or set(data.y) == set(range(len(data.classes)))


def test_task_overrides_what_the_target_looks_like():
    pytest.importorskip("sklearn")
    assert read_dataset("digits", task="regression").classes == []
    with pytest.raises(ValueError, match="214 different values in 442 rows"):
        read_dataset("diabetes", task="classification")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read: empty CSV"),
        ("a,y\n", "needs rows"),
        ("y\n1\n0\n", "a column beside the target"),
        ("a,b\n1,2\n", "no column 'y'; its columns are a, b"),
        ("a,y\n1,0\n,1\n", "column 'a' has 1 missing values, first in row 2"),
        ("a,y\n1,0\nNaN,1\n", "column 'a' is not a finite number in row 2"),
        ("a,y\n1,0\n?,1\n3,1\n", "column 'a' has 1 missing values .* first '\\?' in row 2"),
        ("a,y\n1,0\n2,\n", "column 'y' has 1 missing values, first in row 2"),
        ("a,y\n1,0.5\n2,NaN\n", "column 'y' is not a finite number in row 2"),
        ("a,y\n1,2\n1,2,3\n", "cannot be read"),
        ("a,y\n1,1\n2,1\n3,1\n", "one class only: 1$"),
        ("a,y\n" + "".join(f"u{k},{k % 2}\n" for k in range(60)), "'a' has 60 different words"),
    ],
)
def test_bad_tables_are_refused(text, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        read_dataset(csv(tmp_path, text), "y")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_inputs_are_made_as_they_were_for_training(ending, tmp_path):
    path = str(tmp_path / f"houses.{ending}")
    getattr(polars.DataFrame(HOUSES), f"write_{ending}")(path)
    houses = read_dataset(path, "price")
    assert dict(houses.columns) == COLUMNS
    others = polars.DataFrame(HOUSES)[[4, 1]].with_columns(price=None, other=polars.lit("?"))
    getattr(others[:, ::-1], f"write_{ending}")(path)  # fewer colours, another order of columns
    np.testing.assert_array_equal(read_inputs(path, houses.columns), houses.X[[4, 1]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read: empty CSV"),
        ("area,colour,garden\n", "has no rows"),
        ("colour,price\nred,1\n", "lacks area, garden, of the 3 columns .* are colour, price"),
        ("area,colour,garden\n1,red,1\n2,pink,0\n", "'colour' has 'pink' in row 2, .* green, red"),
        ("area,colour,garden\n1,red,1\n2,,0\n", "'colour' has 1 missing values, first in row 2"),
        ("area,colour,garden\n1,red,1\n?,red,0\n", r"'area' has '\?' in row 2, expected numbers"),
        ("area,colour,garden\n1,red,1\nNaN,red,0\n", "'area' is not a finite number in row 2"),
    ],
)
def test_bad_tables_of_inputs_are_refused(text, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        read_inputs(csv(tmp_path, text), COLUMNS)


def test_built_in_inputs():
    pytest.importorskip("sklearn")
    wine = read_dataset("wine")
    np.testing.assert_array_equal(read_inputs("wine", wine.columns), wine.X)
    with pytest.raises(ValueError, match=r"digits lacks alcohol, .* and 5 more, of the 13 columns"):
        read_inputs("digits", wine.columns)


@pytest.mark.parametrize("ending", ["npz", "parquet", "csv"])
@pytest.mark.parametrize("content", [b"hello", bytes(range(256)) * 3])
def test_other_files_under_our_endings_are_refused(ending, content, tmp_path):
    path = tmp_path / f"file.{ending}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="file"):
        read_dataset(str(path), "y")


def test_words_beside_which_a_dash_stands_are_words(tmp_path):
    data = read_dataset(csv(tmp_path, "a,y\n" + "red,0\n-,1\n" * 3), "y")
    assert data.features == ["a=-", "a=red"]


def test_words_that_look_like_numbers_stay_words(tmp_path):
    data = read_dataset(csv(tmp_path, "a,y\n" + "01,0\nx,1\n2,0\n" * 3), "y")
    X = read_inputs(csv(tmp_path, "a\n2\n01\n"), data.columns)
    assert data.features == ["a=01", "a=2", "a=x"]
    np.testing.assert_array_equal(X, [[0, 1, 0], [1, 0, 0]])


def test_a_target_that_is_not_finite_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.ones((6, 2)), y=np.full(6, np.inf))
    with pytest.raises(ValueError, match=r"column 'y' .* row 1"):
        read_dataset(str(tmp_path / "a.npz"))


def test_words_may_look_like_numbers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n01,1\n2,2\n")
    assert read_frame(str(path))["a"].to_list() == [1, 2]
    assert read_frame(str(path), ["a"])["a"].to_list() == ["01", "2"]


def test_csv_comes_from_standard_input(monkeypatch):
    stdin = SimpleNamespace(buffer=io.BytesIO(b"a,b\n1,x\n"))
    monkeypatch.setattr("sys.stdin", stdin)
    assert read_frame("-").to_dict(as_series=False) == {"a": [1], "b": ["x"]}
    with pytest.raises(ValueError, match="standard input cannot be read: empty CSV"):
        read_frame("-")


def test_missing_values_are_refused_where_they_are():
    frame = polars.DataFrame({"a": [1, 2, 3], "b": [1, None, None]})
    check_nulls("a.csv", frame[["a"]])
    with pytest.raises(
        ValueError, match=r"a\.csv: column 'b' has 2 missing values, first in row 2"
    ):
        check_nulls("a.csv", frame)


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

"""Reading, checking, cutting and scaling of data."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpfast.tables.data import BUILT_IN, Scaler, check_target, read, read_inputs, split, spread

polars = pytest.importorskip("polars")

HOUSES = {
    "area": [1.5, 2.0, 3.5, 1.0, 2.5, 4.0],
    "colour": ["red", "blue", "red", "green", "blue", "red"],
    "garden": [True, False, True, True, False, False],
    "price": [1.25, 2.5, 3.75, 1.5, 2.25, 4.5],
}


def csv(folder, text):
    path = folder / "table.csv"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_tables_become_numbers(ending, tmp_path):
    path = tmp_path / f"houses.{ending}"
    getattr(polars.DataFrame(HOUSES), f"write_{ending}")(path)
    houses = read(str(path), "price")
    assert houses.name == "houses"
    assert houses.features == ["area", "colour=blue", "colour=green", "colour=red", "garden"]
    np.testing.assert_array_equal(houses.X[1], [2.0, 1.0, 0.0, 0.0, 0.0])
    np.testing.assert_array_equal(houses.y, HOUSES["price"])
    assert houses.classes == []


def test_a_column_of_words_gives_classes(tmp_path):
    path = tmp_path / "houses.csv"
    polars.concat([polars.DataFrame(HOUSES)] * 2).write_csv(path)
    houses = read(str(path), "colour")
    assert houses.classes == ["blue", "green", "red"]
    np.testing.assert_array_equal(houses.y[:3], [2, 0, 2])


def test_npz(tmp_path):
    path, X = tmp_path / "arrays.npz", np.arange(24.0).reshape(12, 2)
    np.savez(path, X=X, y=np.arange(12) % 2, other=X[:, 0] + 0.5)
    np.testing.assert_array_equal(read(str(path)).X, X)
    assert read(str(path)).classes == ["0", "1"]
    np.testing.assert_array_equal(read(str(path), "other").y, X[:, 0] + 0.5)
    np.testing.assert_array_equal(read(str(path), groups="other").groups, X[:, 0] + 0.5)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in(name):
    pytest.importorskip("sklearn")
    data = read(name)
    assert len(data.X) == len(data.y)
    assert len(data.features) == data.X.shape[1]
    assert bool(data.classes) == (name != "diabetes")
    assert not data.classes or set(data.y) == set(range(len(data.classes)))


def test_task_overrides_what_the_target_looks_like():
    pytest.importorskip("sklearn")
    assert read("digits", task="regression").classes == []
    with pytest.raises(ValueError, match="214 different values in 442 rows"):
        read("diabetes", task="classification")


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
        read(csv(tmp_path, text), "y")


def test_words_beside_which_a_dash_stands_are_words(tmp_path):
    data = read(csv(tmp_path, "a,y\n" + "red,0\n-,1\n" * 3), "y")
    assert data.features == ["a=-", "a=red"]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"A": np.ones((6, 2))}, "there is no array 'X'"),
        ({"X": np.ones((6, 2)), "y": np.float64(3.0)}, r"shapes \(6, 2\) and \(\)"),
        ({"X": np.ones((6, 2)), "y": np.ones(5)}, r"shapes \(6, 2\) and \(5,\)"),
        ({"X": np.full((6, 2), np.nan), "y": np.ones(6)}, "column 'x0' .* row 1"),
        ({"X": np.ones((6, 2)), "y": np.full(6, np.inf)}, "column 'y' .* row 1"),
    ],
)
def test_bad_arrays_are_refused(arrays, words, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=words):
        read(str(tmp_path / "a.npz"))


COLUMNS = {"area": [], "colour": ["blue", "green", "red"], "garden": []}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_inputs_are_made_as_they_were_for_training(ending, tmp_path):
    path = str(tmp_path / f"houses.{ending}")
    getattr(polars.DataFrame(HOUSES), f"write_{ending}")(path)
    houses = read(path, "price")
    assert dict(houses.columns) == COLUMNS
    others = polars.DataFrame(HOUSES)[[4, 1]].with_columns(price=None, other=polars.lit("?"))
    getattr(others[:, ::-1], f"write_{ending}")(path)  # fewer colours, another order of columns
    np.testing.assert_array_equal(read_inputs(path, houses.columns), houses.X[[4, 1]])


def test_words_that_look_like_numbers_stay_words(tmp_path):
    data = read(csv(tmp_path, "a,y\n" + "01,0\nx,1\n2,0\n" * 3), "y")
    X = read_inputs(csv(tmp_path, "a\n2\n01\n"), data.columns)
    assert data.features == ["a=01", "a=2", "a=x"]
    np.testing.assert_array_equal(X, [[0, 1, 0], [1, 0, 0]])


def test_inputs_of_an_npz_are_taken_in_order(tmp_path):
    X = np.arange(10).reshape(2, 5)
    np.savez(tmp_path / "a.npz", X=X)
    np.testing.assert_array_equal(read_inputs(str(tmp_path / "a.npz"), COLUMNS), X)


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
def test_bad_arrays_of_inputs_are_refused(arrays, words, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=words):
        read_inputs(str(tmp_path / "a.npz"), COLUMNS)


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
    wine = read("wine")
    np.testing.assert_array_equal(read_inputs("wine", wine.columns), wine.X)
    with pytest.raises(ValueError, match=r"digits lacks alcohol, .* and 5 more, of the 13 columns"):
        read_inputs("digits", wine.columns)


@pytest.mark.parametrize("ending", ["npz", "parquet", "csv"])
@pytest.mark.parametrize("content", [b"hello", bytes(range(256)) * 3])
def test_other_files_under_our_endings_are_refused(ending, content, tmp_path):
    path = tmp_path / f"file.{ending}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="file"):
        read(str(path), "y")


def test_half_an_npz_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, X=np.ones((50, 2)), y=np.ones(50))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="cannot be read"):
        read(str(path))


@pytest.mark.parametrize("source", ["nowhere.csv", "digit", "."])
def test_what_is_no_data_is_refused(source):
    with pytest.raises(ValueError, match="neither a file nor one of digits"):
        read(source)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([0, 1] * 6, ["0", "1"]),
        ([0.0, 1.0] * 6, ["0.0", "1.0"]),
        ([True, False] * 6, ["False", "True"]),
        (["b", "a"] * 6, ["a", "b"]),
        ([0.5, 1.0] * 6, []),
        (list(range(12)), []),
    ],
)
def test_what_a_target_is(y, classes):
    assert check_target(np.array(y))[1] == classes


def test_regression_of_words_is_refused():
    with pytest.raises(ValueError, match="needs a target of numbers, got 'a'"):
        check_target(np.array(["a", "b"] * 3), "regression")


@pytest.mark.parametrize(
    ("y", "task", "words"),
    [
        ([0.1] * 9, "auto", r"the target is 0\.1 in every row: a regression needs one that varies"),
        ([7] * 9, "regression", "the target is 7 in every row"),
        ([2**60, 2**60 + 1] * 5, "regression", "in every row"),  # as float64 has them
        ([0.5, 1e200] * 5, "auto", r"goes from 0\.5 to 1e\+200: float64 does not hold"),
        ([0.0, 1e-200] * 5, "regression", "from 0 to 1e-200: float64 does not hold"),
        ([-1.7e308, 1.7e308] * 5, "regression", "float64 does not hold"),
        ([7] * 9, "auto", "the target has one class only: 7"),
        ([], "auto", "the target has no rows"),
    ],
)
def test_a_target_that_does_not_vary_is_refused(y, task, words):
    with pytest.raises(ValueError, match=words):
        check_target(np.array(y), task)


@settings(max_examples=50, deadline=None)
@given(value=st.floats(-1e300, 1e300), rows=st.integers(1, 50), step=st.floats(1e-9, 1e9))
def test_spread_is_zero_for_constants_alone(value, rows, step):
    """Whatever the mean's rounding; otherwise it is what scikit-learn's R² divides by."""
    assert spread(np.full(rows, value)) == 0.0
    y = step * np.arange(rows + 1.0)
    expected = (rows + 1) * np.var(y)
    assert spread(y) == pytest.approx(expected, rel=1e-9)


def test_parts_cover_all_rows_and_keep_proportions():
    y = np.repeat([0, 1, 2], [500, 300, 100])
    parts = split(y, 3, validation=0.2, test=0.1, seed=3)
    rows = np.concatenate([parts.train, parts.validation, parts.test])
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(y)))
    for part, share in ((parts.train, 0.7), (parts.validation, 0.2), (parts.test, 0.1)):
        np.testing.assert_allclose(np.bincount(y[part]), share * np.bincount(y), atol=1)


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


def test_scaler_is_scikit_learns():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    X = np.random.default_rng(0).normal(3.0, [1e-6, 1.0, 1e6], (50, 3))
    expected = preprocessing.StandardScaler().fit_transform(X)
    np.testing.assert_allclose(Scaler.of(X).apply(X), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 1e6 + 0.1, -7.0])
def test_constant_columns_stay_at_zero(value):
    X = np.full((301, 1), value)
    np.testing.assert_allclose(Scaler.of(X).apply(X), 0.0, atol=1e-9)

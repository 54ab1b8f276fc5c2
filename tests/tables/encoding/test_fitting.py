"""What each column becomes, found from the training rows alone."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from drawn_tables import draw_table, spoil
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.tables.encoding import encode_scaled, fit
from bpfast.tables.scaling import Scaler
from bpfast.tables.values import Writing

KINDS = {
    "number": "number",
    "integer": "number",
    "truth": "number",
    "deck": "words",
    "zone": "target means",
    "day": "moment",
    "time": "moment",
    "person": "left out",
    "same": "left out",
}


def fit_column(values, rows=None, **options):
    frame = pl.DataFrame({"a": values})
    rows = np.arange(len(frame)) if rows is None else rows
    return fit(frame, rows, np.arange(len(frame)) % 2, 2, **options).encoding.columns[0]


def assert_same(one, other):
    assert one.encoding == other.encoding
    np.testing.assert_array_equal(one.scaler.mean, other.scaler.mean)
    np.testing.assert_array_equal(one.scaler.scale, other.scaler.scale)
    np.testing.assert_array_equal(one.X, other.X)


@given(seed=st.integers(0, 10_000), share=st.floats(0.4, 0.9))
@drawn(25)
def test_nothing_is_found_from_other_rows(seed, share):
    frame, target = draw_table(seed)
    order = np.random.default_rng(seed).permutation(len(frame))
    rows, others = np.split(order, [int(share * len(frame))])
    other_target = target.copy()
    other_target[others] = 2 - other_target[others]
    before = fit(frame, rows, target, 3)
    after = fit(spoil(frame, others, seed), rows, other_target, 3)
    assert_same(before, after)
    without = fit(frame[rows], np.arange(len(rows)), target[rows], 3)
    assert_same(before, without)


def test_columns_become_what_they_are():
    frame, target = draw_table(0)
    fitted = fit(frame, np.arange(len(frame)), target, 3)
    assert {column.name: column.kind for column in fitted.encoding.columns} == KINDS
    assert fitted.X.dtype == np.float32
    assert fitted.X.shape == (len(frame), len(fitted.encoding.features))
    assert fitted.X.flags.c_contiguous
    np.testing.assert_allclose(fitted.X.mean(axis=0), 0.0, atol=1e-5)
    assert np.isfinite(fitted.X).all()


@pytest.mark.parametrize("seed", range(3))
def test_other_rows_are_encoded_and_scaled(seed):
    frame, target = draw_table(seed)
    rows, others = np.arange(450), np.arange(450, 600)
    encoding, scaler, X = fit(frame, rows, target, 3)
    expected = scaler.apply(encoding.encode(frame[others])).astype(np.float32)
    np.testing.assert_array_equal(encode_scaled(encoding, scaler, frame, others), expected)
    means = [k for k, feature in enumerate(encoding.features) if "target mean" in feature]
    again = encode_scaled(encoding, scaler, frame, rows)
    np.testing.assert_array_equal(np.delete(again, means, axis=1), np.delete(X, means, axis=1))
    assert (again[:, means] != X[:, means]).any(axis=0).all()  # cross-fitted


@given(st.integers(0, 10_000))
@drawn(10)
def test_means_of_the_target_are_seeded(seed):
    frame, target = draw_table(seed)
    frame, rows = frame.select("zone"), np.arange(500)
    one = fit(frame, rows, target, 3, seed=1)
    assert_same(one, fit(frame, rows, target, 3, seed=1))
    assert (one.X != fit(frame, rows, target, 3, seed=2).X).any()


@pytest.mark.parametrize(
    ("n_classes", "names", "features"),
    [
        (3, [*"rgb"], ["zone target mean r", "zone target mean g", "zone target mean b"]),
        (2, [*"rg"], ["zone target mean"]),
        (0, ["price"], ["zone target mean"]),
    ],
)
def test_means_are_named_by_what_they_are_of(n_classes, names, features):
    frame, target = draw_table(0)
    frame = frame.select("zone")
    encoding = fit(frame, np.arange(600), target, n_classes, outputs=names).encoding
    assert encoding.features == features


def test_many_rare_words_beside_usual_ones_are_kept():
    """Codes such as those of a disease: 70 in 330 rows, of which 20 are in four fifths."""
    words = [f"w{k % 20}" for k in range(280)] + [f"rare{k}" for k in range(50)]
    frame = pl.DataFrame({"code": words})
    fitted = fit(frame, np.arange(330), np.arange(330) % 2, 2)
    assert fitted.encoding.columns[0].kind == "target means"


# --- what is left out, and what is kept -----------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "done"),
    [
        ([f"w{k % 305}" for k in range(398)], "305 different words in 398 rows"),
        ([f"w{k % 60}" for k in range(240)], "60 different words in 240 rows"),
        ([f"w{k}" for k in range(8)], "8 different words in 8 rows"),
        (["b"] * 7, "'b' in each of 7 training rows"),
        ([None] * 7, "missing in each of 7 training rows"),
    ],
)
def test_words_that_say_nothing_are_left_out(values, done):
    frame = pl.DataFrame({"a": pl.Series(values, dtype=pl.String), "b": range(len(values))})
    column = fit(frame, np.arange(len(values)), np.arange(len(values)), 0).encoding.columns[0]
    assert (column.kind, column.done) == ("left out", done)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([f"w{k % 50}" for k in range(250)], "words"),
        ([f"w{k % 51}" for k in range(255)], "target means"),
        ([f"w{k % 51}" if k < 255 else "x" for k in range(12_000)], "words"),  # 2% in rare words
        ([f"w{k % 300}" if k % 8 else "x" for k in range(16_000)], "target means"),  # 88%
        ([*"abcab"], "words"),
    ],
)
def test_many_words_become_means(values, kind):
    assert fit_column(values).kind == kind


def test_columns_are_kept_where_they_are_asked_for():
    names = [f"name {k}" for k in range(100)]
    assert fit_column(names, keep=["a"]).kind == "target means"
    assert fit_column(names, categorical=["a"]).kind == "target means"
    assert fit_column([*"abcdefg"], keep=["a"]).words == (*"abcdefg",)
    assert fit_column(["x"] * 5, keep=["a"]).features == ["a=x"]
    assert fit_column([2.0] * 5, keep=["a"]).features == ["a"]


def test_numbers_can_be_words_and_words_numbers():
    assert fit_column([1, 2, 1, 2, 2], categorical=["a"]).features == ["a=1", "a=2"]
    assert fit_column(["1", "2", "?", "3"], numeric=["a"]).features == ["a", "a is missing"]
    with pytest.raises(ValueError, match="column 'a' has 'x' in row 3, expected numbers"):
        fit_column(["1", "2", "x"], numeric=["a"])


def test_rare_words_share_an_input():
    column = fit_column(["a"] * 500 + ["b"] * 495 + ["c"] * 4 + ["d"])
    assert column.features == ["a=a", "a=b", "a=other"]
    assert column.rare == 2


def test_a_table_can_be_left_without_inputs():
    frame = pl.DataFrame({"a": ["x"] * 4})
    encoding, scaler, X = fit(frame, np.arange(3), np.zeros(4), 0)
    assert X.shape == (3, 0)
    assert encode_scaled(encoding, scaler, frame, np.arange(3, 4)).shape == (1, 0)


def test_text_in_new_rows_is_read_as_it_was_written():
    dates = [date(2024, 3, 5), date(2025, 4, 6), date(2026, 5, 7)]
    frame = pl.DataFrame({"a": [1.5, 2.5, 3.5], "b": dates, "c": [*"xyx"]})
    writing = {
        "a": Writing(decimal=","),
        "b": Writing(date_format="%d/%m/%Y", missing=("never",)),
        "c": Writing(missing=("z",)),
    }
    encoding = fit(frame, np.arange(3), np.arange(3), 0, writing=writing).encoding
    text = pl.DataFrame({"a": ["1,500"], "b": ["05/03/2024"], "c": ["Z"]})
    np.testing.assert_array_equal(encoding.encode(text)[:, :-2], encoding.encode(frame[:1])[:, :-2])
    assert encoding.columns[1].marks == ("never",)


def test_columns_that_were_left_out_before_are_told_where_they_were():
    frame = pl.DataFrame({"a": [1, 2], "b": [3.0, 4.0]})
    options = {"left_out": {"id": "row number", "y": "the target"}}
    rows, target = np.arange(2), np.zeros(2)
    notes = {"id": "", "a": "percent signs taken off", "y": "", "b": ""}
    encoding = fit(frame, rows, target, 0, notes=notes, **options).encoding
    assert [column.name for column in encoding.columns] == ["id", "a", "y", "b"]
    assert encoding.describe()[1]["done"] == "percent signs taken off; as it is"
    encoding = fit(frame, rows, target, 0, **options).encoding
    assert [column.name for column in encoding.columns] == ["a", "b", "id", "y"]
    np.testing.assert_array_equal(encoding.encode(frame.to_numpy()), [[1, 3], [2, 4]])


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_are_encoded(rows):
    frame, target = draw_table(0)
    encoding, scaler, _ = fit(frame, np.arange(600), target, 3)
    X = encode_scaled(encoding, scaler, frame, np.arange(rows))
    assert X.shape == encoding.encode(frame[:rows]).shape == (rows, len(encoding.features))


@pytest.mark.parametrize("dtype", [pl.Null, pl.String, pl.Float64])
def test_new_rows_may_lack_all_values_in_any_type(dtype):
    frame, target = draw_table(0)
    encoding = fit(frame, np.arange(600), target, 3).encoding
    holes = pl.DataFrame({name: pl.Series([None], dtype=dtype) for name in frame.columns})
    typed_holes = pl.DataFrame([pl.Series(s.name, [None], dtype=s.dtype) for s in frame])
    np.testing.assert_array_equal(encoding.encode(holes), encoding.encode(typed_holes))


# --- arrays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(40, 1), (40, 2), (300, 7)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_arrays_are_scaled_as_before_bit_for_bit(shape, dtype):
    X = np.random.default_rng(0).normal(3.0, 20.0, shape).astype(dtype)
    rows, others = np.arange(1, len(X), 2), np.arange(0, len(X), 2)
    encoding, scaler, train = fit(X, rows, np.zeros(len(X)), 0)
    expected = Scaler.of(X[rows].astype(np.float64))
    np.testing.assert_array_equal(scaler.mean, expected.mean)
    np.testing.assert_array_equal(scaler.scale, expected.scale)
    np.testing.assert_array_equal(train, expected.apply(X[rows]).astype(np.float32))
    np.testing.assert_array_equal(
        encode_scaled(encoding, scaler, X, others), expected.apply(X[others]).astype(np.float32)
    )
    assert encoding.features == [f"x{k}" for k in range(shape[1])]


def test_an_arrays_holes_are_the_median_and_told():
    X = np.array([[1.0, 5.0], [np.nan, 5.0], [3.0, 5.0], [8.0, np.nan]])
    encoding, scaler, train = fit(X, np.arange(3), np.zeros(4), 0)
    assert encoding.features == ["x0", "x0 is missing", "x1"]
    np.testing.assert_array_equal(encoding.encode(X[3:]), [[8.0, 0.0, 5.0]])
    np.testing.assert_allclose(scaler.mean, [2.0, 1 / 3, 5.0])
    np.testing.assert_array_equal(train, encode_scaled(encoding, scaler, X, np.arange(3)))


def test_an_arrays_constant_and_empty_columns_stay():
    X = np.array([[1.0, np.nan], [1.0, np.nan], [1.0, 4.0]])
    encoding, _, train = fit(X, np.arange(2), np.zeros(3), 0)
    assert encoding.features == ["x0", "x1", "x1 is missing"]
    np.testing.assert_array_equal(train, np.zeros((2, 3)))

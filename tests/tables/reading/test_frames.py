"""Tables in memory, of all kinds, as polars' frames."""

from datetime import date

import numpy as np
import pytest

from bpfast.tables.reading.frames import as_frame, is_table

pl = pytest.importorskip("polars")

COLUMNS = {"age": [31, 25, None], "sex": ["f", None, "m"], "born": [date(2000, 1, 2)] * 3}
ROWS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
FRAME = pl.DataFrame(COLUMNS)


class Handed:
    """A table of another library, which hands its columns on."""

    columns = tuple(COLUMNS)

    def __arrow_c_stream__(self, requested_schema=None):
        return FRAME.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "table", [FRAME, FRAME.lazy(), COLUMNS, ROWS, tuple(ROWS), Handed()], ids=lambda t: type(t)
)
def test_tables_become_frames(table):
    assert is_table(table)
    assert as_frame(table).equals(FRAME)


def test_columns_may_be_arrays():
    columns = {
        "a": np.array([1.5, np.nan]),
        "b": np.array(["x", "y"]),
        "c": np.array(["x", np.nan], dtype=object),
        "d": np.array(["2024-01-01", "2024-02-01"], "M8[s]"),
        3: pl.Series([True, None]),
        "e": [1, "two"],
    }
    frame = as_frame(columns)
    assert frame.columns == ["a", "b", "c", "d", "3", "e"]
    assert frame["a"].dtype == pl.Float64
    assert frame["b"].to_list() == ["x", "y"]
    assert frame["c"].to_list() == ["x", None]
    assert frame["d"].dtype.is_temporal()
    assert frame["3"].to_list() == [True, None]
    assert frame["e"].to_list() == ["1", "two"]


def test_names_are_trimmed_whatever_the_table_is():
    frame = pl.DataFrame({" a ": [1], '"b"': [2], "b": [3]})
    for table in (frame, frame.lazy(), frame.to_dict(as_series=False), frame.to_dicts()):
        assert as_frame(table).columns == ["a", "b", "b_2"]


def test_long_doubles_are_numbers():
    assert as_frame({"a": np.array([1.5], np.longdouble)})["a"].to_list() == [1.5]


def test_masked_values_are_missing():
    masked = np.ma.masked_array([1, -999], [False, True])
    assert as_frame({"a": masked})["a"].to_list() == [1, None]


def test_an_array_may_have_names():
    array = np.array([(1, 2.5), (3, 4.5)], dtype=[("a", int), ("b", float)])
    assert is_table(array)
    assert as_frame(array).to_dict(as_series=False) == {"a": [1, 3], "b": [2.5, 4.5]}


def test_dicts_need_not_have_all_names():
    frame = as_frame([{"a": 1}, {"b": "x", "a": 2}])
    assert frame.to_dict(as_series=False) == {"a": [1, 2], "b": [None, "x"]}


@pytest.mark.parametrize(
    "data", [np.ones((3, 2)), [[1, 2], [3, 4]], [], "a.csv", pl.Series([1, 2]), None]
)
def test_arrays_are_no_tables(data):
    assert not is_table(data)
    with pytest.raises(TypeError, match=r"expected a table with named columns: .* got "):
        as_frame(data)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [1, 2], "b": [1]}, "'b' has 1 rows, 'a' has 2: expected columns of the same length"),
        ({"a": np.ones((2, 2))}, r"'a' has shape \(2, 2\): expected one value for each row"),
        ({"a": 3.0}, r"'a' has shape \(\)"),
    ],
)
def test_columns_that_are_no_table_are_refused(columns, words):
    with pytest.raises(ValueError, match=words):
        as_frame(columns)


def test_frames_of_pandas():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "number": [1.5, None],
            "integer": pd.array([1, None], dtype="Int64"),
            "word": ["x", None],
            "category": pd.Categorical(["u", None]),
            "mixed": [1, "x"],
            "truth": pd.array([True, None], dtype="boolean"),
            "time": pd.to_datetime(["2024-01-02 03:04", None]),
            "zone": pd.to_datetime(["2024-01-02", "2024-01-03"]).tz_localize("Europe/Berlin"),
            7: [1, 2],
        },
        index=[5, 6],
    )
    assert is_table(frame)
    got = as_frame(frame)
    assert got.columns == [str(name) for name in frame.columns]
    for name in ("number", "integer"):
        assert got[name].fill_nan(None).null_count() == 1
        assert got[name].dtype.is_float()
    assert got["word"].to_list() == ["x", None]
    assert got["category"].dtype == pl.Categorical
    assert got["category"].to_list() == ["u", None]
    assert got["mixed"].to_list() == ["1", "x"]
    assert got["truth"].to_list() == [True, None]
    assert got["time"][0].minute == 4
    assert got["time"][1] is None
    assert got["zone"][0].hour == 23  # in UTC, as in frames of polars and in text
    assert got["7"].to_list() == [1, 2]


def test_columns_may_be_arrays_of_pandas():
    pd = pytest.importorskip("pandas")
    columns = {
        "a": pd.Categorical([1, 2]),
        "b": pd.Index([1, 2]),
        "c": pd.array([1, None], dtype="Int64"),
        "d": pd.array([1.5, 2.5]).to_numpy(),
    }
    got = as_frame(columns)
    assert got.equals(as_frame(pd.DataFrame(columns)))
    assert got["a"].dtype == pl.Categorical


def test_tables_of_arrow():
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"a": [1, None], "b": ["x", "y"]})
    for data in (table, table.to_batches()[0]):
        assert is_table(data)
        assert as_frame(data).to_dict(as_series=False) == {"a": [1, None], "b": ["x", "y"]}


def test_what_polars_has_no_type_for_is_refused():
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(TypeError, match=r"expected a table .* gives none: .*Int256"):
        as_frame(pa.table({"a": pa.array([1], pa.decimal256(40, 2))}))

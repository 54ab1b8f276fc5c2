"""Tables as people have them, from files, streams and standard input."""

import contextlib
import gzip
import io
from datetime import date, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from dialects import tables, ways, write
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st
from shared_tables import shared_table

import bpfast as bp
from bpfast.tables.reading.table import read_frame

pl = pytest.importorskip("polars")

FRAME = pl.DataFrame(
    {
        "price": [1234.5, 2.25, None, 1000.0],
        "share": [12, 8, 50, 7],
        "colour": ["rot", "grün", "rot", None],
        "day": [date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 2), date(2024, 12, 31)],
        "sold": [True, False, None, True],
    }
)
PLAIN = (
    "price,share,colour,day,sold\n"
    "1234.5,12,rot,2024-01-31,true\n"
    "2.25,8,grün,2024-02-01,false\n"
    ",50,rot,2024-02-02,\n"
    "1000,7,,2024-12-31,true\n"
)
LINES = PLAIN.splitlines(keepends=True)
COMMA = PLAIN.replace(",", ";").replace(".", ",")
THOUSANDS = PLAIN.replace("1234.5", '"1,234.5"').replace("\n1000,", '\n"1,000",')
QUOTED = "".join(
    ",".join(f'"{cell}"' for cell in line.rstrip("\n").split(",")) + "\n" for line in LINES
)
WAYS = {
    "plain": ("csv", PLAIN),
    "upper case ending": ("CSV", PLAIN),
    "tabs": ("tsv", PLAIN.replace(",", "\t")),
    "tabs in .txt": ("txt", PLAIN.replace(",", "\t")),
    "semicolons": ("csv", PLAIN.replace(",", ";")),
    "semicolons and decimal commas": ("csv", COMMA),
    "pipes": ("csv", PLAIN.replace(",", "|")),
    "compressed": ("csv.gz", gzip.compress(PLAIN.encode())),
    "byte order mark": ("csv", PLAIN.encode("utf-8-sig")),
    "Latin-1": ("csv", PLAIN.encode("latin-1")),
    "UTF-16": ("csv", PLAIN.encode("utf-16")),
    "line ends of Windows": ("csv", PLAIN.replace("\n", "\r\n").encode()),
    "no last line end": ("csv", PLAIN.rstrip("\n")),
    "thousands": ("csv", THOUSANDS),
    "percent signs": ("csv", PLAIN.replace("12,", "12%,").replace(",8,", ",8%,")),
    "currency": ("csv", PLAIN.replace("1234.5", "$1234.5").replace("2.25", "$2.25")),
    "dates with the day first": (
        "csv",
        PLAIN.replace("2024-01-31", "31.01.2024")
        .replace("2024-02-01", "01.02.2024")
        .replace("2024-02-02", "02.02.2024")
        .replace("2024-12-31", "31.12.2024"),
    ),
    "a comment line": ("csv", "# made by hand\n" + PLAIN),
    "blank lines": ("csv", "\n" + PLAIN.replace("rot,2024-02-02,\n", "rot,2024-02-02,\n\n") + "\n"),
    "a trailing comma": ("csv", PLAIN.replace("\n", ",\n")),
    "inf": ("csv", PLAIN.replace("\n,50", "\ninf,50")),
    "quotes around all": ("csv", QUOTED),
    "single quotes": ("csv", QUOTED.replace('"', "'")),
    "spaces around": ("csv", PLAIN.replace(",", " , ")),
    "marks for missing": ("csv", PLAIN.replace("\n,50", "\nNA,50").replace(",7,,", ",7,?,")),
    "Excel's first line": ("csv", "sep=;\n" + PLAIN.replace(",", ";")),
}


def saved(tmp_path, ending, content):
    path = tmp_path / f"table.{ending}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("way", WAYS)
def test_one_table_in_many_ways(way, tmp_path):
    frame = bp.read_table(saved(tmp_path, *WAYS[way]))
    assert frame.columns == FRAME.columns
    assert frame.to_dict(as_series=False) == FRAME.to_dict(as_series=False)


@pytest.mark.parametrize("ending", ["parquet", "arrow", "feather", "PARQUET", "pq"])
def test_files_with_types(ending, tmp_path):
    path = tmp_path / f"table.{ending}"
    (FRAME.write_parquet if ending.lower() in ("parquet", "pq") else FRAME.write_ipc)(path)
    assert bp.read_table(str(path)).equals(FRAME)
    assert bp.read_table(io.BytesIO(path.read_bytes())).equals(FRAME)
    assert read_frame(path)[1] is None


def test_arrays_are_tables_too(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.eye(2), y=np.array([3, 4]))
    frame = bp.read_table(tmp_path / "a.npz")
    assert frame.to_dict(as_series=False) == {"x0": [1, 0], "x1": [0, 1], "y": [3, 4]}


def test_built_in_inputs():
    pytest.importorskip("sklearn")
    assert bp.read_table("wine").shape == (178, 13)


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_standard_input(compress, monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(compress(PLAIN.encode()))))
    assert bp.read_table("-").equals(FRAME)
    with pytest.raises(ValueError, match="standard input is empty"):
        bp.read_table("-")


def test_open_files(tmp_path):
    path = saved(tmp_path, "csv", PLAIN)
    with path.open("rb") as file:
        assert bp.read_table(file).equals(FRAME)
    assert bp.read_table(io.StringIO(PLAIN)).equals(FRAME)


def test_no_header():
    frame = bp.read_table(io.StringIO("".join(LINES[1:])))
    assert frame.columns == [f"column_{k}" for k in range(1, 6)]
    assert frame.rows() == FRAME.rows()


def test_what_is_found_out_can_be_said():
    text = "a;b\n1,5;x\n2,25;gone\n"
    read = {"separator": ";", "decimal": ",", "header": False, "encoding": "utf-8"}
    frame = bp.read_table(io.StringIO(text), **read)
    assert frame.rows() == [("a", "b"), ("1,5", "x"), ("2,25", "gone")]
    frame = bp.read_table(io.StringIO(text), separator="semicolon", missing="gone")
    assert frame.rows() == [(1.5, "x"), (2.25, None)]
    frame = bp.read_table(io.StringIO("a\n1.234\n5.678\n"), decimal=",")
    assert frame["a"].to_list() == [1234, 5678]
    frame = bp.read_table(io.StringIO("a,b\n//c,d\n1,2\n"), comment="//")
    assert frame.rows() == [(1, 2)]


@pytest.mark.parametrize(
    ("ending", "content", "words"),
    [
        ("csv", "", "is empty: expected a line of names, and a line for each row"),
        ("csv", bytes(range(256)) * 3, r"table\.csv is no text"),
        ("csv", "a,b\n1,2\n1,2,3\n1,2\n", "line 3 has 3 fields, expected 2"),
        ("parquet", b"hello", r"table\.parquet cannot be read"),
        ("arrow", b"hello", r"table\.arrow cannot be read"),
        ("npz", b"hello", r"table\.npz cannot be read"),
    ],
)
def test_bad_files_are_refused_in_one_line(ending, content, words, tmp_path):
    with pytest.raises(ValueError, match=words) as error:
        bp.read_table(saved(tmp_path, ending, content))
    assert "\n" not in str(error.value)


def test_what_is_no_source_is_refused():
    with pytest.raises(TypeError, match="expected a file's name or an open file, got ndarray"):
        bp.read_table(np.ones((3, 2)))


@drawn(20)
@given(tables(), ways())
def test_any_table_in_any_way(table, way):
    frame = bp.read_table(io.BytesIO(write(table, way)))
    names = [*table] if way.header else [f"column_{k + 1}" for k in range(len(table))]
    assert frame.columns == names
    assert frame.rows() == [*zip(*table.values(), strict=True)]


@drawn(60)
@given(
    st.text(alphabet="ab1,;\"'\n\t #.0%|-\r é", max_size=40).map(str.encode)
    | st.binary(max_size=30)
    | st.binary(max_size=30).map(b"\x1f\x8b".__add__)
)
def test_anything_is_read_or_refused(data):
    with contextlib.suppress(ValueError):
        bp.read_table(io.BytesIO(data))


# What each of shared/tables is: rows, columns, and some columns' types with their missing values.
SHARED = {
    "titanic": (
        891,
        15,
        {"survived": (int, 0), "age": (float, 177), "deck": (str, 688), "alone": (bool, 0)},
    ),
    "mpg": (398, 9, {"mpg": (float, 0), "horsepower": (float, 6), "name": (str, 0)}),
    "penguins": (344, 7, {"species": (str, 0), "body_mass_g": (int, 2), "sex": (str, 11)}),
    "taxis": (6433, 14, {"pickup": (datetime, 0), "tip": (float, 0), "pickup_zone": (str, 26)}),
    "churn": (10000, 14, {"RowNumber": (int, 0), "Surname": (str, 0), "Balance": (float, 0)}),
    "horse-colic": (
        300,
        28,
        {"column_4": (float, 60), "column_23": (int, 1), "column_25": (str, 0)},
    ),
    "auto-imports": (201, 26, {"column_2": (int, 37), "column_3": (str, 0), "column_26": (int, 0)}),
    "german": (1000, 21, {"column_1": (str, 0), "column_2": (int, 0), "column_21": (int, 0)}),
    "wine-white": (4898, 12, {"column_1": (float, 0), "column_12": (int, 0)}),
    "phoneme": (5404, 6, {"column_1": (float, 0), "column_6": (int, 0)}),
    "pollution": (10956, 13, {"No": (int, 0), "pm2.5": (int, 531), "cbwd": (str, 0)}),
    "hitters": (322, 20, {"Salary": (float, 59), "League": (str, 0)}),
    "soybean": (683, 36, {"Class": (str, 0), "date": (int, 1), "hail": (int, 121)}),
    "bank": (8237, 21, {"pdays": (int, 0), "job": (str, 0), "y": (str, 0)}),
}


@pytest.mark.parametrize("name", SHARED)
def test_real_tables(name):
    rows, width, columns = SHARED[name]
    frame = bp.read_table(shared_table(name))
    assert frame.shape == (rows, width)
    for column, (kind, missing) in columns.items():
        assert frame[column].drop_nulls().to_list()[0].__class__ is kind, column
        assert frame[column].null_count() == missing, column

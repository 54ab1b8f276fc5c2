"""CSV and Parquet as frames of polars."""

import io
from types import SimpleNamespace

import pytest

from bpfast.tables.files import check_nulls, read_frame

polars = pytest.importorskip("polars")


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

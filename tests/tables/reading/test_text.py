"""Rows of text, in batches."""

import io

import pytest

from bpfast.tables.reading import chunks
from bpfast.tables.reading.dialect import TextOptions
from bpfast.tables.reading.sources import ByteSource
from bpfast.tables.reading.text import TextTable

pl = pytest.importorskip("polars")


def opened(data, **options):
    data = data if isinstance(data, bytes) else data.encode()
    return TextTable.open(ByteSource("a.csv", io.BytesIO(data)), TextOptions(**options))


def rows(data, **options):
    return pl.concat(opened(data, **options).batches()).rows()


def test_all_columns_are_strings():
    (batch,) = opened('a,b\n1,"x, ""y"""\n,z\n').batches()
    assert batch.dtypes == [pl.String, pl.String]
    assert batch.columns == ["a", "b"]
    assert batch.rows() == [("1", 'x, "y"'), (None, "z")]


@pytest.mark.parametrize("chunk", [1, 10])
def test_batches_are_the_table(chunk, monkeypatch):
    table = opened("a,b\n" + "".join(f"{k},{k * k}\n" for k in range(100)))
    monkeypatch.setattr(chunks, "CHUNK", chunk)
    monkeypatch.setattr("bpfast.tables.reading.sources.BLOCK", 7)
    batches = [*table.batches()]
    assert len(batches) > 20
    assert pl.concat(batches).rows() == [(str(k), str(k * k)) for k in range(100)]


def test_a_table_may_have_no_rows():
    (batch,) = opened("a,b\n").batches()
    assert batch.columns == ["a", "b"]
    assert batch.height == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a,b\n5" pipe,1\nx,2\n', [('5" pipe', "1"), ("x", "2")]),
        ('a,b\n"x",1\n5" pipe,2\n', [("x", "1"), ('5" pipe', "2")]),
        ("a,b\r1,2\r3,4\r", [("1", "2"), ("3", "4")]),
        ("'a','b'\n'x, y',1\n'z',2\n", [("x, y", "1"), ("z", "2")]),
        ("a,b\n1,\n2,\n3,4", [("1", None), ("2", None), ("3", "4")]),
        ("a,b\n1,2,\n3,4\n5,6, \n", [("1", "2"), ("3", "4"), ("5", "6")]),
        ("a,b\n1,2\n a , b\n3,4\n", [("1", "2"), ("3", "4")]),
        ("a,b\n1,2\na,4\n", [("1", "2"), ("a", "4")]),
        ("a,b,c\n1,2,3\n\nData from: here\n", [("1", "2", "3")]),
    ],
)
def test_odd_texts_are_read(text, expected):
    assert rows(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "a,b\n1,2\n3,4,5\n6,7\n",
            r"a\.csv: line 3 has 3 fields, expected 2: mend the line, or",
        ),
        ("a,b\n1,2\n3\n6,7\n", "line 3 has 1 field, expected 2"),
        ("# x\n\na,b\n1,2\n\n3,4\n# y\n6\n", "line 8 has 1 field, expected 2"),
        ('a,b\n"1\n2",3\n4,5,6,7\n', "line 4 has 4 fields, expected 2"),
        ("a,b,c\n1,2,3\n,\n1,2,3\n", "line 3 has 2 fields, expected 3"),
        ("1,2\n3,4\n5,6,7\n8,9\n", "line 3 has 3 fields, expected 2"),
    ],
)
def test_a_line_of_another_length_is_told(text, words):
    with pytest.raises(ValueError, match=words):
        rows(text)


def test_a_quote_that_is_never_closed_is_told():
    with pytest.raises(ValueError, match=r"a\.csv: line 3 opens a quote that is never closed"):
        rows('a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert rows('a,b\n"x",1\n6" pipe,2\n') == [("x", "1"), ('6" pipe', "2")]


def test_the_line_is_told_in_later_batches_too(monkeypatch):
    text = "a,b\n" + "1,2\n" * 50 + "\n3\n"
    monkeypatch.setattr(chunks, "CHUNK", 9)
    monkeypatch.setattr("bpfast.tables.reading.sources.BLOCK", 7)
    with pytest.raises(ValueError, match="line 53 has 1 field"):
        rows(text)


def test_an_encoding_may_be_said():
    assert rows("a,b\nü,1\n".encode("cp850"), encoding="cp850") == [("ü", "1")]
    assert opened("a,b\nü,1\n".encode("latin-1")).dialect.encoding == "cp1252"

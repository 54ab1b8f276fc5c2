"""Text in chunks of whole records, without what polars' parser does not take."""

import pytest

from bpfast.tables.reading import chunks
from bpfast.tables.reading.chunks import clean, count_fields, cut, quote_of
from bpfast.tables.reading.dialect import Dialect

COMMA = Dialect()


@pytest.mark.parametrize("chunk", [1, 5, 12, 1000])
@pytest.mark.parametrize("block", [1, 3, 50])
@pytest.mark.parametrize(
    ("text", "records"),
    [
        (b"1,2\n3,4\n5,6", [b"1,2\n", b"3,4\n", b"5,6"]),
        (b'1,"a\nb"\n"c\n\n""d""",4\n', [b'1,"a\nb"\n', b'"c\n\n""d""",4\n']),
        (b'5",1\n6",2\n7,3\n', [b'5",1\n', b'6",2\n', b"7,3\n"]),
    ],
)
def test_records_stay_whole(text, records, chunk, block, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", chunk)
    monkeypatch.setattr(chunks, "LONGEST", 100)
    blocks = [text[begin : begin + block] for begin in range(0, len(text), block)]
    got = [*cut(blocks, COMMA, 0)]
    assert b"".join(part.text for part in got) == text
    ends = {sum(map(len, records[: k + 1])) for k in range(len(records))}
    end = 0
    for part in got:
        assert part.first_line == text.count(b"\n", 0, end) + 1
        end += len(part.text)
        assert end in ends


def test_a_quote_that_is_never_closed_does_not_fill_memory(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 10)
    got = [*cut([b"1,2\n"] * 3 + [b'"1,2\n'] + [b"3,4\n"] * 1000, COMMA, 0)]
    assert max(len(part.text) for part in got) < 100


@pytest.mark.parametrize("chunk", [1, 1000])
def test_lines_before_the_rows_are_left_out(chunk, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", chunk)
    got = [*cut([b"# x\n\na,", b"b\n1,2\n"], COMMA, 3)]
    assert [*map(tuple, got)] == [(4, b"1,2\n")]
    assert not [*cut([b"a,b\n"], COMMA, 1)]


@pytest.mark.parametrize(
    ("dialect", "text", "cleaned"),
    [
        (COMMA, b"1,2\n\n \r\n3,4\n\n", b"1,2\n3,4\n"),
        (COMMA, b'1,"a\n\nb"\n\n3,4\n', b'1,"a\n\nb"\n3,4\n'),
        (COMMA, b' "a, b" , 2\n1,\t"c"\r\n', b'"a, b", 2\n1,"c"\r\n'),
        (COMMA, b'"a ""x"" , b",2\n"x",3', b'"a ""x"" , b",2\n"x",3'),
        (Dialect("\t"), b"1\t2\n\t\n\n3\t4\n", b"1\t2\n\t\n3\t4\n"),
        (Dialect(comment="#"), b"# x\n1,#2\n#\n3,4\n#", b"1,#2\n3,4\n"),
        (Dialect(comment="#"), b'1,"a\n#b"\n# "x\n', b'1,"a\n#b"\n'),
        (Dialect(" "), b'  1 \t "a  b"\n2   c \r\n', b'1 "a  b"\n2 c\r\n'),
    ],
)
def test_texts_are_cleaned(dialect, text, cleaned):
    assert clean(text, dialect) == cleaned


def test_quotes_are_those_around_fields():
    assert quote_of(b'1,"a"\n', COMMA) == '"'
    assert quote_of(b'1,5"\n', COMMA) is None
    assert quote_of(b"1,2\n", COMMA) is None


def test_fields_are_counted():
    assert count_fields(b'1,2\n"a,b\n",\n\n,,,', COMMA).tolist() == [2, 2, 1, 4]
    assert count_fields(b'5",2\n6,7,8\n', COMMA).tolist() == [2, 3]

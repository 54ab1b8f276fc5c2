"""Dialects, names and the first row, found out from what a file begins with."""

import pytest

from bpfast.tables.reading.dialect import TextOptions
from bpfast.tables.reading.layout import LINES, Beginning, find_layout

pytest.importorskip("polars")


def layout(text, is_all=True, **options):
    return find_layout(Beginning("a.csv", "utf-8", text, is_all), TextOptions(**options))


@pytest.mark.parametrize(
    ("text", "names", "lines_before"),
    [
        ("a,b\n1,2\n", ["a", "b"], 1),
        ("\n \na,b\n1,2\n", ["a", "b"], 3),
        ("# made by hand\n# twice\na,b\n1,2\n", ["a", "b"], 3),
        ("% made by hand\n1,2\n3,4\n", ["column_1", "column_2"], 1),
        ("# a,b\n1,2\n3,4\n", ["a", "b"], 1),
        ("#a,b\n1,2\n3,4\n", ["a", "b"], 1),
        ("sep=;\na;b\n1;2\n", ["a", "b"], 2),
        ("a,b,\n1,2,\n3,4,\n", ["a", "b"], 1),
        ("a,b\n1,2,\n3,4,\n", ["a", "b"], 1),
        ("a,b,\n1,2\n3,4\n", ["a", "b"], 1),
        ("1,2,\n3,4,\n", ["column_1", "column_2"], 0),
        ("a,b,c\n1,2,\n3,4,\n", ["a", "b", "c"], 1),
        (",b,c\n1,x,3\n2,y,4\n", ["unnamed_1", "b", "c"], 1),
        ('"b" "c"\n"1" 5 3\n"2" 6 4\n', ["rownames", "b", "c"], 1),
        ('"a\nlong name",b\n1,2\n', ["a\nlong name", "b"], 2),
        ("a\n1\n2\n", ["a"], 1),
        ("a,b\r\n1,2\r\n", ["a", "b"], 1),
        ("Sales of 2024\n\na,b,c\n1,2,3\n1,2,3\n", ["a", "b", "c"], 3),
        ("Sales of 2024,,,\nEurope,,,\n,a,b,c\n1,2,3,4\n", ["unnamed_1", "a", "b", "c"], 3),
        ("|1x3 test\n1, ?, x\n2, 3, y\n2, 3, x\n", ["column_1", "column_2", "column_3"], 1),
        ('"Of","a bank",\n"At","2024",\n"a","b","60","61",\n1,2,3,4,\n', ["a", "b", "60", "61"], 3),
        ("| a | b |\n|---|---:|\n| x | y |\n| z | y |\n", ["unnamed_1", "a", "b"], 2),
        ("a,b\n---,---\nx,y\n", ["a", "b"], 2),
        ("a,b\n,\nx,y\nz,y\n", ["a", "b"], 1),
        ("x,,\n1,2,3\n4,5,6\n", ["x", "unnamed_2", "unnamed_3"], 1),
        ("Ur,,\nUruk,5,6\nUr,7,8\n", ["column_1", "column_2", "column_3"], 0),
    ],
)
def test_names_and_rows_are_found(text, names, lines_before):
    found = layout(text)
    assert found.names == names
    assert found.lines_before == lines_before


def test_what_the_user_says_is_so():
    text = "a;b\n1;2\n"
    assert layout(text, separator=",").names == ["a;b"]
    assert layout(text, header=False).names == ["column_1", "column_2"]
    assert layout("1;2\n3;4\n", header=True).names == ["1", "2"]
    assert layout("//x\na,b\n1,2\n", comment="//").names == ["a", "b"]
    assert layout(text, decimal=",").dialect.decimal == ","


def test_the_end_of_a_beginning_may_be_within_a_record():
    text = "a,b\n1,2\n3,4\n5,6"
    assert layout(text).names == layout(text[:-3], is_all=False).names == ["a", "b"]
    assert layout("a,b\n" + '1,"x\ny"\n' * LINES).names == ["a", "b"]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n"])
def test_nothing_is_refused(text):
    with pytest.raises(ValueError, match=r"a\.csv is empty: expected a line of names"):
        layout(text)


def test_a_first_line_with_too_few_names_is_refused():
    with pytest.raises(ValueError, match=r"a\.csv: line 1 has 2 fields, expected 4: mend the line"):
        layout("a,b\n1,2,3,4\n1,2,3,4\n")


def test_a_title_is_told():
    told = layout("Sales of 2024\na,b,c\n1,2,3\n1,2,3\n").dialect.describe()
    assert told == "1 line above the table left out"

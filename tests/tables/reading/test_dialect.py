"""Separators and quotes, found out from some lines."""

import pytest

from bpfast.tables.reading.dialect import (
    Dialect,
    TextOptions,
    find_decimal,
    find_quote,
    find_separator,
    records,
)


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n3,4\n", ","),
        ("a;b;c\n1,5;2,5;3,5\n4,5;1,5;2,5\n", ";"),
        ("1,5;2,5;3,5\n4,5;1,5;2,5\n", ";"),
        ("a\tb\n1,5\tx, y\n2,5\tz\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("x y z\n1 2 3\n4 5 6\n", " "),
        ("1   2  3\n 4 5 6\n", " "),
        ("1 000.00\t5\n", "\t"),
        ("1\t2\t3\n1\t\t2\t3\n1\t2\t3\n", " "),
        ("a\tb\tc\n1\t\t3\n1\t2\t3\n", "\t"),
        ("a b\tc\n1 2\t3\t4\n1 2\t3\n1 2\t3\n", "\t"),
        ("day,n\n2019-03-23 20:21:09,1\n2019-03-04 16:11:55,2\n", ","),
        ('a,b\n"x;y",1\n"z;w",2\n', ","),
        ("a;b\nSmith, John;5\nDoe, Jane;6\n", ";"),
        ("1.5 , 2 , x;y \n , , x;y \n", ","),
        ("name\nJohn Smith\nJane Doe\n", ","),
        ("x\n1,5\n2,5\n", ";"),
        ("a,y\n1,2\n1,2,3\n", ","),
        ("a,b\n1,2,\n3,4,\n", ","),
    ],
)
def test_separators_are_found_out(text, separator):
    assert find_separator(text.splitlines(keepends=True), '"') == separator


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["a", "1.5"], "."),
        (["1,5", "1.234"], ","),
        (["1.234,5 €", "x"], ","),
        (["$1,234.5", "(.25)"], "."),
        (["1,234", "1.234"], None),
        (["1,5", "1.5"], None),
        (["31.12.2024", "7", "1.2.3"], None),
        (["1,5e3", "12,50 %"], ","),
    ],
)
def test_decimal_marks_are_found_out_where_they_are_beyond_doubt(cells, decimal):
    assert find_decimal([["name"], cells]) == decimal


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ('a,b\n"x",1\n', '"'),
        ("'a','b'\n'x, y',1\n", "'"),
        ("a,b\nit's,1\nthat's,2\n", '"'),
        ("a,b\n'x',\"1\"\n", '"'),
    ],
)
def test_quotes_are_found_out(text, quote):
    assert find_quote(text.splitlines(keepends=True)) == quote


def test_records_say_how_many_lines_they_take():
    rows, ends = records(['a, "b\n', 'c"\n', "d,e\n"], ",", '"')
    assert rows == [["a", "b\nc"], ["d", "e"]]
    assert ends == [2, 3]


def test_options_have_names_for_what_is_hard_to_type():
    assert TextOptions(separator="tab").separator == "\t"
    assert TextOptions(separator="semicolon", missing=["x"]).missing == ("x",)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"separator": "::"}, "separator '::': expected one ASCII character, or tab"),
        ({"separator": "§"}, "expected one ASCII character"),
        ({"decimal": ";"}, "decimal ';': expected '.' or ','"),
        ({"decimal": ",", "separator": ","}, "are the same: name another separator"),
        ({"comment": ""}, "comment '': expected what comment lines begin with"),
    ],
)
def test_options_that_cannot_be_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        TextOptions(**options)


def test_a_dialect_tells_what_is_unlike_a_plain_file():
    assert Dialect().describe() == ""
    odd = Dialect(";", ",", "cp1252", header=False, comment="#", quote="'")
    assert odd.describe() == (
        "separated by semicolons, decimal commas, encoding cp1252, quotes ', "
        "lines that begin with # left out, no header"
    )

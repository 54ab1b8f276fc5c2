"""Lines below a table that are no part of it."""

import pytest

from bpfast.tables.reading.dialect import Dialect
from bpfast.tables.reading.notes_below import find_notes_below

TABLE = "a,b,c\n1,2,3\n4,5,6\n"


def find(text, width=3, **dialect):
    blocks = [text[k : k + 7].encode() for k in range(0, len(text), 7)]
    return find_notes_below(blocks, Dialect(**dialect), width)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n \n"])
def test_notes_are_below_a_blank_line(end):
    assert find(TABLE + "\n\nData from: here\n" + '"Last, updated: 2023"' + end) == (6, 2)
    assert find(TABLE + "\nTotal: 15" + end) == (5, 1)
    assert find(TABLE.replace(",", ";") + "\nFrom here, and there", separator=";").lines == 1


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE + "\n\n",
        TABLE + "cut\n",  # a row whose rest is not there
        TABLE + "\n7\n",
        TABLE + "\nx,y\n",
        TABLE + '7,8,"words\n\nand more"\n',
        TABLE + '7,8,"words\n\nand ""more"""\n',
        "",
    ],
)
def test_other_last_lines_are_rows(text):
    assert find(text).lines == 0


def test_lines_of_narrow_tables_and_spaced_ones_are_rows():
    assert find("a,b\n1,2\n\nthree\n", width=2).lines == 0
    assert find("a b c\n1 2 3\n\nthree\n", separator=" ").lines == 0

"""Tables written as text in the ways that people write them, and Hypothesis' strategies of both."""

import gzip
from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

WORDS = ("red", "blue", "Zürich", "a, b", 'say "hi"', "semi;colon", "pipe|d", "café au lait")
GROUPS = {".": ("", "", ",", " ", "'"), ",": ("", "", ".", " ")}  # thousands separators


class Way(NamedTuple):
    """How a table is written."""

    separator: str = ","
    decimal: str = "."
    thousands: str = ""
    quote_all: bool = False
    encoding: str = "utf-8"
    compressed: bool = False
    comments: bool = False
    blank_lines: bool = False
    trailing: bool = False
    header: bool = True
    missing: str = ""
    line_end: str = "\n"
    padding: str = ""


@st.composite
def ways(draw):
    """Ways to write a table."""
    decimal = draw(st.sampled_from(".,"))
    return Way(
        separator=draw(st.sampled_from(",;\t|")),
        decimal=decimal,
        thousands=draw(st.sampled_from(GROUPS[decimal])),
        quote_all=draw(st.booleans()),
        encoding=draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "latin-1"))),
        compressed=draw(st.booleans()),
        comments=draw(st.booleans()),
        blank_lines=draw(st.booleans()),
        trailing=draw(st.booleans()),
        header=draw(st.booleans()),
        missing=draw(st.sampled_from(("", "NA", "?", "N/A", "null"))),
        line_end=draw(st.sampled_from(("\n", "\r\n"))),
        padding=draw(st.sampled_from(("", "", " ", "  "))),
    )


@st.composite
def tables(draw):
    """Columns of numbers, dates and words with holes below the first row."""
    n = draw(st.integers(1, 12))
    kinds = {
        "price": st.integers(-(10**8), 10**8).map(lambda cents: cents / 100),
        "count": st.integers(-5000, 10**6),
        "day": st.integers(0, 20000).map(lambda days: date(1980, 1, 1) + timedelta(days)),
        "colour": st.sampled_from(WORDS),
        "a long name, with a comma": st.sampled_from(WORDS),
    }
    others = draw(st.lists(st.sampled_from([*kinds][1:]), unique=True, min_size=1))
    return {
        name: [draw(kinds[name]), *(draw(st.none() | kinds[name]) for _ in range(n - 1))]
        for name in draw(st.permutations(["price", *others]))
    }


def write(table, way):
    """The bytes of a table's file."""
    rows = [[_cell(value, way) for value in row] for row in zip(*table.values(), strict=True)]
    lines = [_line(row, way) for row in ([[*table]] if way.header else []) + rows]
    if way.comments:
        lines = ["# made by hand", *lines[:1], "# a second one", *lines[1:]]
    if way.blank_lines:
        lines = ["", *lines[:2], "", *lines[2:], ""]
    text = "".join(line + way.line_end for line in lines)
    data = text.encode(way.encoding)
    return gzip.compress(data) if way.compressed else data


def _cell(value, way):
    if value is None:
        return way.missing
    if isinstance(value, float):
        text = f"{value:,.2f}"
    elif isinstance(value, int):
        text = f"{value:,}"
    else:
        return str(value)
    return text.translate({ord(","): way.thousands, ord("."): way.decimal})


def _line(cells, way):
    quoted = [
        '"' + cell.replace('"', '""') + '"' if way.quote_all or _needs_quotes(cell, way) else cell
        for cell in cells
    ]
    line = way.separator.join(way.padding + cell + way.padding for cell in quoted)
    return line + way.separator if way.trailing else line


def _needs_quotes(cell, way):
    return way.separator in cell or '"' in cell

"""How a table is laid out as text: its dialect, its columns' names, and where its rows begin."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from typing import NamedTuple

from .dialect import (
    COMMENTS,
    Dialect,
    TextOptions,
    find_decimal,
    find_quote,
    find_separator,
    records,
)
from .header import column_names, has_header
from .other_formats import refuse_other_formats

LINES = 1000  # that a header is found out from
LINES_TO_COMPARE = 200  # that a separator is found out from
CELLS = 100_000  # of these lines, at most
MOST_TITLES = 10  # lines above the header that are no part of the table


class Layout(NamedTuple):
    """A table's dialect, its columns' names, and how many lines come before its first row."""

    dialect: Dialect
    names: list[str]
    lines_before: int


class _Line(NamedTuple):
    number: int  # from 1, in the file
    text: str


class Beginning(NamedTuple):
    """What a file begins with.

    Attributes
    ----------
    name : of the file, in messages
    encoding : that the file had
    text : whole lines
    is_all : whether nothing follows
    """

    name: str
    encoding: str
    text: str
    is_all: bool


def find_layout(beginning: Beginning, options: TextOptions) -> Layout:
    """The layout of a table, from what its file begins with and what the user says.

    Raises
    ------
    ValueError
        There are no lines but blank ones and comments, or they are of another format.
    """
    all_lines = beginning.text.split("\n")
    lines = [_Line(k + 1, line + "\n") for k, line in enumerate(all_lines[:LINES])]
    told, lines = _excel_separator(lines)
    comment = options.comment or _find_comment(lines)
    body = [line for line in lines if line.text.strip() and not _is_comment(line, comment)]
    if not body:
        raise ValueError(
            f"{beginning.name} is empty: expected a line of names, and a line for each row"
        )
    texts = [line.text for line in body]
    refuse_other_formats(beginning.name, texts)
    quote = find_quote(texts)
    separator = options.separator or told or find_separator(texts[:LINES_TO_COMPARE], quote)
    dialect = Dialect(separator, options.decimal, beginning.encoding, comment=comment, quote=quote)
    above = lines[: lines.index(body[0])]
    is_all = beginning.is_all and len(all_lines) <= LINES
    return _name_columns(_Sample(beginning.name, dialect, body, above, is_all), options)


def ragged(name: str, line: int, found: int, expected: int) -> ValueError:
    """What to raise for a line that has more or fewer fields than the table has columns."""
    fields = "1 field" if found == 1 else f"{found} fields"
    return ValueError(
        f"{name}: line {line} has {fields}, expected {expected}: mend the line, or set "
        "separator or comment if the file has others than were found out"
    )


class _Sample(NamedTuple):
    """The lines that a file begins with: those of its table, and those above it."""

    name: str
    dialect: Dialect
    body: list[_Line]
    above: list[_Line]
    is_all: bool

    def rows(self) -> tuple[list[list[str]], list[int]]:
        """The fields of each record, and the file's number of each record's last line."""
        dialect = self.dialect
        try:
            texts = [line.text for line in self.body]
            rows, ends = records(texts, dialect.separator, dialect.quote)
        except csv.Error as error:
            raise ValueError(f"{self.name} cannot be read: {error}") from None
        if not self.is_all and len(rows) > 2:
            del rows[-1]  # it may go on after the sample
        return rows, [self.body[end - 1].number for end in ends]


def _name_columns(sample: _Sample, options: TextOptions) -> Layout:
    rows, ends = sample.rows()
    titles = _count_titles(rows, options)
    rows, end_of_first = rows[titles:], ends[titles]
    is_underlined = len(rows) > 1 and _is_rule(rows[1])
    if is_underlined:  # as Markdown and sqlcmd do it
        del rows[1]
        end_of_first = ends[titles + 1]
    lines_before = ends[titles - 1] if titles else sample.body[0].number - 1
    width = _width(rows)
    first = rows[0][:width]
    # R writes no name for the column of its rows' names.
    no_name_of_first = len(first) == width - 1 and width > 2 and options.header is not False
    if len(first) < width and not no_name_of_first:
        raise ragged(sample.name, end_of_first, len(first), width)
    decimal = options.decimal or find_decimal(rows)
    dialect = replace(sample.dialect, decimal=decimal, titles=titles)
    header = options.header
    if header is None:
        body = [row[:width] for row in rows[1 : CELLS // width + 2] if len(row) >= width]
        header = (
            is_underlined
            or no_name_of_first
            or has_header([first, *body], options.missing, decimal)
        )
        if not header and (names := _names_in_comment(sample, width)):
            return Layout(dialect, names, lines_before)
    if not header:
        names = [f"column_{k + 1}" for k in range(width)]
        return Layout(replace(dialect, header=False), names, lines_before)
    names, notes = column_names((["rownames"] if no_name_of_first else []) + first)
    return Layout(replace(dialect, notes=notes), names, end_of_first)


def _count_titles(rows: list[list[str]], options: TextOptions) -> int:
    """How many records above a table of three columns or more are no part of it.

    Below lines of one field anything may follow. Other records of few values might be rows that
    lack the rest, unless a header follows.
    """
    width = _width(rows)
    titles = next((k for k, row in enumerate(rows[:MOST_TITLES]) if not _is_title(row, width)), 0)
    body = rows[titles:]
    if not titles or width < 3 or len(body[0]) == 1:
        return 0
    if all(len(row) == 1 for row in rows[:titles]):
        return titles
    first, *below = [row[:width] for row in body if len(row) >= width]
    is_full = first == body[0][:width] and sum(map(bool, map(str.strip, first))) >= width - 1
    if options.header is not None or not is_full:
        return 0
    return titles * has_header([first, *below], options.missing, options.decimal)


def _is_title(row: list[str], width: int) -> bool:
    """Whether a record is words that leave two columns or more empty."""
    cells = [cell for cell in map(str.strip, row) if cell]
    return len(cells) < width - 1 and bool(re.search(r"[^\W\d_]{2}", row[0]))


def _is_rule(row: list[str]) -> bool:
    """Whether a record is dashes, as under the header of a table in Markdown."""
    cells = [cell for cell in map(str.strip, row) if cell]
    return bool(cells) and all(re.fullmatch(":?-{3,}:?", cell) for cell in cells)


def _excel_separator(lines: list[_Line]) -> tuple[str | None, list[_Line]]:
    """The separator of a first line like "sep=;", which Excel reads and writes."""
    told = re.fullmatch(r'"?sep=(.)"?\s*', lines[0].text, re.IGNORECASE)
    return (told[1], lines[1:]) if told else (None, lines)


def _find_comment(lines: list[_Line]) -> str | None:
    """The mark of comment lines, if the first line that is not blank begins with one."""
    first = next((line.text for line in lines if line.text.strip()), "")
    return first[0] if first.startswith(COMMENTS) else None


def _is_comment(line: _Line, comment: str | None) -> bool:
    return comment is not None and line.text.startswith(comment)


def _width(rows: list[list[str]]) -> int:
    """How many columns there are, without one that only separators at lines' ends make."""
    first, body = rows[0], rows[1:] or rows
    widths = [len(row) for row in body]
    width = max(set(widths), key=lambda w: (widths.count(w), w == len(first)))
    if any(cell.strip() for cell in first[width:]):
        return len(first)
    named = len(first) >= width and first[width - 1].strip()
    if (
        width > 1
        and not named
        and not any(row[width - 1].strip() for row in body if len(row) >= width)
    ):
        return width - 1
    return width


def _names_in_comment(sample: _Sample, width: int) -> list[str]:
    """The names in the last comment above a table without a header, where there are some."""
    comments = [line.text for line in sample.above if line.text.strip()]
    if not comments or width < 2:
        return []
    line = comments[-1].lstrip(sample.dialect.comment or "")
    rows, _ = records([line.strip() + "\n"], sample.dialect.separator, sample.dialect.quote)
    cells = [cell.strip() for cell in rows[0]] if rows else []
    if len(cells) != width or len(set(cells)) != width or not all(map(_is_name, cells)):
        return []
    return column_names(cells)[0]


def _is_name(cell: str) -> bool:
    return bool(re.fullmatch(r"[^\W\d][\w .()/%\"'-]*", cell))

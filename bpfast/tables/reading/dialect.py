"""How a table is written as text: what a user says of it, and what is found out."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...plurals import many

if TYPE_CHECKING:
    from ..values.typed import Writing

SEPARATOR_NAMES = {
    "tab": "\t",
    "\\t": "\t",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "space": " ",
}
SEPARATORS = (",", ";", "\t", "|", " ")
COMMENTS = ("#", "%")  # marks of comment lines that are found out


@dataclass(frozen=True)
class TextOptions:
    """What a user says of a table that is text; ``None`` is found out.

    Attributes
    ----------
    separator : what stands between two fields, such as ";"; " " is any spaces and tabs
    decimal : "." or ",", the decimal mark
    encoding : of the characters, as Python names it
    header : whether the first line names the columns
    comment : what a line begins with that is left out, such as "#"
    missing : words that stand for missing values, beside the usual ones
    """

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header: bool | None = None
    comment: str | None = None
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.separator is not None:
            object.__setattr__(
                self, "separator", SEPARATOR_NAMES.get(self.separator, self.separator)
            )
            if len(self.separator) != 1 or not self.separator.isascii():
                raise ValueError(
                    f"separator {self.separator!r}: expected one ASCII character, "
                    f"or {', '.join(SEPARATOR_NAMES)}"
                )
        if self.decimal not in (None, ".", ","):
            raise ValueError(f"decimal {self.decimal!r}: expected '.' or ','")
        if self.decimal == self.separator == ",":
            raise ValueError("decimal ',' and separator ',' are the same: name another separator")
        if self.comment == "":
            raise ValueError("comment '': expected what comment lines begin with, such as '#'")
        object.__setattr__(self, "missing", tuple(self.missing))


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    separator : what stands between two fields; " " is any spaces and tabs
    decimal : the decimal mark of all columns; ``None`` where each shows its own, or none
    encoding : of the characters, as Python names it
    header : whether the first line names the columns
    comment : what lines begin with that are left out
    quote : what stands around fields that hold separators
    titles : how many records above the header, or the first row, are left out
    notes_below : how many lines below the last row are left out
    notes : what was done with a column while it was read
    writing : how the values of each column were written, where types were found while reading
    """

    separator: str = ","
    decimal: str | None = None
    encoding: str = "utf-8"
    header: bool = True
    comment: str | None = None
    quote: str = '"'
    titles: int = 0
    notes_below: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)
    writing: Mapping[str, Writing] = field(default_factory=dict)

    def describe(self) -> str:
        """What is unlike a plain CSV file, in words; "" for nothing."""
        names = {"\t": "tabs", ";": "semicolons", "|": "pipes", " ": "spaces"}
        told = []
        if self.separator != ",":
            told.append(f"separated by {names.get(self.separator, repr(self.separator))}")
        if self.decimal == ",":
            told.append("decimal commas")
        if self.encoding not in ("utf-8", "utf-8-sig"):
            told.append(f"encoding {self.encoding}")
        if self.quote != '"':
            told.append(f"quotes {self.quote}")
        if self.comment is not None:
            told.append(f"lines that begin with {self.comment} left out")
        if self.titles:
            told.append(f"{many(self.titles, 'line')} above the table left out")
        if self.notes_below:
            told.append(f"{many(self.notes_below, 'line')} below the table left out")
        if not self.header:
            told.append("no header")
        return ", ".join(told)


def records(lines: Iterable[str], separator: str, quote: str) -> tuple[list[list[str]], list[int]]:
    """The fields of each record, and how many lines were read at the end of each.

    Python's parser, which takes what polars' refuses; for samples, and for finding what is wrong.
    ``csv.Error`` is raised where the lines are no such text.
    """
    if separator == " ":
        lines = (" ".join(line.split()) + "\n" for line in lines)
    reader = csv.reader(lines, delimiter=separator, quotechar=quote, skipinitialspace=True)
    rows, ends = [], []
    for row in reader:
        rows.append(row)
        ends.append(reader.line_num)
    return rows, ends


def find_quote(lines: list[str]) -> str:
    """The quotes around fields: single ones only where fields are in them, and none in others."""
    return "'" if "".join(lines).count('"') == 0 and _in_single_quotes(lines) else '"'


def find_separator(lines: list[str], quote: str) -> str:
    """The separator that cuts all lines into equally many fields, and fields that look whole."""
    graded = [(_grade(lines, separator, quote), separator) for separator in SEPARATORS]
    best = max(graded, key=lambda pair: pair[0])
    if best[0] > (0.0, 0):
        return " " if best[1] == "\t" and _are_aligned(lines, quote, best[0][1]) else best[1]
    text = "".join(lines)  # one column: the separator is one that is not in it
    return next((separator for separator in SEPARATORS if separator not in text), ",")


def find_decimal(rows: list[list[str]]) -> str | None:
    """The decimal mark that some numbers show beyond doubt, if none show the other."""
    cells = [cell.strip() for row in rows for cell in row]
    shown = [mark for mark, pattern in _WITH_MARK.items() if any(map(pattern.fullmatch, cells))]
    return shown[0] if len(shown) == 1 else None


_UNIT = r"\s*[%$€£¥]?\s*"
# Numbers with thousands and decimals, or whose decimals are not three, as thousands are.
_WITH_MARK = {
    mark: re.compile(
        rf"[-+(]?{_UNIT}(\d{{1,3}}([{group}]\d{{3}})+[{mark}]\d+|\d*[{mark}](\d{{1,2}}|\d{{4,}}))"
        rf"(e[-+]?\d+)?{_UNIT}\)?",
        re.IGNORECASE,
    )
    for mark, group in (".,", ",.")
}
_NUMBER = re.compile(
    rf"[-+(]?{_UNIT}(\d*([.,']\d+)*|\d{{1,3}}( \d{{3}})+([.,]\d+)?)(e[-+]?\d+)?{_UNIT}\)?",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"[-+.,\d]+(\s+[-+.,\d]+)+")


def _in_single_quotes(lines: list[str]) -> bool:
    quoted = re.compile(r"(?:^|[,;|\t ])'[^']*'(?=[,;|\t \r\n]|$)")
    return sum(bool(quoted.search(line)) for line in lines) > len(lines) / 2


def _grade(lines: list[str], separator: str, quote: str) -> tuple[float, int]:
    """How well a separator fits, and into how many fields it cuts; (0, 0) if it does not."""
    try:
        rows, _ = records(lines, separator, quote)
    except csv.Error:
        return 0.0, 0
    widths = [len(row) for row in rows]
    body = widths[1:] or widths
    width = max(set(body), key=lambda w: (body.count(w), w == widths[0]))
    if width < 2 or (width == 2 and widths[0] == 1):
        return 0.0, 0
    equal = sum(w == width for w in body) / len(body)
    cells = [cell.strip() for row in rows for cell in row]
    whole = sum(_looks_whole(cell, separator) for cell in cells) / len(cells)
    header_fits = abs(widths[0] - width) <= 1
    if separator == " ":  # in words, too, so that another one wins where both fit
        fits = equal == 1 and header_fits and _has_numbers(rows[1:] or rows)
        return 0.9 * whole * fits, width
    return equal * whole * (1.0 if header_fits else 0.3), width


def _are_aligned(lines: list[str], quote: str, width: int) -> bool:
    """Whether columns have several tabs between them in some lines, as long as words are short."""
    tabs, spaces = (
        {len(row) for row in records(lines, separator, quote)[0]} for separator in "\t "
    )
    return tabs != spaces == {width}


def _looks_whole(cell: str, separator: str) -> bool:
    """Whether a cell is a number, or words that no other separator seems to be in."""
    if _NUMBER.fullmatch(cell):
        return True
    if any(other in cell for other in ";\t|" if other != separator):
        return False
    if separator != "," and re.search(r",(?! )|\s,", cell):  # in prose a comma is "so, and"
        return False
    return not _NUMBERS.fullmatch(cell)


def _has_numbers(rows: list[list[str]]) -> bool:
    """Whether some column is all numbers."""
    return any(
        all(_NUMBER.fullmatch(cell) for cell in column) for column in zip(*rows, strict=False)
    )

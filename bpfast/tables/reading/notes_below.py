"""Lines below a table that are no part of it: where its data are from, sums, a date."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import NamedTuple

from .dialect import Dialect, records

TAIL = 4096  # bytes at a file's end in which notes are looked for


class NotesBelow(NamedTuple):
    """Where the notes below a table are.

    Attributes
    ----------
    first_line : the number of their first line in the file, from 1
    lines : how many there are, 0 for none
    """

    first_line: int = 0
    lines: int = 0


def find_notes_below(blocks: Iterable[bytes], dialect: Dialect, width: int) -> NotesBelow:
    """The last lines of a text, if they are of one field and words, and a blank line is above.

    Without a blank line they might be a row that was cut off. In a table of one or two columns
    they might be rows.

    Parameters
    ----------
    blocks : the text, in UTF-8
    width : how many columns the table has
    """
    if width < 3 or dialect.separator == " ":
        return NotesBelow()
    total, tail = 0, b""
    for block in blocks:
        total += block.count(b"\n")
        tail = (tail + block)[-TAIL:]
    lines = [line.strip() for line in tail.decode(errors="ignore").split("\n")]
    while lines and not lines[-1]:
        del lines[-1]
        total -= 1
    blank = max((k for k, line in enumerate(lines) if not line), default=len(lines))
    notes = lines[blank + 1 :]
    if not notes or not all(_is_note(line, dialect) for line in notes):
        return NotesBelow()
    if "".join(notes).count(dialect.quote) % 2:  # they are within the last row's quotes
        return NotesBelow()
    return NotesBelow(total + 2 - len(notes), len(notes))


def _is_note(line: str, dialect: Dialect) -> bool:
    try:
        (fields,), _ = records([line + "\n"], dialect.separator, dialect.quote)
    except csv.Error:
        return False
    return len(fields) == 1 and bool(re.search(r"[^\W\d_]{2}", line))

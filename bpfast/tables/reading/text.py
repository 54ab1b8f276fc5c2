"""Tables that are text: rows of strings, in batches, by polars' parser."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ...errors import import_optional
from .charset import check_encoding, find_encoding, to_utf8
from .chunks import Chunk, clean, count_fields, cut, quote_of
from .dialect import Dialect, TextOptions, records
from .layout import Beginning, Layout, find_layout, ragged
from .notes_below import NotesBelow, find_notes_below
from .sources import ByteSource

if TYPE_CHECKING:
    import polars as pl

FEW_LINES = 20  # that are read at least to find out how a table is written

_polars = partial(import_optional, "polars", "cli")


@dataclass(frozen=True)
class TextTable:
    """A table that is text, whose rows can be read more than once."""

    source: ByteSource
    layout: Layout
    notes: NotesBelow

    @classmethod
    def open(cls, source: ByteSource, options: TextOptions) -> TextTable:
        """Find out how a table is written, where the user does not say it.

        Raises
        ------
        ValueError
            No text, an empty one, an encoding that is not known or not the file's.
        """
        if options.encoding is None:
            encoding = find_encoding(source.blocks(), source.name)
        else:
            encoding = check_encoding(options.encoding)
        layout = find_layout(_beginning(source, encoding), options)
        notes = find_notes_below(_utf8(source, encoding), layout.dialect, len(layout.names))
        return cls(source, layout, notes)

    @property
    def dialect(self) -> Dialect:
        """How the table is written."""
        return replace(self.layout.dialect, notes_below=self.notes.lines)

    def batches(self) -> Iterator[pl.DataFrame]:
        """Batches of rows, all columns strings; at least one, though it may have no rows.

        Raises
        ------
        ValueError
            A line with more or fewer fields than there are columns.
        """
        blocks = _utf8(self.source, self.dialect.encoding)
        some = False
        for chunk in cut(blocks, self.dialect, self.layout.lines_before):
            yield self._without_headers(self._parse(chunk))
            some = True
        if not some:
            yield self._parse(Chunk(1, b""))

    def _parse(self, chunk: Chunk) -> pl.DataFrame:
        pl, width = _polars(), len(self.layout.names)
        text = clean(chunk.text, self.dialect)
        header = self.dialect.separator.join(map(str, range(width + 1))).encode()
        try:
            frame = pl.read_csv(
                header + b"\n" + text,
                separator=self.dialect.separator,
                quote_char=quote_of(text, self.dialect),
                infer_schema=False,
            )
        except pl.exceptions.PolarsError:
            return self._parse_in_python(chunk)
        if not self._is_even(frame, text) or not _has_pairs(text, self.dialect):
            return self._parse_in_python(chunk)
        frame = frame[:, :width]
        frame.columns = self.layout.names
        return frame

    def _without_headers(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A batch without rows that are the header again, which files have that were joined."""
        pl, names = _polars(), self.layout.names
        if not self.dialect.header or not (frame[names[0]].str.strip_chars() == names[0]).any():
            return frame
        is_name = (pl.col(name).str.strip_chars().eq_missing(pl.lit(name)) for name in names)
        return frame.filter(~pl.all_horizontal(is_name))

    def _is_even(self, frame: pl.DataFrame, text: bytes) -> bool:
        """Whether all records have as many fields as there are columns.

        The frame has a column more, for what follows a separator at the lines' ends. polars fills
        fields that are not there with null, as it does those that are empty.
        """
        width = frame.width - 1
        extra = frame.to_series(width)
        if extra.null_count() < len(extra) and (extra.str.strip_chars() != "").any():
            return False
        if width == 1 or not frame.to_series(width - 1).null_count():
            return True
        fields = count_fields(text, self.dialect)
        return len(fields) == len(frame) and bool(np.all(fields >= width))

    def _parse_in_python(self, chunk: Chunk) -> pl.DataFrame:
        """What polars' parser does not take: quotes within words; uneven lines are an error."""
        width, dialect = len(self.layout.names), self.dialect
        lines = _clean_lines(chunk, dialect)
        if self.notes.lines:
            lines = [line for line in lines if line[0] < self.notes.first_line]
        try:
            rows, ends = records([text for _, text in lines], dialect.separator, dialect.quote)
        except csv.Error as error:
            raise ValueError(f"{self.source.name} cannot be read: {error}") from None
        if not _is_closed([text for _, text in lines], dialect):
            line = lines[ends[-2] if len(ends) > 1 else 0][0]
            raise ValueError(f"{self.source.name}: line {line} opens a quote that is never closed")
        for row, end in zip(rows, ends, strict=True):
            if len(row) < width or any(cell.strip() for cell in row[width:]):
                raise ragged(self.source.name, lines[end - 1][0], len(row), width)
        schema = dict.fromkeys(self.layout.names, _polars().String)
        return _polars().DataFrame([row[:width] for row in rows], schema=schema, orient="row")


def _clean_lines(chunk: Chunk, dialect: Dialect) -> list[tuple[int, str]]:
    """A chunk's lines and their numbers in the file, without blank ones and comments."""
    lines = enumerate(chunk.text.decode().split("\n"), chunk.first_line)
    return [
        (number, line + "\n")
        for number, line in lines
        if line.strip(" \r") and not (dialect.comment and line.startswith(dialect.comment))
    ]


def _has_pairs(text: bytes, dialect: Dialect) -> bool:
    return not quote_of(text, dialect) or text.count(dialect.quote.encode()) % 2 == 0


def _is_closed(lines: list[str], dialect: Dialect) -> bool:
    """Whether each quote around a field has its other."""
    reader = csv.reader(
        lines,
        delimiter=dialect.separator,
        quotechar=dialect.quote,
        skipinitialspace=True,
        strict=True,
    )
    try:
        deque(reader, maxlen=0)
    except csv.Error as error:
        return "end of data" not in str(error)
    return True


def _beginning(source: ByteSource, encoding: str) -> Beginning:
    """As many blocks as have some lines, without what the last one cuts."""
    text, blocks = b"", _utf8(source, encoding)
    for block in blocks:
        text += block
        if text.count(b"\n") > FEW_LINES:
            break
    is_all = not any(blocks)
    end = len(text) if is_all else text.rfind(b"\n")
    return Beginning(source.name, encoding, text[:end].decode(), is_all)


def _utf8(source: ByteSource, encoding: str) -> Iterator[bytes]:
    """A source's blocks in UTF-8, with line feeds at the ends of lines."""
    old_line_ends = None  # carriage returns alone
    for block in to_utf8(source.blocks(), encoding, source.name):
        if old_line_ends is None:
            old_line_ends = b"\r" in block and b"\n" not in block
        yield block.replace(b"\r", b"\n") if old_line_ends else block

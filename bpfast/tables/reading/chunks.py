"""A text in chunks of whole records, as polars' parser takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from .dialect import Dialect

CHUNK = 1 << 23  # bytes that are parsed at once
LONGEST = 8  # chunks that a record may fill; a longer one has a quote that is never closed


class Chunk(NamedTuple):
    """Whole records of a text, in UTF-8."""

    first_line: int  # from 1, in the file
    text: bytes


def cut(blocks: Iterable[bytes], dialect: Dialect, lines_before: int) -> Iterator[Chunk]:
    """Chunks of whole records, without some lines at the beginning."""
    held: list[bytes] = []
    size, line, skip = 0, 1, lines_before
    for block in blocks:
        held.append(block)
        size += len(block)
        if size < CHUNK:
            continue
        text, skipped = _skip(b"".join(held), skip)
        skip, line = skip - skipped, line + skipped
        end = _end_of_records(text, dialect) if not skip else 0
        if end:
            yield Chunk(line, text[:end])
            line += text.count(b"\n", 0, end)
        held = [text[end:]]
        size = len(held[0])
    text, skipped = _skip(b"".join(held), skip)
    if text:
        yield Chunk(line + skipped, text)


def clean(text: bytes, dialect: Dialect) -> bytes:
    """A chunk without comments, blank lines, and spaces around quoted fields."""
    separator, comment = dialect.separator, (dialect.comment or "").encode()
    quote = quote_of(text, dialect)
    if comment and comment in text:
        text = _drop(_comment_lines(comment), text, quote)
    if separator == " ":
        text = _single_spaces(text, quote)
    if _may_have_blank_lines(text):
        text = _drop(_blank_lines(separator), text, quote)
    if quote and _may_have_spaced_quotes(text, dialect):
        text = _spaced_quotes(separator, quote).sub(rb"\1\2", text)
    return text


def quote_of(text: bytes, dialect: Dialect) -> str | None:
    """The quotes around a chunk's fields; ``None`` where only words have such characters."""
    if dialect.quote.encode() not in text:
        return None
    opening = _opening_quote(dialect.separator, dialect.quote)
    return dialect.quote if opening.search(text) else None


def count_fields(text: bytes, dialect: Dialect) -> np.ndarray:
    """How many fields each record of a clean chunk has."""
    data = np.frombuffer(text if text.endswith(b"\n") else text + b"\n", np.uint8)
    separators = np.flatnonzero(data == ord(dialect.separator))
    ends = np.flatnonzero(data == ord("\n"))
    if quote_of(text, dialect):
        quotes = np.flatnonzero(data == ord(dialect.quote))
        separators = separators[np.searchsorted(quotes, separators) % 2 == 0]
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return np.diff(np.searchsorted(separators, ends), prepend=0) + 1


def _skip(text: bytes, lines: int) -> tuple[bytes, int]:
    """A text without its first lines, and how many of them it had."""
    begin = skipped = 0
    while skipped < lines and (end := text.find(b"\n", begin)) >= 0:
        begin, skipped = end + 1, skipped + 1
    return text[begin:], skipped


def _end_of_records(text: bytes, dialect: Dialect) -> int:
    """The length of the whole records that a text begins with."""
    end = last = text.rfind(b"\n") + 1
    if quote_of(text, dialect) is None:
        return end
    quote = dialect.quote.encode()
    is_open = text.count(quote, 0, end) % 2
    while is_open and end:
        previous = text.rfind(b"\n", 0, end - 1) + 1
        is_open ^= text.count(quote, previous, end) % 2
        end = previous
    return end if end or len(text) < LONGEST * CHUNK else last


def _may_have_blank_lines(text: bytes) -> bool:
    return text[:1].isspace() or any(
        beginning in text for beginning in (b"\n\n", b"\n\r", b"\n ", b"\n\t")
    )


def _may_have_spaced_quotes(text: bytes, dialect: Dialect) -> bool:
    quote, separator = dialect.quote.encode(), dialect.separator.encode()
    return text[:1].isspace() or any(
        part in text
        for blank in (b" ", b"\t")
        for part in (
            separator + blank,
            b"\n" + blank,
            quote + blank + separator,
            quote + blank + b" ",
            quote + blank + b"\n",
            quote + blank + b"\r",
        )
    )


def _drop(pattern: re.Pattern[bytes], text: bytes, quote: str | None) -> bytes:
    """A text without the lines of a pattern, but for those within quotes."""
    if quote is None:
        return pattern.sub(b"", text)
    either = b"(" + _quoted(quote).encode() + b")|" + pattern.pattern
    return re.sub(either, lambda match: match[1] or b"", text, flags=re.MULTILINE)


def _single_spaces(text: bytes, quote: str | None) -> bytes:
    """A text with one space between its fields, and none at its lines' ends."""
    text = re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", text)
    if quote is None:
        return re.sub(rb"[ \t]+", b" ", text)
    either = b"(" + _quoted(quote).encode() + rb")|[ \t]+"
    return re.sub(either, lambda match: match[1] or b" ", text)


def _quoted(quote: str) -> str:
    """A field in quotes."""
    return f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}"


@cache
def _opening_quote(separator: str, quote: str) -> re.Pattern[bytes]:
    return re.compile(rf"(?m)(?:^|{re.escape(separator)})[ \t]*{quote}".encode())


@cache
def _spaced_quotes(separator: str, quote: str) -> re.Pattern[bytes]:
    """A field in quotes with spaces around it."""
    blank = "[ ]*" if separator == "\t" else "[ \t]*"
    between = re.escape(separator)
    pattern = rf"(^|{between}){blank}({_quoted(quote)}){blank}(?={between}|\r?$)"
    return re.compile(pattern.encode(), re.MULTILINE)


@cache
def _comment_lines(mark: bytes) -> re.Pattern[bytes]:
    return re.compile(b"^" + re.escape(mark) + rb"[^\n]*(?:\n|\Z)", re.MULTILINE)


@cache
def _blank_lines(separator: str) -> re.Pattern[bytes]:
    """Lines of nothing, or of spaces alone."""
    blank = "[ ]" if separator == "\t" else "[ \t]"
    return re.compile(rf"^(?:{blank}*\r?\n|{blank}+\Z)".encode(), re.MULTILINE)

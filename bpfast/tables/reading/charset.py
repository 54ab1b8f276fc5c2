"""A text file's character encoding: found out from its bytes, and decoded to UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

# What a file begins with that says its encoding; the longer ones come first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNDEFINED = b"\x81\x8d\x8f\x90\x9d"  # bytes that mean nothing in cp1252
_ENOUGH = 0.4  # share of zero bytes at even or odd offsets that shows UTF-16 of western text


def find_encoding(blocks: Iterable[bytes], name: str) -> str:
    """The encoding of a file, which is read to its end: UTF-8 wherever that is possible.

    Raises
    ------
    ValueError
        Zero bytes, which no text has.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, undefined, first = True, False, True
    for block in blocks:
        if first and (told := _encoding_of_first(block)):
            return told
        if b"\0" in block:
            raise ValueError(f"{name} is no text: it has zero bytes; expected a table as text")
        first = False
        if is_utf8:
            is_utf8 = _decodes(decoder, block)
        if not is_utf8 and not undefined:
            undefined = bool(block.translate(None, _ALL_BUT_UNDEFINED))
    if is_utf8 and _decodes(decoder, b"", final=True):
        return "utf-8"
    return "latin-1" if undefined else "cp1252"


def check_encoding(encoding: str) -> str:
    """Python's name of an encoding.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise ValueError(
            f"encoding {encoding!r} is not known: expected one of Python's, such as "
            "utf-8, utf-16, latin-1, cp1252, shift_jis"
        ) from None


def to_utf8(blocks: Iterable[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """A file's blocks in UTF-8, without a byte order mark.

    Raises
    ------
    ValueError
        Bytes that are not of the encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    before = 0
    try:
        for block in blocks:
            yield decoder.decode(block).encode().removeprefix(b"" if before else codecs.BOM_UTF8)
            before += len(block)
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name} is not {encoding} near byte {before + error.start + 1}: {error.reason}; "
            "leave the encoding out, or name another"
        ) from None


_ALL_BUT_UNDEFINED = bytes(set(range(256)) - set(_UNDEFINED))


def _encoding_of_first(block: bytes) -> str:
    """The encoding that a file's beginning tells; "" if it tells none."""
    for mark, encoding in _MARKS:
        if block.startswith(mark):
            return encoding
    sample = block[:4096]
    half = max(len(sample) // 2, 1)
    even, odd = sample[::2].count(0) / half, sample[1::2].count(0) / half
    if odd > _ENOUGH and not even:
        return "utf-16-le"
    return "utf-16-be" if even > _ENOUGH and not odd else ""


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True

"""Numbers of things in English."""

from __future__ import annotations


def many(count: int, noun: str) -> str:
    """A count with its noun, as in "1 word" and "2,300 words"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

"""Errors in the words of the command line: arguments of functions as the options that are typed."""

from __future__ import annotations

import re
from dataclasses import fields

from .options import flag
from .sweep_options import SweepOptions

# What is typed otherwise than its field is called, and words that messages begin with.
_OTHERS = ("source", "moved", "space_file", "resume", "columns", "output")
_NAMES = [field.name for field in fields(SweepOptions) if field.name not in _OTHERS]
_ANY = "|".join(_NAMES)
_LONG = "|".join(name for name in _NAMES if "_" in name)
# validation=0.5, not in a path
_WITH_VALUE = re.compile(rf"(?<![\w/.=-])({_ANY})=('[^']*'|[^\s,;:()]+)")
# "cv must be", "time: there is no column", "groups 'house' is missing": where a sentence begins
_SUBJECT = re.compile(
    rf"(^|: |needs |is in )({_ANY})(?=: | '| (?:must|is|are|has|takes|gives) )"
    rf"|(?<=\()({_ANY})(?=\))"
)
_ALONE = re.compile(rf"(?<![\w/.=-])({_LONG})(?![\w/.=-])")


def as_typed(message: str) -> str:
    """A message that names arguments, such as ``cv=1``, with the options that were typed."""
    message = _WITH_VALUE.sub(lambda m: f"{flag(m[1])} {m[2].strip(chr(39))}", message)
    message = _SUBJECT.sub(lambda m: f"{m[1] or ''}{flag(m[2] or m[3])}", message)
    return _ALONE.sub(lambda m: flag(m[1]), message)

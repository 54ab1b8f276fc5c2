"""Text that is no table, though its file may be called like one."""

from __future__ import annotations

import re

# What the first line looks like, what the text is, and what to do.
_FIRST_LINES = {
    r"@relation\b": ("an ARFF file", "leave out its lines up to @data"),
    r"<(!doctype|html|head)\b": ("a web page", "download the table itself"),
    r"<\?xml\b": ("XML", "give what pandas.read_xml reads from it to bpfast.sweep"),
    r'\{\s*("|$)|\[\s*(\[|\{|$)': (
        "JSON",
        "give what pandas.read_json reads from it to bpfast.sweep",
    ),
    r"version https://git-lfs": (
        "what Git LFS has in place of a file",
        "get the file with git lfs pull",
    ),
}
# A target, and pairs of a column and a value; pairs such as 10:30 are times of day.
_PAIRS = re.compile(r"\S+(\s+\d+:[^\s:,;]+)+(\s*#.*)?")
_TIMES = re.compile(r"\S+(\s+\d+:[0-5]\d)+")
LINES = 20  # that are looked at


def refuse_other_formats(name: str, lines: list[str]) -> None:
    """Raise ``ValueError`` for ARFF, HTML, XML, JSON and libsvm's format, which are no tables.

    Parameters
    ----------
    name : of the file, in messages
    lines : what it begins with, without comments and blank lines
    """
    for pattern, (what, advice) in _FIRST_LINES.items():
        if re.match(pattern, lines[0].strip(), re.IGNORECASE):
            raise ValueError(f"{name} is {what}, expected a table as text: {advice}")
    some = [line.strip() for line in lines[:LINES]]
    if all(map(_PAIRS.fullmatch, some)) and not all(map(_TIMES.fullmatch, some)):
        raise ValueError(
            f"{name} has pairs of a column and a value, as libsvm does, expected a table as text: "
            "give what sklearn.datasets.load_svmlight_file reads from it, as dense arrays, to "
            "bpfast.sweep"
        )

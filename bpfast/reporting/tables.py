"""Tables of a report as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], is_text: Sequence[bool], kind: str = ""
) -> str:
    """A table; columns of text begin at their left edge.

    Parameters
    ----------
    kind : the table's class in the page's styles
    """

    def cells(tag: str, attribute: str, values: Sequence[str]) -> str:
        classes = [' class="text"' if text else "" for text in is_text]
        return "".join(
            f"<{tag}{attribute}{style}>{escape(value)}</{tag}>"
            for value, style in zip(values, classes, strict=True)
        )

    body = "\n".join(f"<tr>{cells('td', '', row)}</tr>" for row in rows)
    head = cells("th", ' scope="col"', heads)
    opening = f'<table class="{kind}">' if kind else "<table>"
    return f"{opening}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"

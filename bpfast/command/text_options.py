"""Options of commands that read text files: what is not given is found out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from typer import Option

from ..tables.reading.dialect import TextOptions

Separator = Annotated[
    str | None, Option(help="What stands between columns, such as ';'.", show_default=False)
]
Decimal = Annotated[str | None, Option(help="The decimal mark, '.' or ','.", show_default=False)]
Encoding = Annotated[
    str | None, Option(help="Of the text, such as utf-8 or latin-1.", show_default=False)
]
Header = Annotated[
    bool | None,
    Option(
        "--header/--no-header",
        help="Whether the first row has the columns' names; without, they are column_1, ...",
        show_default=False,
    ),
]
Comment = Annotated[
    str | None, Option(help="What comment lines begin with, such as '#'.", show_default=False)
]
Missing = Annotated[
    list[str] | None,
    Option(
        help="A word that stands for a missing value; several with commas, or repeated.",
        show_default=False,
    ),
]


def text_options(options: Any) -> TextOptions:
    """What was said of a text file, by options with these names."""
    return TextOptions(
        separator=options.separator,
        decimal=options.decimal,
        encoding=options.encoding,
        header=options.header,
        comment=options.comment,
        missing=marks(options.missing),
    )


def marks(missing: Iterable[str] | None) -> tuple[str, ...]:
    """The words that were typed for missing values."""
    return tuple(mark.strip() for typed in missing or () for mark in typed.split(","))

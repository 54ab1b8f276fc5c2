"""The options that say how a text file is written, each named once for all commands that read."""

from __future__ import annotations

from typing import Annotated, Any

from typer import Option

from ..tables.reading.dialect import TextOptions

Separator = Annotated[
    str | None,
    Option(help="Between fields, such as ; or tab; found out if not given.", show_default=False),
]
Decimal = Annotated[
    str | None, Option(help="Decimal mark, . or ,; found out if not given.", show_default=False)
]
Encoding = Annotated[
    str | None, Option(help="Such as utf-8 or cp1252; found out.", show_default=False)
]
Header = Annotated[
    bool | None,
    Option("--header/--no-header", help="Whether the first row has names; found out if not given."),
]
Comment = Annotated[
    str | None, Option(help="What lines that are no data begin with, such as #; found out.")
]
Missing = Annotated[
    str | None,
    Option(help="More marks of missing values, with commas, such as 999,unknown."),
]


def text_options(options: Any) -> TextOptions:
    """What was said of a text file, by options of these names."""
    return TextOptions(
        separator=options.separator,
        decimal=options.decimal,
        encoding=options.encoding,
        header=options.header,
        comment=options.comment,
        missing=marks(options.missing),
    )


def marks(missing: str | None) -> tuple[str, ...]:
    """Marks of missing values that were typed with commas between them."""
    return tuple(mark.strip() for mark in missing.split(",")) if missing else ()

"""Options of commands that read text files: what is not given is found out."""

from __future__ import annotations

from typing import Annotated

from typer import Option

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
    Option(help="A word that stands for a missing value; may be repeated.", show_default=False),
]

"""Large tables that are text: read with types, batch by batch, so that words never fill memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import import_optional
from .dialect import TextOptions
from .text import TextTable

if TYPE_CHECKING:
    from ..values import Typed


def read_typed(table: TextTable, options: TextOptions) -> Typed:
    """A table with compact types, read twice: for what its columns are, and for their values."""
    pl = import_optional("polars", "cli")
    from ..values import KindFinder  # it imports polars

    finder = KindFinder(options.missing, table.dialect.decimal, compact=True)
    for batch in table.batches():
        finder.see(batch)
    frames = []
    for batch in table.batches():
        part = finder.typed(batch)
        frames.append(part.frame.rechunk())  # polars' parser leaves many small pieces
    return part._replace(frame=pl.concat(frames, rechunk=False))

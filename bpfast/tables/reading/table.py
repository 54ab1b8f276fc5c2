"""A table from a file, standard input or a stream, whatever its format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ...errors import import_optional
from .batches import read_typed
from .dialect import Dialect, TextOptions
from .frames import as_frame
from .npz import read_columns
from .sources import (
    ARROW,
    BUILT_IN,
    ENDINGS,
    STDIO,
    ByteSource,
    data_file,
    ending,
    load_built_in,
)
from .text import TextTable

if TYPE_CHECKING:
    import polars as pl

_polars = partial(import_optional, "polars", "cli")
SMALL = 2  # batches of text that are kept as strings
_MAGIC = {b"PAR1": ".parquet", b"ARRO": ".arrow"}  # what these begin with, whatever their names


def read_table(
    source: str | Path | IO[Any],
    *,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    comment: str | None = None,
    missing: str | Iterable[str] = (),
) -> pl.DataFrame:
    """Read a table as people have it.

    Parameters
    ----------
    source : a file that ends in .csv, .tsv, .txt, .parquet, .arrow or .npz, text also with .gz
        behind it or another ending; "-" for standard input; an open file; one of scikit-learn's
        data sets digits, breast_cancer, wine, diabetes, iris
    separator : what stands between two fields, such as ";"; " " is any spaces and tabs
    decimal : "." or ",", the decimal mark
    encoding : of the characters, as Python names it, such as "cp1252"
    header : whether the first line names the columns; without, they are column_1, column_2, ...
    comment : what lines begin with that are left out, such as "#"
    missing : one word or several that stand for missing values, beside "", "NA", "?" and the like

    What is not given is found out from the text.

    Returns
    -------
    polars.DataFrame
        Columns of numbers, Boolean, Date, Datetime, Time or words; missing values are null.

    Raises
    ------
    ValueError
        A file that is not there or holds no table, a line with more or fewer fields than others.
    """
    options = TextOptions(
        separator=separator,
        decimal=decimal,
        encoding=encoding,
        header=header,
        comment=comment,
        missing=(missing,) if isinstance(missing, str) else tuple(missing),
    )
    frame, dialect = read_frame(source, options)
    from ..values import typed  # it imports polars

    mark = decimal if dialect is None else dialect.decimal
    return typed(frame, options.missing, mark).frame


def read_frame(
    source: str | Path | IO[Any], options: TextOptions | None = None
) -> tuple[pl.DataFrame, Dialect | None]:
    """A table as it is in its source, and how it is written if it is text.

    Text gives columns of strings; where it is large, their types are found out while it is read,
    and what was done is in the dialect's notes. Other formats have types of their own.
    """
    options = options or TextOptions()
    if isinstance(source, (str, Path)) and str(source) != STDIO:
        return _read_file(source, options)
    if not isinstance(source, (str, Path)) and not hasattr(source, "read"):
        raise TypeError(f"expected a file's name or an open file, got {type(source).__name__}")
    with ByteSource.opened(source) as stream:
        form = _MAGIC.get(stream.first_bytes(4))
        return (_read_binary(stream, form), None) if form else _read_text(stream, options)


def _read_file(source: str | Path, options: TextOptions) -> tuple[pl.DataFrame, Dialect | None]:
    if str(source) in BUILT_IN:
        bunch = load_built_in(str(source))
        return _polars().DataFrame(bunch.data, schema=[*map(str, bunch.feature_names)]), None
    path = data_file(source)
    opened = ByteSource(str(source), path)
    form = ending(path)
    if form not in ENDINGS:
        form = _MAGIC.get(opened.first_bytes(4), "")
    if form == ".npz":
        return as_frame(read_columns(path)), None
    if form == ".parquet" or form in ARROW:
        return _read_binary(opened, form), None
    return _read_text(opened, options)


def _read_binary(source: ByteSource, form: str) -> pl.DataFrame:
    pl = _polars()
    read = pl.read_parquet if form == ".parquet" else pl.read_ipc
    data = source.file if isinstance(source.file, Path) else b"".join(source.blocks())
    try:
        return as_frame(read(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        why = str(error).splitlines()[0]
        raise ValueError(f"{source.name} cannot be read: {why}") from None


def _read_text(source: ByteSource, options: TextOptions) -> tuple[pl.DataFrame, Dialect]:
    table = TextTable.open(source, options)
    frames = [*islice(table.batches(), SMALL + 1)]
    if len(frames) <= SMALL:
        return _polars().concat(frames), table.dialect
    frames.clear()
    large = read_typed(table, options)
    notes = large.notes | {name: note for name, note in table.dialect.notes.items() if note}
    return large.frame, replace(table.dialect, notes=notes, writing=large.writing)

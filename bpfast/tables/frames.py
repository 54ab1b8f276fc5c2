"""Tables with named columns, read by polars: CSV and Parquet."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any

from ..errors import import_optional
from .sources import BUILT_IN, STDIO, data_file, load_built_in, source_name


def read_frame(source: str, words: Iterable[str] = ()) -> Any:
    """A polars ``DataFrame``; in a CSV, the columns ``words`` may be words that look like numbers.

    ``source`` is a CSV or Parquet file, "-" for CSV from standard input, or a built-in data set.
    """
    pl = import_optional("polars", "cli")
    if source in BUILT_IN:
        bunch = load_built_in(source)
        return pl.DataFrame(bunch.data, schema=[str(name) for name in bunch.feature_names])
    try:
        if source != STDIO and data_file(source).suffix == ".parquet":
            return pl.read_parquet(source)
        file = io.BytesIO(sys.stdin.buffer.read()) if source == STDIO else source
        overrides = dict.fromkeys(words, pl.String)
        return pl.read_csv(file, infer_schema_length=None, schema_overrides=overrides)
    except pl.exceptions.PolarsError as error:
        why = str(error).splitlines()[0]
        raise ValueError(f"{source_name(source)} cannot be read: {why}") from None


def check_nulls(source: str, frame: Any) -> None:
    """Raise ``ValueError`` for missing values."""
    for series in frame:
        if series.null_count():
            row = int(series.is_null().arg_max())
            raise ValueError(
                f"{source}: column {series.name!r} has {series.null_count()} missing values, "
                f"first in row {row + 1}: fill or drop them first"
            )

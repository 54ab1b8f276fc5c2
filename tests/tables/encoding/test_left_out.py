"""Columns that are no inputs."""

import polars as pl

from bpfast.tables.encoding.left_out import LeftOut


def test_no_input_is_made():
    column = LeftOut(name="name", note="trimmed", reason="305 different words in 398 rows")
    assert column.encode(pl.Series(["a", "b"])).shape == (2, 0)
    assert column.features == column.bounded == []
    assert column.done == "305 different words in 398 rows"

"""A batch of text: its numbers, and what is left."""

import polars as pl

from bpfast.tables.values.batch import Batch


def test_plain_numbers_and_the_rest_are_apart():
    batch = Batch.of(pl.Series(["1", "2.5", " x", "x", "NA", None, "inf", "nan", "-9"]), ["-9"])
    assert batch.plain.to_list() == ["1", "2.5"]
    assert batch.plain_numbers.to_list() == [1.0, 2.5]
    assert batch.rest.to_dict(as_series=False) == {"word": ["x"], "count": [2]}
    assert batch.infinite == 1
    assert batch.values == 4


def test_there_may_be_no_number():
    assert not Batch.of(pl.Series(["x", "nan", None]), ()).has_numbers
    assert Batch.of(pl.Series(["x", "-inf"]), ()).has_numbers

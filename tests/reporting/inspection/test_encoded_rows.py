"""Rows that are put together of others' values are encoded as such a table is."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpfast.reporting.inspection.encoded_rows import EncodedRows, own_rows
from bpfast.tables.encoding import fit
from bpfast.tables.encoding.expansion import Expansion
from bpfast.tables.input_info import InputInfo

ROWS = 30


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "area": np.where(rng.random(ROWS) < 0.2, np.nan, rng.normal(size=ROWS)),
            "colour": rng.choice(["red", "blue", "green"], ROWS),
            "sold": pl.datetime_range(
                pl.datetime(2024, 1, 1), pl.datetime(2025, 6, 30), "18d12h", eager=True
            )[:ROWS],
            "same": [1] * ROWS,
            "price": rng.normal(size=ROWS),
        },
    )


@pytest.fixture(scope="module", params=["scaled", "quantile", "piecewise4"])
def info(request, table):
    found = fit(table.drop("price"), np.arange(ROWS), table["price"].to_numpy(), 0)
    expansion = Expansion.fit(request.param, found.X, found.encoding.bounded)
    return InputInfo(found.encoding, found.scaler, expansion)


@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_assembled_rows_are_those_of_an_assembled_table(info, table, data):
    names = [column.name for column in info.encoding.used]
    assert names == ["area", "colour", "sold"]
    encoded = EncodedRows.of(info, table, names, np.float32)
    count = data.draw(st.integers(1, ROWS))
    numbers = own_rows(count, len(names))
    own = data.draw(st.sets(st.sampled_from(range(len(names)))))
    for k in own:
        numbers[:, k] = data.draw(
            st.lists(st.integers(0, ROWS - 1), min_size=count, max_size=count)
        )
    together = pl.DataFrame([table[name][numbers[:, k]] for k, name in enumerate(names)])
    np.testing.assert_array_equal(encoded.assembled(numbers), info.encode(together, np.float32))


def test_a_column_that_has_no_inputs_changes_nothing(info, table):
    names = ["same", "area", "colour"]
    encoded = EncodedRows.of(info, table, names, np.float32)
    numbers = own_rows(ROWS, 3)
    numbers[:, 0] = 0
    np.testing.assert_array_equal(encoded.assembled(numbers), encoded.encoded)


def test_rows_of_their_own():
    assert own_rows(3, 2).tolist() == [[0, 0], [1, 1], [2, 2]]

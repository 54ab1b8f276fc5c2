"""Columns that number or name rows."""

import numpy as np
import polars as pl
import pytest

from bpfast.tables.identifiers import find_identifiers, is_called_identifier

ORDER = np.random.default_rng(0).permutation(20) * 7 + 100


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("n", range(20), "row number"),
        ("n", range(1, 21), "row number"),
        ("n", range(5), None),  # a short table may have such numbers by chance
        ("n", range(2, 22), None),
        ("n", [*range(1, 20), 19], None),
        ("n", [*range(1, 20), None], None),
        ("n", np.arange(20.0), None),
        ("CustomerId", ORDER, "identifier"),
        ("id", [*ORDER[:18], 100, 100], "identifier"),
        ("id", ORDER % 3, None),
        ("No", np.arange(20) * 4 + 1, "identifier"),
        ("price", ORDER, None),
        ("id", ORDER / 2, None),
        ("Unnamed: 0", np.arange(20) * 3, "identifier"),
        ("unnamed_1", ORDER, "identifier"),
        ("unnamed_10", ORDER, None),  # the tenth column, which has no name
        ("x", np.arange(20) * 3, None),
        ("id", [f"C{k}" for k in ORDER], None),  # words are for the encoding
    ],
)
def test_row_numbers_and_identifiers_are_found(name, values, expected):
    frame = pl.DataFrame({name: values, "other": pl.Series([1.5] * len(values))})
    assert find_identifiers(frame).get(name) == expected
    assert find_identifiers(frame, keep=[name]) == {}


@pytest.mark.parametrize(
    "name",
    [
        *("id", "ID", "customer_id", "CustomerId", "passengerId", "customerid", "row-number"),
        *("house_no", "id_customer", "unnamed_1", "Unnamed: 0", "uuid", "rownames", "index", "#"),
        *("productCode", "order.key"),
    ],
)
def test_names_of_identifiers(name):
    assert is_called_identifier(name)


@pytest.mark.parametrize(
    "name",
    [
        *("paid", "humidity", "grid", "number_of_rooms", "price_index", "nominal", "acid", "age"),
        *("notes", "keyboard", "codes_used", "noise", "Identity", "valid", "column_1"),
    ],
)
def test_names_of_other_columns(name):
    assert not is_called_identifier(name)

"""Other rows are read like those that are known."""

from datetime import date, datetime, time

import polars as pl
import pytest

from bpfast.tables.known_inputs import KnownInputs
from bpfast.tables.values import Writing

KNOWN = KnownInputs(
    pl.DataFrame(
        {
            "size": [1.5, 2.0],
            "smoker": [True, False],
            "day": [date(2024, 1, 1), date(2024, 2, 2)],
            "hour": [time(1), time(2)],
            "house": ["a", "b"],
        }
    ),
    {
        "size": Writing(",", "", ("unknown",)),
        "day": Writing("", "%d/%m/%Y"),
        "hour": Writing("", "time of day"),
    },
)


def test_text_is_read_as_it_was_written_before():
    rows = pl.DataFrame(
        {
            "day": ["01/02/2024", ""],
            "more": [1, 2],
            "size": ["1,234", "unknown"],
            "smoker": ["yes", "perhaps"],
            "hour": ["7:05", "-"],
            "house": [1, 2],
        }
    )
    assert KNOWN.read(rows).to_dict(as_series=False) == {
        "day": [date(2024, 2, 1), None],
        "size": [1.234, None],
        "smoker": [True, None],
        "hour": [time(7, 5), None],
        "house": ["1", "2"],
    }


def test_columns_with_types_are_converted():
    rows = pl.DataFrame({"size": [1, None], "day": [datetime(2024, 1, 1, 9)] * 2, "smoker": [0, 1]})
    found = KNOWN.read(rows)
    assert found["size"].to_list() == [1.0, None]
    assert found["day"].to_list() == [date(2024, 1, 1)] * 2
    assert found["smoker"].to_list() == [False, True]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("size", "big", "column 'size' has 'big' in row 2, expected numbers as in the other rows"),
        ("day", "02.01.2024", "column 'day' has '02.01.2024' in row 2, expected dates or times"),
    ],
)
def test_other_values_are_refused(column, value, words):
    with pytest.raises(ValueError, match=words):
        KNOWN.read(pl.DataFrame({column: ["", value]}))

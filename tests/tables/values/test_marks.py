"""What is around values, and what stands for none."""

from datetime import datetime, timedelta

import polars as pl

from bpfast.tables.values.marks import (
    MARKS_AMONG_WORDS,
    numbers_among,
    to_text,
    trim,
    without_marks,
)


def test_spaces_and_pairs_of_quotes_come_off():
    text = pl.Series([" a ", '"b"', "' c '", "\u00a0d", "it's", "'", '"x', None, "f'"])
    assert trim(text).to_list() == ["a", "b", "c", "d", "it's", "'", '"x', None, "f'"]


def test_marks_are_null_in_any_case():
    text = pl.Series(["NA", "n/a", "?", "-", ".", "None", "NULL", "#N/A", " ", "0", "nah", "X"])
    assert without_marks(text, missing=["x "]).drop_nulls().to_list() == ["0", "nah"]


def test_some_marks_may_be_words():
    text = pl.Series(["none", "-", "missing", "NA", ""])
    assert without_marks(text, MARKS_AMONG_WORDS).to_list() == ["none", "-", "missing", None, None]


def test_moments_in_text_are_as_python_writes_them():
    moments = [datetime(2024, 1, 2), datetime(2024, 1, 2, 3, 4, 5, 600_000)]
    assert to_text(pl.Series(moments)).to_list() == [
        "2024-01-02 00:00:00",
        "2024-01-02 03:04:05.600",
    ]


def test_durations_are_seconds_in_text():
    assert to_text(pl.Series([timedelta(hours=1), None])).to_list() == ["3600.0", None]


def test_numbers_may_stand_for_missing_values():
    assert numbers_among(["-999", "x", " 9.5 "]) == [-999.0, 9.5]

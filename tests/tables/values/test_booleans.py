"""Truth values in words."""

import numpy as np
import polars as pl
import pytest

from bpfast.tables.values.batch import Batch
from bpfast.tables.values.booleans import BooleanEvidence, BooleanKind, as_booleans, find_booleans


@pytest.mark.parametrize(
    "values",
    [
        [True, False, None],
        ["Yes", "NO", "?"],
        ["t", "f", ""],
        ["yes", "no", "unknown"],
        ["TRUE", "false", "NA"],
        [1, 0, None],
        [1.0, 0.0, None],
    ],
)
def test_truth_values_of_any_type_are_0_and_1(values):
    np.testing.assert_array_equal(as_booleans(pl.Series(values)), [1.0, 0.0, np.nan])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["yes", "No", "", "y"], [True, False, None, True]),
        (["T", "F"], [True, False]),
        (["yes", "yes"], None),  # one of them alone says nothing
        (["yes", "false"], None),
        (["yes", "no", "unknown"], None),
        (["F", "M"], None),
    ],
)
def test_words_are_truth_values_if_both_are_there(words, expected):
    for dtype in (pl.String, pl.Categorical, pl.Enum(sorted({*words}))):
        found = find_booleans(pl.Series(words, dtype=dtype))
        assert (None if found is None else found.to_list()) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["True", "FALSE", "?"], True),
        (["true"], False),
        (["true", "false", "maybe"], False),
        (["true", "false", "1"], False),
        (["yes", "no"], False),  # they stay words until they are inputs
    ],
)
def test_only_true_and_false_are_boolean_while_they_may_be_a_target(values, expected):
    evidence = BooleanEvidence()
    for value in values:
        evidence.see(Batch.of(pl.Series([value]), ()))
    assert evidence.are_booleans() == expected


def test_a_column_is_converted():
    assert BooleanKind(("x",)).convert(pl.Series(["True", "X", "false"])).to_list() == [
        True,
        None,
        False,
    ]

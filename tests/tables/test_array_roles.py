"""The roles of an array's columns, and of what is beside it."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from bpfast.tables.array_roles import split_array, target_arrays
from bpfast.tables.roles import Roles

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1] * 3)


def test_all_columns_are_inputs_and_all_rows_have_a_target():
    found = split_array(
        X, Roles(Y, groups=[1, 1, 2, 2, 3, 3], time_column=Y, sample_weight=[1] * 6)
    )
    assert found.inputs is X
    assert found.row_numbers.tolist() == [*range(6)]
    assert found.target[""] is Y
    assert found.groups.tolist() == [1, 1, 2, 2, 3, 3]
    assert found.time is Y
    assert found.weights.dtype == float
    assert found.left_out == {}


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (Y, [""]),
        (Y[:, None], [""]),
        (np.stack([Y, Y], 1), ["y0", "y1"]),
        ([[1, 2], [3, 4]], ["y0", "y1"]),
        (pl.Series("sold", Y), ["sold"]),
        (pl.Series(Y), [""]),
        (pl.DataFrame({"a": Y, "b": Y}), ["a", "b"]),
    ],
)
def test_targets_have_the_names_that_they_come_with(target, names):
    assert [*target_arrays(target)] == names


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (np.array([1, "a", True], object), ["1", "a", "True"]),
        (np.array([1.5, 2], object), [1.5, 2.0]),
        ([Decimal("1.5"), Decimal(2)], [1.5, 2.0]),
        (np.array([True, False], object), [True, False]),
        (np.ma.masked_array([1, 2], False), [1, 2]),
    ],
)
def test_objects_are_numbers_or_words(target, expected):
    found = split_array(X[: len(expected)], Roles(target))
    assert found.target[""].tolist() == expected


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (["a", None] * 3, "the target is missing at index 1"),
        (np.array(["a", np.nan] * 3, object), "the target is missing at index 1"),
        (np.ma.masked_array(Y, Y == 1), "the target is missing at index 1"),
        (np.array(["2024-01-01"] * 6, "M8[D]"), r"the target is of datetime64\[D\]: give classes"),
        ([[1, 2], [3]], "the target is no array"),
    ],
)
def test_targets_of_other_values_are_refused(target, words):
    with pytest.raises(ValueError, match=words):
        split_array(X, Roles(target))


def test_groups_may_be_of_several_types_but_not_missing():
    assert (
        split_array(X, Roles(Y, groups=[1, "a", 2.5] * 2)).groups.tolist() == ["1", "a", "2.5"] * 2
    )
    with pytest.raises(ValueError, match="groups is missing at index 1"):
        split_array(X, Roles(Y, groups=["a", None] * 3))


def test_missing_numbers_are_allowed_and_infinite_ones_are_not():
    holes = np.where(X == 3, np.nan, X)
    assert split_array(holes, Roles(Y)).inputs is holes
    with pytest.raises(ValueError, match=r"X has infinity, first at \(1, 1\)"):
        split_array(np.where(X == 3, np.inf, X), Roles(Y))


@pytest.mark.parametrize(
    ("roles", "error", "words"),
    [
        (Roles("y"), TypeError, "the target is 'y', and X is an array"),
        (Roles(-1), TypeError, "the target is -1, and X is an array"),
        (Roles(Y, groups="g"), TypeError, "groups is 'g', and X is an array"),
        (Roles(Y, drop="x"), ValueError, "drop is for columns of a table"),
        (Roles(Y, keep=[1]), ValueError, "keep is for columns of a table"),
        (Roles(Y[:5]), ValueError, r"X has shape \(6, 2\), expected \(5, features\)"),
    ],
)
def test_columns_by_name_are_for_tables(roles, error, words):
    with pytest.raises(error, match=words):
        split_array(X, roles)

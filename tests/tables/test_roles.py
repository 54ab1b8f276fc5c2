"""Columns by names and positions."""

import numpy as np
import pytest

from bpfast.tables.roles import find_columns

NAMES = ["age", "sex", "a,b", "7", " 'deck' ", "survived"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("age", ["age"]),
        (" age ", ["age"]),
        ("'age'", ["age"]),
        ("deck", [" 'deck' "]),
        ("age,sex", ["age", "sex"]),
        ("age, 'sex'", ["age", "sex"]),
        ("a,b", ["a,b"]),
        ("7", ["7"]),  # a name, not a position
        (7, ["7"]),  # as pandas has names
        ('age, "a,b"', ["age", "a,b"]),
        ("1", ["age"]),
        (1, ["age"]),
        (-1, ["survived"]),
        ("-1", ["survived"]),
        ("1,-1", ["age", "survived"]),
        ([2, "age", "sex"], ["sex", "age"]),
        (["a,b", "age,7"], ["a,b", "age", "7"]),
        ((), []),
        (np.int64(2), ["sex"]),
        (np.array(["sex", "age"]), ["sex", "age"]),
    ],
)
def test_columns_are_found_by_name_or_position(asked, expected):
    assert find_columns(NAMES, asked, "drop") == expected


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("agge", "drop: there is no column 'agge', but 'age'; the columns are age, sex"),
        ("AGE", "there is no column 'AGE', but 'age'"),
        ("b", "the columns are age, sex, 'a,b', 7"),
        (0, "there is no column 0; .*give its position from 1 to 6, or from -1"),
        (99, "there is no column 99"),
        ("age,,sex", "there is no column ''"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_the_nearest(asked, words):
    with pytest.raises(ValueError, match=words):
        find_columns(NAMES, asked, "drop")


def test_of_many_columns_some_are_shown():
    with pytest.raises(ValueError, match="c10, c11 and 38 more"):
        find_columns([f"c{k}" for k in range(50)], "d", "target")

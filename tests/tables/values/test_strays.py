"""A few values that are not like the others of their column."""

import polars as pl
import pytest

from bpfast.tables.values.strays import Strays


def strays_of(*batches):
    strays = Strays()
    for counts in batches:
        strays.add(pl.DataFrame({"word": [*counts], "count": [*counts.values()]}))
    return strays


def test_they_are_counted_over_batches():
    strays = strays_of({"x": 2}, {"x": 1, "y": 1})
    assert strays.counts == {"x": 3, "y": 1}
    assert str(strays) == "'x', 'y' in 4 rows"
    assert strays.are_few(80)
    assert not strays.are_few(79)


def test_many_different_ones_are_too_many():
    strays = strays_of(dict.fromkeys("ab", 1), dict.fromkeys("cdef", 1))
    assert strays.too_many
    assert strays.total == 6
    assert str(strays) == "words in 6 rows"


@pytest.mark.parametrize(
    ("word", "is_code"),
    [
        ("1.2.3", True),
        ("555-1234", True),
        ("1:30", True),
        ("3O", False),
        ("<5", False),
        ("n.d.", False),
    ],
)
def test_codes_are_told_apart(word, is_code):
    assert strays_of({word: 1}).codes == is_code

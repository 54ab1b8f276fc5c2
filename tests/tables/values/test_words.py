"""Words, of text and of numbers."""

from datetime import date

import polars as pl
import pytest

from bpfast.tables.values.words import MOST_COMPACT, WordEvidence, as_words


@pytest.mark.parametrize("value", [1, 1.0, "1", " 1 ", '"1"', "1.0"])
def test_one_is_the_same_word_in_any_type(value):
    assert as_words(pl.Series([value])).to_list() == ["1"]


def test_words_of_other_types():
    assert as_words(pl.Series([True, None])).to_list() == ["true", None]
    assert as_words(pl.Series([1.5, None])).to_list() == ["1.5", None]
    assert as_words(pl.Series([" a", "NA"], dtype=pl.Categorical)).to_list() == ["a", None]
    assert as_words(pl.Series([date(2024, 1, 2)])).to_list() == ["2024-01-02"]
    assert as_words(pl.Series(["none", "x"]), ["x"]).to_list() == ["none", None]


def kind_of(*batches, compact=True):
    evidence = WordEvidence(compact=compact)
    for words in batches:
        evidence.see(pl.Series(words))
    return evidence.kind("")


def test_words_that_repeat_become_an_enum():
    kind = kind_of(["b", " a", "NA"], ["a", "a", "b"])
    assert kind.dtype == pl.Enum(["a", "b"])
    assert kind.convert(pl.Series(["a ", None, "b"])).to_list() == ["a", None, "b"]


def test_words_stay_strings_where_they_do_not_repeat():
    assert kind_of(["a", "b"], ["c"]).dtype == pl.String
    assert kind_of(["a", "a", "a"], compact=False).dtype == pl.String
    many = [str(k) for k in range(MOST_COMPACT + 1)]
    assert kind_of(many, many, many).dtype == pl.String


def test_a_batch_that_was_left_out_makes_no_enum():
    evidence = WordEvidence(compact=True)
    evidence.skip()
    evidence.see(pl.Series(["a"] * 9))
    assert evidence.kind("").dtype == pl.String

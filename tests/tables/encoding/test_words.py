"""Columns of words, one-hot."""

import numpy as np
import polars as pl
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder

from bpfast.tables.encoding.fitting import fit
from bpfast.tables.encoding.input_scales import fit_scaler
from bpfast.tables.encoding.words import Words

KNOWN = Words(name="deck", words=("A", "C"), rare=2, missing=3, rows=10)


def fit_words(words, **options):
    frame = pl.DataFrame({"deck": pl.Series(words, dtype=pl.String)})
    return fit(frame, np.arange(len(frame)), np.zeros(len(frame)), 0, **options)


@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=20, max_size=120).filter(
        lambda words: max(map(words.count, words)) > 1
    )
)
@drawn(60)
def test_words_are_encoded_as_by_scikit_learn(train):
    new = [*"abcdefgh", "new"]
    encoder = OneHotEncoder(
        min_frequency=2, handle_unknown="infrequent_if_exist", sparse_output=False
    )
    expected = encoder.fit_transform(np.reshape(train, (-1, 1)))
    encoding, scaler, X = fit_words(train, keep=["deck"])
    (column,) = encoding.columns
    np.testing.assert_array_equal(column.encode(pl.Series("deck", train)), expected)
    np.testing.assert_array_equal(
        column.encode(pl.Series("deck", new)), encoder.transform(np.reshape(new, (-1, 1)))
    )
    scaler_of_matrix = fit_scaler(expected.T, column.bounded)
    np.testing.assert_allclose(scaler.mean, scaler_of_matrix.mean, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(scaler.scale, scaler_of_matrix.scale, rtol=1e-12)
    np.testing.assert_allclose(X, scaler_of_matrix.apply(expected), rtol=1e-5, atol=1e-6)


def test_rare_unknown_and_missing_words_have_their_inputs():
    assert KNOWN.features == ["deck=A", "deck=C", "deck=other", "deck is missing"]
    np.testing.assert_array_equal(
        KNOWN.encode(pl.Series(["C", "Z", None, "A"])),
        [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]],
    )
    assert KNOWN.done == "2 words one-hot: A, C; 2 rare ones as 'other'; 3 of 10 rows lack it"
    many = Words(name="deck", words=tuple(f"deck {k}" for k in range(9)))
    assert many.done == "9 words one-hot"


@pytest.mark.parametrize(("rare", "zeros"), [(0, [0, 0]), (1, [0, 0, 1])])
def test_missing_words_are_like_unknown_ones_where_no_training_row_lacked_them(rare, zeros):
    column = Words(name="deck", words=("A", "C"), rare=rare)
    np.testing.assert_array_equal(column.encode(pl.Series([None, "Z"])), [zeros, zeros])


def test_a_word_can_be_called_other():
    column = Words(name="a", words=("other",), rare=1)
    assert column.features == ["a=other", "a=other (rare)"]

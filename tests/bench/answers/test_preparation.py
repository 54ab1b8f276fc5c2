"""What rivals get in place of raw columns."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpfast.bench.answers.preparation import MISSING, Filled, Native, Scaled, plain, text

X = pd.DataFrame(
    {
        "x": [1.0, np.nan, 3.0, 5.0],
        "count": [1, 2, 3, 4],
        "word": ["b", "a", None, "b"],
        "open": [True, False, True, True],
        "when": pd.to_datetime(["2026-01-01 12:00", "2026-01-02 00:00", None, "2026-12-31 23:59"]),
    }
)


def test_dates_become_numbers_and_the_rest_is_numbers_or_words():
    numbers, words = plain(X)
    assert [*words] == ["word", "open"]
    assert words["word"].isna().tolist() == [False, False, True, False]
    assert words["open"].tolist() == ["True", "False", "True", "True"]
    assert (numbers.dtypes == np.float64).all()
    assert numbers["when hour"].tolist()[:2] == [12, 0]
    assert numbers["when days"].tolist()[:2] == [20454.5, 20455]
    assert numbers["when month"].isna().tolist() == [False, False, True, False]


def test_native_categories_are_those_that_were_trained_on():
    prepared = Native(X)
    new = X.assign(word=["b", "never seen", "a", None])
    found = prepared(new).select_dtypes("category")
    assert found.iloc[:, 0].isna().tolist() == [False, True, False, True]
    assert [*found.iloc[:, 0].cat.categories] == ["a", "b"]
    assert prepared(new).iloc[:, 0].isna().tolist() == [False, True, False, False]


def test_too_many_categories_are_their_numbers():
    found = Native(X.drop(columns="open"), most=1)(X)
    assert found.select_dtypes("category").empty
    assert found.iloc[:, -1].tolist()[:2] == [1, 0]
    assert np.isnan(found.iloc[2, -1])


def test_filled_numbers_are_medians_and_told():
    found = Filled(X)(X)
    assert not found.isna().any(axis=None)
    assert found.iloc[1, 0] == 3
    assert found["x6"].tolist() == [0, 1, 0, 0]  # after x, count and the date's four
    assert found["word"].tolist() == ["b", "a", MISSING, "b"]
    assert found["word"].dtype == "category"


def test_scaled_columns_are_numbers_with_a_column_for_each_word():
    found = Scaled(X)(X.assign(word="never seen"))
    assert found.dtype == np.float64
    assert np.isfinite(found).all()
    assert np.abs(found[:, 1].mean()) < 1e-12  # count
    words = Scaled(X[["word"]])(X[["word"]])
    assert words.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize("prepare", [Native, Filled, Scaled])
@settings(max_examples=6, deadline=None)
@given(
    columns=st.lists(st.sampled_from([*X.columns]), min_size=1, unique=True),
    rows=st.lists(st.integers(0, 3), min_size=1, max_size=6),
)
def test_rows_are_prepared_alike_wherever_they_stand(prepare, columns, rows):
    prepared = prepare(X[columns])
    some = X[columns].iloc[rows].reset_index(drop=True)
    expected = pd.DataFrame(prepared(X[columns])).iloc[rows].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(prepared(some)), expected, check_categorical=False)


def test_words_that_are_missing_are_told_as_text():
    found = text(X)
    assert found["word"].tolist() == ["b", "a", MISSING, "b"]
    assert found["x"].isna().tolist() == [False, True, False, False]

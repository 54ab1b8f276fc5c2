"""Columns of many words, which the target's means stand for."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.model_selection import KFold
from sklearn.preprocessing import TargetEncoder

from bpfast.tables.encoding.raw import WordRows
from bpfast.tables.encoding.target_means import TargetMeans, TrainingTarget, fit_target_means

RNG = np.random.default_rng(0)
ROWS = 300
WORDS = RNG.choice([f"zone {k}" for k in range(30)], ROWS)
KNOWN = tuple(np.unique(WORDS).tolist())
TARGETS = {
    "numbers": (RNG.normal(size=ROWS), 0),
    "outputs": (RNG.normal(size=(ROWS, 2)), 0),
    "labels": (RNG.integers(0, 2, (ROWS, 3)), 0),
    "two classes": (RNG.integers(0, 2, ROWS), 2),
    "classes": (RNG.integers(0, 4, ROWS), 4),
}


def words_of(words):
    return WordRows.of(pl.Series(words))


def outputs_of(y, n_classes):
    if n_classes == 2:
        return (y == 1).astype(float).reshape(-1, 1)
    return np.eye(n_classes)[y] if n_classes else y.reshape(len(y), -1).astype(float)


@pytest.mark.parametrize(("y", "n_classes"), TARGETS.values(), ids=TARGETS)
def test_means_are_scikit_learns(y, n_classes):
    column, scaler, X = fit_target_means(
        "zone", words_of(WORDS), KNOWN, TrainingTarget(y, n_classes, seed=3)
    )
    new = np.array([*KNOWN[:5], "nowhere"])
    for k, output in enumerate(outputs_of(y, n_classes).T):
        folds = KFold(5, shuffle=True, random_state=3)
        encoder = TargetEncoder(target_type="continuous", cv=folds)
        cross_fitted = encoder.fit_transform(WORDS.reshape(-1, 1), output)[:, 0]
        np.testing.assert_allclose(scaler.invert(X)[:, k], cross_fitted, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(
            column.encode(pl.Series(new))[:, k],
            encoder.transform(new.reshape(-1, 1))[:, 0],
            rtol=1e-12,
        )
    assert len(column.features) == X.shape[1] == len(column.bounded)


@pytest.mark.parametrize(("y", "n_classes"), TARGETS.values(), ids=TARGETS)
def test_a_rows_means_do_not_depend_on_its_own_target(y, n_classes):
    codes = np.searchsorted(KNOWN, WORDS)
    before = TrainingTarget(y, n_classes).means(codes, len(KNOWN)).of_rows
    for row in RNG.integers(0, ROWS, 20):
        other = y.copy()
        other[row] = 1 - other[row] if n_classes in (0, 2) else (other[row] + 1) % n_classes
        after = TrainingTarget(other, n_classes).means(codes, len(KNOWN)).of_rows
        np.testing.assert_array_equal(after[row], before[row])
        assert (after != before).any()


def test_missing_words_have_a_mean_of_their_own():
    y = RNG.normal(size=ROWS) + 9.0 * (WORDS == "zone 7")
    words = words_of([None if word == "zone 7" else word for word in WORDS])
    known = tuple(word for word in KNOWN if word != "zone 7")
    column = fit_target_means("zone", words, known, TrainingTarget(y, 0)).column
    (missing,), (unknown,) = column.encode(pl.Series([None, "nowhere"]))
    assert missing > 5.0
    assert unknown == y.mean()
    assert column.missing == words.missing
    assert (
        column.done == f"29 words: the target's mean for each; {column.missing} of 300 rows lack it"
    )


def test_missing_words_are_like_unknown_ones_where_no_training_row_lacked_them():
    column = TargetMeans(
        name="a", words=("x",), means=((0.5, 2.0),), missing_means=(), all_means=(0.25, 3.0)
    )
    np.testing.assert_array_equal(
        column.encode(pl.Series(["x", "y", None])), [[0.5, 2.0], [0.25, 3.0], [0.25, 3.0]]
    )
    assert column.features == ["a target mean 0", "a target mean 1"]
    assert replace(column, outputs=("red", "blue")).features[1] == "a target mean blue"


def test_noise_does_not_look_like_a_target():
    """Means of a row's own target would tell it; means of other rows can't."""
    y = RNG.normal(size=2000)
    words = words_of([f"w{k}" for k in RNG.integers(0, 400, 2000)])
    known = tuple(words.counts())
    fitted = fit_target_means("a", words, known, TrainingTarget(y, 0))
    assert abs(np.corrcoef(fitted.cross_fitted[:, 0], y)[0, 1]) < 0.1

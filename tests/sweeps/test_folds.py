"""Folds: which rows networks are trained on, and which they are scored on."""

import numpy as np
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.sweeps.folds import Splitting, split_rows
from bpfast.sweeps.identity import fingerprint

rng = np.random.default_rng(0)
X = rng.normal(2.0, 5.0, (90, 3))
CLASSES = rng.permutation(np.repeat([0, 1, 2], (54, 27, 9)))
NUMBERS = X @ (1.0, -2.0, 0.5)
GROUPS = np.repeat(np.arange(18), 5)


def fold_rows(cv, y=CLASSES, seed=0, **options):
    classes = 0 if y.dtype.kind == "f" else len(np.unique(y))
    return split_rows(X, y, classes, Splitting(cv=cv, **options), seed)


@st.composite
def ways(draw):
    """A number of rows, class numbers or numbers, and how the rows are to be split."""
    rows, classes = draw(st.integers(60, 120)), draw(st.sampled_from([0, 2, 3]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    y = rng.integers(0, classes, rows) if classes else rng.normal(size=rows)
    way = {"test": draw(st.sampled_from([0.0, 0.1, 0.2]))}
    way["validation"] = draw(st.sampled_from([None, 0.1, 0.2]))
    way["cv"] = draw(st.sampled_from([None, 2, 3]))
    how = draw(st.sampled_from(["rows", "groups", "time"]))
    if how == "groups":
        way["groups"] = rng.integers(0, 15, rows)
    if how == "time":
        way |= {"split": "time", "time": rng.integers(0, 30, rows)}
    return y, classes, Splitting(**way)


@drawn(150)
@given(ways(), st.integers(0, 9))
def test_parts_are_what_their_options_say(given, seed):
    """Whatever options there are: nothing is in two parts, or in none that it should be in."""
    pytest.importorskip("sklearn")  # which cuts windows of time
    y, classes, splitting = given
    rows, n = split_rows(np.empty((len(y), 1)), y, classes, splitting, seed), len(y)
    assert len(rows.folds) == (splitting.cv or 1)
    for fold in rows.folds:
        everything = np.concatenate([*fold, rows.test])
        assert len(np.unique(everything)) == len(everything)
        if splitting.split == "random" or splitting.cv is None:
            np.testing.assert_array_equal(np.sort(everything), np.arange(n))
        check_kept_together(splitting, fold, rows.test)
    trained = rows.winner if splitting.cv else np.concatenate(rows.folds[0])
    np.testing.assert_array_equal(np.sort([*trained, *rows.test]), np.arange(n))
    check_sizes(y, classes, splitting, rows)


def check_kept_together(splitting, fold, test):
    """Groups are whole; times are in order, and equal ones in one part."""
    if splitting.groups is not None:
        own = [set(splitting.groups[part]) for part in (*fold, test)]
        assert sum(map(len, own)) == len(set.union(*own))
    if splitting.split == "time":
        train, validation = (splitting.time[part] for part in fold)
        assert train.max() < validation.min()
        assert not len(test) or validation.max() < splitting.time[test].min()


def check_sizes(y, classes, splitting, rows):
    """Parts have their shares; by chance, of every class."""
    n, share, test = len(y), splitting.share, splitting.test
    labels = [y == k for k in range(classes)] or [np.ones(n, bool)]
    is_exact = splitting.split == "random" and splitting.groups is None
    for label in labels if is_exact else [np.ones(n, bool)]:
        near = 2 if is_exact else 20  # groups and equal times are not cut
        assert label[rows.test].sum() == pytest.approx(test * label.sum(), abs=near)
        if share is None:
            parts = splitting.cv + (splitting.split == "time")
            share = (n - len(rows.test)) / parts / n
        for fold in rows.folds:
            assert label[fold.validation].sum() == pytest.approx(share * label.sum(), abs=near)


@pytest.mark.parametrize("groups", [None, GROUPS])
def test_validation_and_folds_are_repeated_splits(groups):
    first, again, other = (
        fold_rows(4, validation=0.3, groups=groups, seed=seed) for seed in (1, 1, 2)
    )
    held = [tuple(fold.validation) for fold in first.folds]
    assert len(set(held)) == 4
    assert held == [tuple(fold.validation) for fold in again.folds]
    assert held != [tuple(fold.validation) for fold in other.folds]


@pytest.mark.parametrize(
    ("cv", "groups", "expected"),
    [
        (None, None, ["7f9e840d87767b23", "8bc21ebaa97e2ee9"]),
        (3, None, ["79675b06c8e938c1", "ad1d4fd172130f1a"]),
        (3, GROUPS, ["3b0cb5a31cf68d75", "3b0cb5a31cf68d75"]),
    ],
)
def test_rows_are_those_of_older_versions(cv, groups, expected):
    """Commit 4684034 split them so; a folder of that time is resumed with the same rows."""
    for y, digest in zip((CLASSES, NUMBERS), expected, strict=True):
        rows = fold_rows(cv, y, groups=groups)
        parts = [part for fold in rows.folds for part in fold]
        assert fingerprint(*parts, rows.winner, rows.test) == digest


@pytest.mark.parametrize("test", [0.0, 0.2])
@pytest.mark.parametrize("y", [CLASSES, NUMBERS])
def test_each_row_that_is_not_test_is_held_out_once(y, test):
    rows = fold_rows(5, y, test=test)
    assert len(rows.folds) == 5
    assert len(rows.test) == pytest.approx(90 * test, abs=2)
    everything = np.concatenate([*(fold.validation for fold in rows.folds), rows.test])
    np.testing.assert_array_equal(np.sort(everything), np.arange(90))
    for fold in rows.folds:
        both = np.concatenate([fold.train, fold.validation])
        np.testing.assert_array_equal(np.sort(both), rows.winner)


def test_folds_are_of_whole_groups_about_as_large_as_each_other():
    groups = np.repeat(list("abcdefghij"), [30, 12, 11, 10, 9, 8, 4, 3, 2, 1])
    rows = fold_rows(3, groups=groups, test=0.0)
    held = [groups[fold.validation] for fold in rows.folds]
    assert sorted(name for own in held for name in set(own)) == list("abcdefghij")
    assert sorted(map(len, held)) == [30, 30, 30]
    other = fold_rows(3, groups=GROUPS, seed=1).folds[0].validation
    assert not np.array_equal(other, fold_rows(3, groups=GROUPS).folds[0].validation)


@pytest.mark.parametrize("k", [2, 4, 9])
def test_folds_have_each_class_in_its_proportion(k):
    rows = fold_rows(k)
    for label in range(3):
        held = [np.sum(CLASSES[fold.validation] == label) for fold in rows.folds]
        assert max(held) - min(held) <= 1
    sizes = [len(fold.validation) for fold in rows.folds]
    assert max(sizes) - min(sizes) <= 1


def test_a_seed_says_which_rows():
    first, again, other = (fold_rows(3, seed=seed) for seed in (1, 1, 2))
    for fold, same, different in zip(first.folds, again.folds, other.folds, strict=True):
        np.testing.assert_array_equal(fold.validation, same.validation)
        assert not np.array_equal(fold.validation, different.validation)
    np.testing.assert_array_equal(first.test, again.test)


@pytest.mark.parametrize("y", [CLASSES, NUMBERS])
def test_folds_are_shuffled(y):
    held = fold_rows(2, y).folds[0].validation
    steps = set(np.diff(held).tolist())
    assert min(steps) == 1
    assert max(steps) > 3  # neither every other row nor neighbours


def test_a_splitter_is_given_what_is_not_test():
    seen = []

    class Halves:
        def split(self, X, y, groups):
            seen.append((X, y, groups))
            yield np.arange(10), np.arange(10, len(X))

    rows = fold_rows(Halves(), groups=GROUPS)
    for part, whole in zip(seen[0], (X, CLASSES, GROUPS), strict=True):
        np.testing.assert_array_equal(part, whole[rows.winner])
    np.testing.assert_array_equal(rows.folds[0].train, rows.winner[:10])
    np.testing.assert_array_equal(rows.folds[0].validation, rows.winner[10:])


@pytest.mark.parametrize("name", ["GroupKFold", "StratifiedGroupKFold", "LeaveOneGroupOut"])
def test_groups_stay_together(name):
    model_selection = pytest.importorskip("sklearn.model_selection")
    groups = GROUPS if name != "LeaveOneGroupOut" else GROUPS // 5
    rows = fold_rows(getattr(model_selection, name)(), groups=groups)
    assert not np.isin(groups[rows.test], groups[rows.winner]).any()
    assert len(rows.test) == pytest.approx(18, abs=10)
    for fold in rows.folds:
        assert not np.isin(groups[fold.validation], groups[fold.train]).any()


def test_time_goes_forward():
    model_selection = pytest.importorskip("sklearn.model_selection")
    rows = fold_rows(model_selection.TimeSeriesSplit(4), NUMBERS, test=0.0)
    assert len(rows.folds) == 4
    assert rows.test.size == 0
    for fold in rows.folds:
        assert fold.train.max() < fold.validation.min()


@pytest.mark.parametrize(
    "name", ["KFold", "StratifiedKFold", "RepeatedStratifiedKFold", "ShuffleSplit", "LeaveOneOut"]
)
def test_folds_are_scikit_learns(name):
    model_selection = pytest.importorskip("sklearn.model_selection")
    options = {"random_state": 0} if name in ("RepeatedStratifiedKFold", "ShuffleSplit") else {}
    splitter = getattr(model_selection, name)(**options)
    rows = fold_rows(splitter, test=0.0)
    expected = list(splitter.split(X, CLASSES))
    assert len(rows.folds) == len(expected)
    for fold, (train, validation) in zip(rows.folds, expected, strict=True):
        np.testing.assert_array_equal(fold.train, train)
        np.testing.assert_array_equal(fold.validation, validation)


def test_pairs_are_rows_of_all_and_lose_those_of_the_test_part():
    pairs = [(range(50), range(50, 90)), ([60, 61, 60, *range(62, 90)], np.arange(60))]
    kept = fold_rows(iter(pairs), test=0.0).folds
    assert [list(fold.train) for fold in kept] == [list(train) for train, _ in pairs]
    rows = fold_rows(pairs)
    for fold, (train, validation) in zip(rows.folds, pairs, strict=True):
        assert list(fold.train) == [row for row in train if row not in rows.test]
        assert list(fold.validation) == [row for row in validation if row not in rows.test]
    assert len(rows.winner) + len(rows.test) == 90


@pytest.mark.parametrize(
    ("cv", "options", "error", "words"),
    [
        (1, {}, ValueError, "cv must be at least 2, got 1"),
        (True, {}, TypeError, "cv must be an integer, got True"),
        (2.5, {}, TypeError, "cv must be a number of folds, a splitter .* got 2.5"),
        ("5", {}, TypeError, "cv must be a number of folds, a splitter .* got '5'"),
        (91, {}, ValueError, "cv=91 folds need as many rows, 71 are not in the test part"),
        (5, {"test": 1.0}, ValueError, "test=1.0 must be a share"),
        (5, {"test": -0.1}, ValueError, "test=-0.1 must be a share"),
        (5, {"test": np.nan}, ValueError, "test=nan must be a share"),
        (5, {"test": 1e-9}, ValueError, "90 rows are too few for a test part of 1e-09"),
        (16, {"groups": GROUPS}, ValueError, "cv=16 folds need as many groups, 14 are not in"),
        ([(range(5), [5])], {"groups": GROUPS}, ValueError, r"groups are for shares, .* got cv=\["),
        ([(range(5), [5])], {"validation": 0.2}, ValueError, "leave validation out"),
        (3, {"validation": 0.8}, ValueError, "leave some for training"),
        (None, {"validation": "0.2"}, TypeError, "validation must be a share .*, got '0.2'"),
        (3, {"test": "half"}, TypeError, "test must be a share of the rows, got 'half'"),
        (None, {"validation": 0.0}, ValueError, "validation=0.0 must be a share"),
        (
            None,
            {"split": "late"},
            ValueError,
            "split='late' is not known: choose from random, time",
        ),
        (None, {"split": "time"}, ValueError, "split='time' needs time_column"),
        (None, {"time": X[:, 0]}, ValueError, "time_column is for split='time'"),
        (
            None,
            {"split": "time", "time": X[:, 0], "groups": GROUPS},
            ValueError,
            "cannot keep groups together",
        ),
        ([], {}, ValueError, "cv gives no folds"),
        ([range(5)], {}, TypeError, r"for each fold, got range\(0, 5\)"),
        ([5], {}, TypeError, "for each fold, got 5"),
        ([(range(5), [])], {}, ValueError, "fold 0 has no rows for validation"),
        ([([], range(5))], {}, ValueError, "fold 0 has no rows for train"),
        ([(range(5), [90])], {}, ValueError, "from 90 to 90, there are rows 0 to 89$"),
        ([([-1, 3], [5])], {}, ValueError, "from -1 to 3, there are rows 0 to 89"),
        ([(range(5), [0.5])], {}, ValueError, "dtype float64, expected row numbers"),
        ([(range(5), CLASSES == 1)], {}, ValueError, "numpy.flatnonzero turns a mask"),
        ([([[1]], [2])], {}, ValueError, r"shape \(1, 1\)"),
        (
            [(range(50), range(40, 90))],
            {"test": 0.0},
            ValueError,
            "fold 0 is trained on rows that it is scored on, such as 40",
        ),
    ],
)
def test_bad_folds_are_refused(cv, options, error, words):
    with pytest.raises(error, match=words):
        fold_rows(cv, **options)


def test_groups_that_do_not_fit_are_refused():
    model_selection = pytest.importorskip("sklearn.model_selection")
    splitter = model_selection.GroupKFold(2)
    with pytest.raises(ValueError, match=r"groups has shape \(3,\), expected \(90,\)"):
        fold_rows(splitter, groups=GROUPS[:3])
    with pytest.raises(
        ValueError, match=r"90 rows in 2 groups are too few for a test part of 0\.2"
    ):
        fold_rows(splitter, groups=GROUPS // 9)
    with pytest.raises(ValueError, match="'groups' parameter should not be None"):
        fold_rows(splitter)


def test_a_splitter_of_fixed_rows_is_told_to_leave_the_test_part_out():
    model_selection = pytest.importorskip("sklearn.model_selection")
    splitter = model_selection.PredefinedSplit(np.arange(90) % 3)
    with pytest.raises(ValueError, match="there are rows 0 to 70; a splitter of fixed rows needs"):
        fold_rows(splitter)
    assert len(fold_rows(splitter, test=0.0).folds) == 3

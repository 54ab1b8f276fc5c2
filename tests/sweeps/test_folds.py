"""Folds: which rows they are of, how they are scaled, and that they are trained as if alone."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.sweeps.folds import Folds, cut
from bpfast.tables.scaling import Scaler

rng = np.random.default_rng(0)
X = rng.normal(2.0, 5.0, (90, 3))
CLASSES = rng.permutation(np.repeat([0, 1, 2], (54, 27, 9)))
NUMBERS = X @ (1.0, -2.0, 0.5)
GROUPS = np.repeat(np.arange(18), 5)


def fold_rows(cv, y=CLASSES, test=0.2, groups=None, seed=0):
    classes = 0 if y.dtype.kind == "f" else len(np.unique(y))
    return cut(X, y, classes, 0.2, test, cv, groups, seed)


@pytest.mark.parametrize("test", [0.0, 0.2])
@pytest.mark.parametrize("y", [CLASSES, NUMBERS])
def test_each_row_that_is_not_test_is_held_out_once(y, test):
    rows = fold_rows(5, y, test)
    assert len(rows.folds) == 5
    assert len(rows.test) == pytest.approx(90 * test, abs=2)
    everything = np.concatenate([*(fold.validation for fold in rows.folds), rows.test])
    np.testing.assert_array_equal(np.sort(everything), np.arange(90))
    for fold in rows.folds:
        both = np.concatenate([fold.train, fold.validation])
        np.testing.assert_array_equal(np.sort(both), rows.whole)


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
    for given, whole in zip(seen[0], (X, CLASSES, GROUPS), strict=True):
        np.testing.assert_array_equal(given, whole[rows.whole])
    np.testing.assert_array_equal(rows.folds[0].train, rows.whole[:10])
    np.testing.assert_array_equal(rows.folds[0].validation, rows.whole[10:])


@pytest.mark.parametrize("name", ["GroupKFold", "StratifiedGroupKFold", "LeaveOneGroupOut"])
def test_groups_stay_together(name):
    model_selection = pytest.importorskip("sklearn.model_selection")
    groups = GROUPS if name != "LeaveOneGroupOut" else GROUPS // 5
    rows = fold_rows(getattr(model_selection, name)(), groups=groups)
    assert not np.isin(groups[rows.test], groups[rows.whole]).any()
    assert len(rows.test) == pytest.approx(18, abs=10)
    for fold in rows.folds:
        assert not np.isin(groups[fold.validation], groups[fold.train]).any()


def test_time_goes_forward():
    model_selection = pytest.importorskip("sklearn.model_selection")
    rows = fold_rows(model_selection.TimeSeriesSplit(4), NUMBERS, 0.0)
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
    assert len(rows.whole) + len(rows.test) == 90


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
        (None, {"groups": GROUPS}, ValueError, "groups are for a number of folds, .* got cv=None"),
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


@pytest.mark.parametrize("y", [CLASSES, NUMBERS])
def test_a_fold_is_scaled_by_what_it_is_trained_on_alone(y):
    rows = fold_rows(4, y)
    has_classes = y is CLASSES
    folds = Folds.of(X, y, rows.folds, has_classes)
    assert len(folds.train.X) == sum(len(fold.train) for fold in rows.folds)
    for fold, own, validation in zip(rows.folds, folds.rows, folds.validation, strict=True):
        scaler = Scaler.of(X[fold.train])
        np.testing.assert_array_equal(
            folds.train.X[own], scaler.apply(X[fold.train]).astype(np.float32)
        )
        np.testing.assert_array_equal(
            validation.X, scaler.apply(X[fold.validation]).astype(np.float32)
        )
        target = Scaler(0.0, 1.0) if has_classes else Scaler.of(y[fold.train])
        np.testing.assert_array_equal(folds.train.y[own], target.apply(y[fold.train]))
        np.testing.assert_array_equal(validation.y, target.apply(y[fold.validation]))


def test_folds_that_memory_cannot_hold_are_refused(monkeypatch):
    monkeypatch.setattr("bpfast.memory.free_memory", lambda: 1 << 20)
    monkeypatch.setattr("bpfast.memory.ALWAYS_FREE", 0)
    wide = np.zeros((90, 1000))
    with pytest.raises(MemoryError, match="the rows of 72 folds take"):
        Folds.of(wide, NUMBERS, fold_rows(72, NUMBERS).folds, False)


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("hidden", [(3,), (40, 8)])  # lanes and tiles on the CPU
def test_folds_trained_together_are_those_trained_alone(hidden, device):
    folds = Folds.of(X, CLASSES, fold_rows(3).folds, True)
    mlp = bp.MLP((3, *hidden, 3), "tanh", "cross_entropy")
    rates, trials = np.geomspace(1e-3, 1e-1, 5), np.arange(5)

    def trained(numbers, rows):
        population = bp.Population.drawn(mlp, np.tile(trials, len(numbers)))
        adam = bp.Adam(learning_rate=np.tile(rates, len(numbers)))
        bp.fit(
            population, *folds.train, adam, 3, 16, rows=rows, dropout=0.2, device=device,
            progress=False,
        )  # fmt: skip
        return population.parameters

    together = trained(range(3), folds.of_networks(5))
    for k in range(3):
        alone = trained([k], (folds.rows, np.full(5, k)))
        np.testing.assert_array_equal(together[5 * k : 5 * (k + 1)], alone)

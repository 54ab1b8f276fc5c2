"""A sweep's data: each fold is scaled by its own rows, and trained as if it were alone."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.sweeps.folds import Splitting, split_rows
from bpfast.sweeps.parts import Folds
from bpfast.tables.scaling import Scaler

rng = np.random.default_rng(0)
X = rng.normal(2.0, 5.0, (90, 3))
CLASSES = rng.permutation(np.repeat([0, 1, 2], (54, 27, 9)))
NUMBERS = X @ (1.0, -2.0, 0.5)


def fold_rows(cv, y=CLASSES):
    return split_rows(X, y, 3 if y is CLASSES else 0, Splitting(cv=cv), 0)


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

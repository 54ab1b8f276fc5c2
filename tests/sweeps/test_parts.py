"""A sweep's data: each fold is encoded by its own rows, and trained as if it were alone."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from datasets import CLASSES, NUMBERS, X, array_dataset

import bpfast as bp
from bpfast.sweeps.folds import Splitting, split_rows
from bpfast.sweeps.parts import Folds, SweepData
from bpfast.sweeps.preparation import Preparer
from bpfast.sweeps.weights import Weighting
from bpfast.tables.scaling import Scaler


def fold_rows(cv, y=CLASSES):
    return split_rows(X, y, 3 if y is CLASSES else 0, Splitting(cv=cv), 0).folds


def folds_of(cv, y=CLASSES, X=X):
    return Folds.of(Preparer(array_dataset(X, y), Weighting(), 0), fold_rows(cv, y))


@pytest.mark.parametrize("y", [CLASSES, NUMBERS])
def test_a_fold_is_scaled_by_what_it_is_trained_on_alone(y):
    has_classes = y is CLASSES
    folds = folds_of(4, y)
    assert len(folds.train.X) == sum(len(fold.train) for fold in fold_rows(4, y))
    for fold, own, validation in zip(fold_rows(4, y), folds.rows, folds.validation, strict=True):
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
        np.testing.assert_array_equal(validation.target, y[fold.validation])


def test_folds_that_memory_cannot_hold_are_refused(monkeypatch):
    monkeypatch.setattr("bpfast.memory.free_memory", lambda: 1 << 20)
    monkeypatch.setattr("bpfast.memory.ALWAYS_FREE", 0)
    with pytest.raises(MemoryError, match="the rows of 72 folds take"):
        folds_of(72, NUMBERS, np.zeros((90, 1000)))


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("hidden", [(3,), (40, 8)])  # lanes and tiles on the CPU
def test_folds_trained_together_are_those_trained_alone(hidden, device):
    folds = folds_of(3)
    mlp = bp.MLP((3, *hidden, 3), "tanh", "cross_entropy")
    rates, trials = np.geomspace(1e-3, 1e-1, 5), np.arange(5)

    def trained(numbers, rows):
        population = bp.Population.drawn(mlp, np.tile(trials, len(numbers)))
        adam = bp.Adam(learning_rate=np.tile(rates, len(numbers)))
        bp.fit(
            population, folds.train.X, folds.train.y, adam, 3, 16, rows=rows, dropout=0.2,
            device=device, progress=False,
        )  # fmt: skip
        return population.parameters

    together = trained(range(3), folds.of_networks(5))
    for k in range(3):
        alone = trained([k], (folds.rows, np.full(5, k)))
        np.testing.assert_array_equal(together[5 * k : 5 * (k + 1)], alone)


def test_folds_of_fewer_inputs_have_zeros_after_them():
    """A column that one fold lacks no value of, and another fold does."""
    holes = X.copy()
    first = fold_rows(3)[0]
    holes[first.validation[:3], 1] = np.nan
    folds = folds_of(3, X=holes)
    widths = [len(found.encoding.features) for found in folds.prepared]
    assert widths == [3, 4, 4]
    assert folds.train.X.shape[1] == 4
    assert not folds.train.X[folds.rows[0], 3].any()
    assert folds.train.X[folds.rows[1], 3].any()
    assert [part.X.shape[1] for part in folds.validation] == [4, 4, 4]


def test_without_folds_nothing_is_encoded_twice():
    data = SweepData.of(array_dataset(X, NUMBERS), Splitting(), 0)
    assert data.winner.X is data.folds.train.X
    assert data.encoding is data.folds.prepared[0].encoding
    assert data.fold_target_scalers == [data.target_scaler]


@pytest.mark.parametrize("cv", [None, 3])
def test_rows_are_those_of_the_table_that_was_given(cv):
    dataset = array_dataset(X, NUMBERS, row_numbers=np.arange(90) * 10)
    data = SweepData.of(dataset, Splitting(cv=cv), 0)
    for name, part in {"train": data.winner, "test": data.test}.items():
        np.testing.assert_array_equal(NUMBERS[data.rows[name] // 10], part.target)
    names = ["validation"] if cv is None else [f"split{k}_validation" for k in range(3)]
    assert {*data.rows} == {"train", "test", *names}
    for name, part in zip(names, data.folds.validation, strict=True):
        np.testing.assert_array_equal(NUMBERS[data.rows[name] // 10], part.target)


def test_workers_get_the_parts_alone():
    data = SweepData.of(array_dataset(X, NUMBERS), Splitting(), 0)
    assert len(data.target.values) == 0
    arrays = [data.winner, *data.folds.validation, data.test]
    size = sum(values.nbytes for part in arrays for values in part if values is not None)
    assert len(pickle.dumps(data)) < size + 8000


def test_parts_of_a_table_can_be_sent():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"number": X[:, 0], "word": np.array(["a", "b", "c"])[CLASSES]})
    data = SweepData.of(array_dataset(frame, NUMBERS), Splitting(cv=3), 0)
    again = pickle.loads(pickle.dumps(data))
    assert again.encoding == data.encoding
    np.testing.assert_array_equal(again.winner.X, data.winner.X)


def test_training_rows_are_weighted():
    weights = np.arange(90.0)
    dataset = array_dataset(X, CLASSES, weights=weights)
    data = SweepData.of(dataset, Splitting(cv=3), 0, class_weight={0: 2.0})
    for fold, own in zip(fold_rows(3), data.folds.rows, strict=True):
        expected = weights[fold.train] * np.where(CLASSES[fold.train] == 0, 2.0, 1.0)
        np.testing.assert_array_equal(data.folds.train.weights[own], expected)
    assert all(part.weights is None for part in (*data.folds.validation, data.test))


def test_test_rows_may_come_from_another_table():
    other = array_dataset(X[:10] + 1.0, NUMBERS[:10])
    data = SweepData.of(array_dataset(X, NUMBERS), Splitting(test=0.5), 0, test=other)
    assert len(data.winner.X) == 72
    np.testing.assert_array_equal(data.test.target, NUMBERS[:10])
    np.testing.assert_array_equal(data.test.X, data.scaler.apply(X[:10] + 1.0).astype(np.float32))
    np.testing.assert_array_equal(data.rows["test"], np.arange(10))


def test_test_rows_of_another_table_need_its_columns():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(X, schema=["a", *(f"b{k}" for k in range(1, X.shape[1]))])
    table, other = array_dataset(frame, NUMBERS), array_dataset(frame.drop("a"), NUMBERS)
    with pytest.raises(ValueError, match=r"^test_data: the table has no column 'a'"):
        SweepData.of(table, Splitting(), 0, test=other)


# --- number encodings -----------------------------------------------------------------------------


def test_threads_share_number_encodings_and_compute_different_ones_at_once(monkeypatch):
    data = SweepData.of(array_dataset(X, NUMBERS), Splitting(), 0)
    names, made, compute = ["quantile", "piecewise4"], [], SweepData._with_expansion
    both = threading.Barrier(2)

    def counted(self, name):
        made.append(name)
        both.wait(timeout=60)  # for the other's
        return compute(self, name)

    monkeypatch.setattr(SweepData, "_with_expansion", counted)
    with ThreadPoolExecutor(6) as pool:
        found = [*pool.map(data.expanded, names * 3)]
    assert sorted(made) == sorted(names)
    assert [own.expansion.name for own in found] == names * 3
    assert {id(own) for own in found} == {id(own) for own in found[:2]}
    assert data.expanded("scaled") is data


def test_a_number_encoding_without_room_is_told_to_all_who_wait(monkeypatch):
    data = SweepData.of(array_dataset(X, NUMBERS), Splitting(), 0)
    monkeypatch.setattr("bpfast.memory.free_memory", lambda: 0)
    monkeypatch.setattr("bpfast.memory.ALWAYS_FREE", 0)
    for _ in range(2):
        with pytest.raises(MemoryError, match="number_encoding='piecewise4'"):
            data.expanded("piecewise4")


@pytest.mark.parametrize("cv", [None, 2])
def test_a_number_encoding_needs_room_for_the_rows_of_all_parts(cv, monkeypatch):
    data = SweepData.of(array_dataset(X, NUMBERS), Splitting(cv=cv, test=0.2), 0)
    rows = 90 if cv is None else 2 * 36 + 2 * 36 + 72 + 3 * 18
    needed = 4 * rows * len(data.expanded("quantile").encoding.features)
    data = replace(data, _expanded={})
    monkeypatch.setattr("bpfast.memory.ALWAYS_FREE", 0)
    monkeypatch.setattr("bpfast.memory.free_memory", lambda: needed - 1)
    with pytest.raises(MemoryError, match="number_encoding='quantile'"):
        data.expanded("quantile")
    monkeypatch.setattr("bpfast.memory.free_memory", lambda: needed)
    replace(data, _expanded={}).expanded("quantile")

"""A sweep's data: the rows of each part, encoded and scaled by what networks were trained on."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from ..memory import check_memory
from ..tables.dataset import Dataset
from ..tables.encoding import Encoding
from ..tables.encoding.expansion import SCALED, Expansion
from ..tables.roles import DROPPED
from ..tables.scaling import Scaler
from ..tables.target import Target
from .folds import RowSplit, Splitting, split_rows
from .given_folds import Fold
from .identity import fingerprint
from .metrics import SCORE, Metric, beside
from .metrics import metric as find_metric
from .preparation import Part, Preparation, Preparer
from .weights import Weighting

SAMPLE = 1000  # rows
_EXPANDING = threading.Lock()  # while a thread takes on a number encoding


class Folds(NamedTuple):
    """The rows of all folds, each fold encoded and scaled by the rows that it is trained on.

    No network has seen anything of what it is scored on, not even through a mean. So folds cannot
    share one X: each has its own rows, and all are one array for one fit. Folds whose encodings
    make fewer inputs than others have zeros after them.

    Attributes
    ----------
    train : what fold 0 is trained on, then what fold 1 is trained on, ...
    rows : for each fold the numbers of its rows in ``train``
    validation : for each fold what its networks are scored on
    prepared : for each fold what was found in its training rows
    """

    train: Part
    rows: list[np.ndarray]
    validation: list[Part]
    prepared: list[Preparation]

    @classmethod
    def of(cls, preparer: Preparer, folds: list[Fold]) -> Folds:
        """The rows of folds.

        Raises
        ------
        MemoryError
            All folds' rows would not fit into the memory that is free.
        """
        rows = sum(len(train) + len(validation) for train, validation in folds)
        prepared, trained = [], []
        for k, fold in enumerate(folds):
            found, part = preparer.prepare(fold.train)
            if k == 0:
                size = rows * part.X.shape[1]
                check_memory(f"the rows of {len(folds)} folds", size, "float32")
            prepared.append(found)
            trained.append(part)
        inputs = max(part.X.shape[1] for part in trained)
        pairs = zip(prepared, folds, strict=True)
        validation = [
            found.part(preparer.dataset, fold.validation).padded(inputs) for found, fold in pairs
        ]
        ends = np.cumsum([len(fold.train) for fold in folds])
        own = [np.arange(end - len(fold.train), end) for fold, end in zip(folds, ends, strict=True)]
        return cls(_joined(trained, inputs), own, validation, prepared)

    @property
    def inputs(self) -> list[int]:
        """For each fold how many inputs its encoding makes."""
        return [found.inputs for found in self.prepared]

    @property
    def samples(self) -> tuple[Part, Part]:
        """Parts that have what networks are trained on, and what they are scored on."""
        return self.train, self.validation[0]

    def fold(self, k: int) -> Part:
        """What fold k is trained on."""
        first, last = self.rows[k][0], self.rows[k][-1] + 1
        return self.train.cut(first, last)

    def expanded(self, name: str, rows_of_all: int) -> Folds:
        """The folds with a number encoding, which each finds in the rows that it is trained on.

        Parameters
        ----------
        rows_of_all : those of other parts, too, that are to have the encoding

        Raises
        ------
        MemoryError
            They would not fit into the memory that is free.
        """
        pairs = zip(self.prepared, self.rows, strict=True)
        own = [self.train.X[rows[0] : rows[-1] + 1, : found.inputs] for found, rows in pairs]
        prepared = [found.expanded(name, X) for found, X in zip(self.prepared, own, strict=True)]
        inputs = max(found.inputs for found in prepared)
        check_memory(f"inputs of number_encoding={name!r}", rows_of_all * inputs, "float32")
        X = np.zeros((len(self.train.X), inputs), np.float32)
        for found, rows, base in zip(prepared, self.rows, own, strict=True):
            assert found.expansion is not None
            X[rows[0] : rows[-1] + 1, : found.inputs] = found.expansion.apply(base)
        validation = [
            part.expanded(found.expansion).padded(inputs)
            for found, part in zip(prepared, self.validation, strict=True)
        ]
        return Folds(self.train._replace(X=X), self.rows, validation, prepared)

    def of_networks(self, trials: int) -> tuple[list[np.ndarray], np.ndarray]:
        """``rows`` of a fit of all trials on fold 0, then all trials on fold 1, ..."""
        return self.rows, np.repeat(np.arange(len(self.rows)), trials)


@dataclass(frozen=True)
class SweepData:
    """What a sweep's networks learn from and are scored on.

    Attributes
    ----------
    folds : what all networks are trained on and ranked by
    winner : what the winner is trained on
    test : what is scored at the end
    encoding, scaler, target_scaler : of the winner; no target scaler where there are classes
    target : names and kind of the target, without its values
    metric : what networks are ranked by
    choices : what a user said of columns, target, metric and weights, as JSON has it
    refits : whether the winner is trained anew, and only then scored on the test part, as in a
        cross-validation
    fingerprints : by which a sweep that is resumed knows its data
    rows : for each part the numbers of its rows in the table that was given: "train" and "test" of
        the winner, "validation", or "split0_validation" and so on of a cross-validation
    fold_tests : the test part as the networks of each fold take it
    sample : some rows of the table, or array, as they are before they are encoded
    expansion : what scaled inputs of the winner become; None where they stay as they are
    """

    folds: Folds
    winner: Part
    test: Part
    encoding: Encoding
    scaler: Scaler
    target_scaler: Scaler | None
    target: Target
    metric: Metric
    choices: dict[str, Any]
    refits: bool
    fingerprints: dict[str, str]
    rows: dict[str, np.ndarray]
    fold_tests: list[Part]
    sample: Any
    expansion: Expansion | None = None
    _expanded: dict[str, Future[SweepData]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        splitting: Splitting,
        seed: int,
        *,
        metric: str | None = None,
        class_weight: Any = None,
        test: Dataset | None = None,
    ) -> SweepData:
        """Split a data set, and encode its parts.

        Parameters
        ----------
        splitting : of the data set's own groups and times
        metric, class_weight : as for :func:`bpfast.sweep`
        test : rows of the test part, instead of some of the data set's

        Raises
        ------
        TypeError, ValueError
            Bad input, such as a part to be scored on for which the metric is not defined.
        """
        target = dataset.target
        splitting = splitting._replace(groups=dataset.groups, time=dataset.time)
        scored = find_metric(metric, target.kind, target.outputs)
        weighting = Weighting.checked(class_weight, dataset.weights, target)
        if test is not None:
            splitting = splitting._replace(test=0.0)
        splitting = splitting.settled(target)
        rows = split_rows(dataset.inputs, target.values, len(target.classes), splitting, seed)
        fingerprints = _fingerprints(dataset, rows)  # first, while there is room beside the table
        preparer = Preparer(dataset, weighting, seed)
        folds = Folds.of(preparer, rows.folds)
        if splitting.cv is None:
            found, winner = folds.prepared[0], folds.train
        else:
            found, winner = preparer.prepare(rows.winner)
        tested = _test_part(found, dataset, rows.test, test)
        fold_tests = [tested]
        if splitting.cv is not None:
            fold_tests = [
                _test_part(own, dataset, rows.test, test).padded(max(folds.inputs))
                for own in folds.prepared
            ]
        _check_defined(folds, tested, scored, target, splitting)
        return cls(
            folds=folds,
            winner=winner,
            test=tested,
            encoding=found.encoding,
            scaler=found.scaler,
            target_scaler=found.target_scaler,
            target=replace(target, values=target.values[:0]),
            metric=scored,
            choices=_choices(dataset, scored, test) | weighting.describe() | splitting.describe(),
            refits=splitting.cv is not None,
            fingerprints=fingerprints,
            rows=_rows_given(dataset, rows, test, splitting.cv is not None),
            fold_tests=fold_tests,
            sample=dataset.inputs[:SAMPLE],
        )

    def expanded(self, name: str) -> SweepData:
        """The same with a number encoding: computed once, for all networks that have it.

        One thread does it, and those that need the same wait for it.
        """
        if name == SCALED:
            return self
        with _EXPANDING:
            is_mine = name not in self._expanded
            future = self._expanded.setdefault(name, Future())
        if is_mine:
            try:
                future.set_result(self._with_expansion(name))
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()

    def _with_expansion(self, name: str) -> SweepData:
        parts = [self.folds.train, *self.folds.validation, self.test]
        if self.refits:
            parts += [self.winner, *self.fold_tests]
        folds = self.folds.expanded(name, sum(len(part.X) for part in parts))
        if self.refits:
            expansion = Expansion.fit(name, self.winner.X, self.encoding.bounded)
            winner = self.winner.expanded(expansion)
        else:
            expansion, winner = folds.prepared[0].expansion, folds.train
        pairs = zip(folds.prepared, self.fold_tests, strict=True)
        test = self.test.expanded(expansion)
        tests = [part.expanded(own.expansion).padded(max(folds.inputs)) for own, part in pairs]
        return replace(
            self,
            folds=folds,
            winner=winner,
            test=test,
            fold_tests=tests if self.refits else [test],
            expansion=expansion,
            _expanded={},
        )

    def __getstate__(self) -> dict[str, Any]:
        """What other processes get: they compute the number encodings that they need."""
        return vars(self) | {"_expanded": {}}

    @property
    def classes(self) -> list[str]:
        """Names of the classes; empty for labels and numbers."""
        return self.target.classes

    @property
    def fold_target_scalers(self) -> list[Scaler | None]:
        """For each fold what brings its networks' outputs back to the target's units."""
        return [found.target_scaler for found in self.folds.prepared]


def _test_part(
    found: Preparation, dataset: Dataset, rows: np.ndarray, test: Dataset | None
) -> Part:
    """The test part: some of the rows, or another data set's."""
    if test is None:
        return found.part(dataset, rows)
    try:
        return found.part(test, np.arange(len(test.target.values)))
    except ValueError as error:
        raise ValueError(f"test_data: {error}") from None


def _joined(parts: list[Part], inputs: int) -> Part:
    """Parts one after the other; each one's X is let go once it is copied."""
    if len(parts) == 1:
        return parts[0]
    X = np.zeros((sum(len(part.X) for part in parts), inputs), np.float32)
    y, target = (np.concatenate(own) for own in ([p.y for p in parts], [p.target for p in parts]))
    given = [part.weights for part in parts if part.weights is not None]
    start = 0
    while parts:
        part = parts.pop(0)
        X[start : start + len(part.X), : part.X.shape[1]] = part.X
        start += len(part.X)
    return Part(X, y, target, np.concatenate(given) if given else None)


def _choices(dataset: Dataset, metric: Metric, test: Dataset | None) -> dict[str, Any]:
    """What a user said, or a default that could be otherwise."""
    target = dataset.target
    is_score = beside(metric, target.kind) is None
    dropped = [name for name, why in dataset.left_out.items() if why == DROPPED]
    named = {name: sorted(getattr(dataset, name)) for name in ("numeric", "categorical", "keep")}
    return {
        "metric": SCORE if is_score else metric.name,
        "target_transform": target.transform or "none",
        "drop": sorted(dropped),
        **named,
        "test_data": None if test is None else fingerprint(test.inputs, test.target.values),
    }


def _fingerprints(dataset: Dataset, rows: RowSplit) -> dict[str, str]:
    target = dataset.target
    names = [*target.classes, *(name for pair in target.labels.values() for name in pair)]
    return {
        "data": fingerprint(dataset.inputs, target.values),
        "classes": fingerprint(np.array(names, str)),
        "folds": fingerprint(*(part for fold in rows.folds for part in fold)),
        "held_out": fingerprint(rows.winner, rows.test),
    }


def _rows_given(
    dataset: Dataset, rows: RowSplit, test: Dataset | None, refits: bool
) -> dict[str, np.ndarray]:
    """Row numbers of the parts in the tables that were given."""
    names = [f"split{k}_validation" for k in range(len(rows.folds))] if refits else ["validation"]
    held_out = zip(names, rows.folds, strict=True)
    numbers = {"train": rows.winner} | {name: fold.validation for name, fold in held_out}
    given = {name: dataset.row_numbers[own] for name, own in numbers.items()}
    return given | {"test": dataset.row_numbers[rows.test] if test is None else test.row_numbers}


def _check_defined(
    folds: Folds, test: Part, metric: Metric, target: Target, splitting: Splitting
) -> None:
    """Refuse parts for which the metric is not defined, such as R² of a single row."""
    parts = {f"the validation part of fold {k}": part for k, part in enumerate(folds.validation)}
    advice = "give fewer folds, or others"
    if splitting.cv is None:
        parts = {"the validation part": folds.validation[0]}
        advice = f"give a larger share than validation={splitting.share}"
    if len(test.X):
        parts["the test part"] = test
    for name, part in parts.items():
        why = metric.why_undefined(part.target, target.kind, target.outputs)
        if why:
            if part is test:
                advice = f"give a larger share than test={splitting.test}"
                if not splitting.test:
                    advice = "give more of test_data"
            raise ValueError(
                f"{name} has {why}, so there is no {metric.label}: {advice}, another metric, or "
                "another seed"
            )

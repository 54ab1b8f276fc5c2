"""How good means of candidates' predictions are, by the metric: what a greedy selection asks for.

A selection asks for thousands of means. So each metric has what it needs of the predictions and no
more: log loss the probabilities of what is true, squared errors the products of two candidates'
errors. Nothing here is left to BLAS, whose last bits depend on how many threads it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np

from ..tables.target import total_sum_of_squares
from .metrics import Metric

BLOCK = 1 << 17  # numbers gone through at a time: they stay in a processor's cache
EPSILON = np.finfo(np.float32).eps
SQUARES = ("neg_root_mean_squared_error", "neg_mean_squared_error", "r2", "neg_brier_score")
MOST_PRODUCTS = 1 << 24
MOST_VALUES = 1 << 18  # that are predicted by a candidate
MOST_SCORED = 1 << 14  # the same where scikit-learn scores them
# Numbers that are gone through elsewhere while scikit-learn begins with an output, and while it
# scores a number.
CALL, SCORED = 2_000_000, 300


class MeanValues(Protocol):
    """How good means of candidates' predictions are: the greater a value is, the better.

    A sum of candidates is whatever the metric needs of it.
    """

    @property
    def work(self) -> int:
        """How many numbers are gone through for the value of one mean."""
        ...

    def __len__(self) -> int:
        """The number of candidates."""
        ...

    def only(self, candidates: np.ndarray) -> Self:
        """The same of some candidates."""
        ...

    def nothing(self) -> Any:
        """The sum of no candidates."""
        ...

    def added(self, total: Any, candidate: int) -> Any:
        """A sum with one candidate more."""
        ...

    def of_each(self, total: Any, count: int, candidates: slice = slice(None)) -> np.ndarray:
        """For each candidate the value of its mean with a sum of ``count`` others, float64."""
        ...


@dataclass(frozen=True)
class Numbers:
    """The value of a mean, from the mean of numbers that each candidate has for each row.

    Attributes
    ----------
    numbers : (candidates, ...) what is averaged
    value : the values of (some, ...) sums of so many candidates; it may overwrite the sums
    work : int
    """

    numbers: np.ndarray
    value: Callable[[np.ndarray, int], np.ndarray]
    work: int

    def __len__(self) -> int:
        return len(self.numbers)

    def only(self, candidates: np.ndarray) -> Numbers:
        return replace(self, numbers=self.numbers[candidates])

    def nothing(self) -> np.ndarray:
        return np.zeros_like(self.numbers[0])

    def added(self, total: np.ndarray, candidate: int) -> np.ndarray:
        return total + self.numbers[candidate]

    def of_each(self, total: np.ndarray, count: int, candidates: slice = slice(None)) -> np.ndarray:
        own = self.numbers[candidates]
        values = np.empty(len(own))
        step = max(1, BLOCK // total.size)
        memory = np.empty_like(own[:step])
        for first in range(0, len(own), step):
            some = own[first : first + step]
            sums = np.add(some, total, out=memory[: len(some)])
            values[first : first + step] = self.value(sums, count + 1)
        return _comparable(values)


@dataclass(frozen=True)
class Products:
    """The value of a mean by its squared errors, from products of candidates' errors.

    The squares of a mean's errors are the sum of the products of any two candidates in it, by its
    size squared.

    Attributes
    ----------
    products : (terms, candidates, candidates) of two candidates' errors, means over rows
    has_roots : whether a value is minus the sum of the terms' roots, not of the terms
    work : int
    """

    products: np.ndarray
    has_roots: bool
    work: int

    def __len__(self) -> int:
        return self.products.shape[1]

    def only(self, candidates: np.ndarray) -> Products:
        return replace(self, products=self.products[:, candidates[:, None], candidates])

    def nothing(self) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(self.products.shape[:2]), np.zeros(len(self.products))

    def added(
        self, total: tuple[np.ndarray, np.ndarray], candidate: int
    ) -> tuple[np.ndarray, np.ndarray]:
        with_each, own = total
        more = 2.0 * with_each[:, candidate] + self.products[:, candidate, candidate]
        return with_each + self.products[:, candidate], own + more

    def of_each(
        self, total: tuple[np.ndarray, np.ndarray], count: int, candidates: slice = slice(None)
    ) -> np.ndarray:
        with_each, own = total
        squares = np.diagonal(self.products, axis1=1, axis2=2)[:, candidates]
        with np.errstate(over="ignore", invalid="ignore"):  # squares beyond float64 are infinite
            terms = (own[:, None] + 2.0 * with_each[:, candidates] + squares) / (count + 1) ** 2
        if self.has_roots:
            terms = np.sqrt(np.maximum(terms, 0.0))
        return _comparable(-terms.sum(axis=0))


def mean_values(
    predicted: Sequence[np.ndarray], truths: Sequence[np.ndarray], metric: Metric, kind: str
) -> MeanValues:
    """What a metric's means over folds are found by.

    Parameters
    ----------
    predicted : for each fold (candidates, rows, outputs) finite probabilities, or numbers
    truths : for each fold what is true of its rows, as for :meth:`Metric.scores`
    metric, kind : as for :meth:`Metric.scores`
    """
    if metric.name in SQUARES:
        return _products(predicted, truths, metric.name, kind)
    outputs = predicted[0].shape[2]
    if metric.name == "neg_log_loss":
        return _log_losses(predicted, truths, kind)
    if metric.name == "neg_mean_absolute_error":
        return _absolute_errors(predicted, truths)
    if metric.name == "accuracy":
        return _accuracies(predicted, truths, kind)
    if metric.name == "roc_auc" and (kind == "labels" or outputs == 2):
        return _areas(predicted, truths, kind)
    return _others(predicted, truths, metric, kind)


def most_rows(name: str, kind: str, outputs: int) -> int:
    """How many rows there is time to look at."""
    is_scored = name not in (*SQUARES, "neg_log_loss", "neg_mean_absolute_error", "accuracy")
    is_scored &= name != "roc_auc" or (kind == "classes" and outputs > 2)
    return (MOST_SCORED if is_scored else MOST_VALUES) // outputs


def most_candidates(name: str, folds: int, outputs: int) -> int:
    """For how many candidates there is memory for what a metric needs."""
    terms = folds * outputs if name == "neg_root_mean_squared_error" else 1
    return max(1, int((MOST_PRODUCTS / terms) ** 0.5))


def _comparable(values: np.ndarray) -> np.ndarray:
    """Values, the worst where there is none."""
    return np.where(np.isnan(values), -np.inf, values)


def _mean_over_folds(
    of_fold: Callable[[np.ndarray], np.ndarray], numbers: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """The mean over folds, whose numbers lie one after the other in the last axis."""
    folds = np.split(numbers, ends[:-1], axis=-1)
    return np.asarray(np.mean([of_fold(own) for own in folds], axis=0, dtype=np.float64))


def _log_losses(
    predicted: Sequence[np.ndarray], truths: Sequence[np.ndarray], kind: str
) -> Numbers:
    """Probabilities of what is true."""
    folds = []
    for own, truth in zip(predicted, truths, strict=True):
        if kind == "classes":
            true = np.take_along_axis(own, truth[None, :, None], axis=2)
        else:
            true = np.where(truth == 1, own, 1.0 - own)
        true = np.clip(true, EPSILON, 1.0 - EPSILON)  # and not once more the mean
        folds.append(true.reshape(len(own), -1).astype(np.float32))
    ends = np.cumsum([own.shape[1] for own in folds])

    def value(sums: np.ndarray, count: int) -> np.ndarray:
        return _mean_over_folds(_mean_logarithms, sums, ends) - np.log(count)

    return Numbers(np.concatenate(folds, axis=1), value, work=int(ends[-1]))


def _mean_logarithms(numbers: np.ndarray) -> np.ndarray:
    """Means of logarithms: of four numbers' product, which takes less time than four."""
    quarter = numbers.shape[1] // 4
    products = numbers[:, :quarter]
    for k in range(1, 4):
        products = products * numbers[:, k * quarter : (k + 1) * quarter]
    others = np.log(numbers[:, 4 * quarter :])
    return (np.log(products).sum(axis=1) + others.sum(axis=1)) / numbers.shape[1]


def _absolute_errors(predicted: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> Numbers:
    folds = [
        (own - truth.reshape(len(truth), -1)).reshape(len(own), -1)
        for own, truth in zip(predicted, truths, strict=True)
    ]
    ends = np.cumsum([own.shape[1] for own in folds])

    def value(sums: np.ndarray, count: int) -> np.ndarray:
        errors = np.abs(sums, out=sums)
        return -_mean_over_folds(lambda own: own.mean(axis=1), errors, ends) / count

    return Numbers(np.concatenate(folds, axis=1), value, work=2 * int(ends[-1]))


def _accuracies(
    predicted: Sequence[np.ndarray], truths: Sequence[np.ndarray], kind: str
) -> Numbers:
    """By how much what is true is more probable than each thing that is not.

    Of classes of equal probability the first is meant, and the second value of a label only above
    a half: what is equal is made a little less or more.
    """
    truth = np.concatenate(truths)
    joined = np.concatenate(predicted, axis=1)
    if kind == "labels":
        margins = np.where(truth == 1, joined - 0.5 - EPSILON, 0.5 - joined + EPSILON)
    else:
        numbers = np.arange(joined.shape[2])
        true = np.take_along_axis(joined, truth[None, :, None], axis=2)
        margins = true - joined + EPSILON * np.sign(numbers - truth[:, None])
        is_other = numbers != truth[:, None]
        margins = margins[:, is_other].reshape(*joined.shape[:2], -1)
    margins = np.ascontiguousarray(margins.transpose(0, 2, 1), np.float32)
    ends = np.cumsum([len(own) for own in truths])

    def right(sums: np.ndarray) -> np.ndarray:
        return np.count_nonzero(sums.min(axis=1) > 0.0, axis=1) / sums.shape[2]

    def value(sums: np.ndarray, count: int) -> np.ndarray:
        return _mean_over_folds(right, sums, ends)

    return Numbers(margins, value, work=2 * margins[0].size)


def _areas(predicted: Sequence[np.ndarray], truths: Sequence[np.ndarray], kind: str) -> Numbers:
    """Probabilities of the second class, or of each label, for areas below ROC curves."""
    folds = [own[:, :, -1:] if kind == "classes" else own for own in predicted]
    numbers = np.concatenate([own.transpose(0, 2, 1) for own in folds], axis=2, dtype=np.float32)
    truth = np.concatenate(truths).reshape(numbers.shape[2], -1).T.astype(np.uint32)
    ends = np.cumsum([len(own) for own in truths])

    def value(sums: np.ndarray, count: int) -> np.ndarray:
        pairs = zip(np.split(sums, ends[:-1], 2), np.split(truth, ends[:-1], 1), strict=True)
        return np.mean([_area(own, is_true) for own, is_true in pairs], axis=0)

    return Numbers(numbers, value, work=50 * numbers[0].size)


def _area(numbers: np.ndarray, is_true: np.ndarray) -> np.ndarray:
    """The area below the ROC curve, the mean over labels.

    It is the share of pairs of a true and a false row that are in order (Mann and Whitney, 1947).
    Bits of numbers from 0 on are in the order of the numbers. The last one makes room for what is
    true: then one sort is all that it takes. Of equal numbers, the true come last in one sort and
    first in another, and half the pairs count.

    Parameters
    ----------
    numbers : (candidates, labels, rows) float32
    is_true : (labels, rows) uint32, 0 or 1
    """
    rows = is_true.shape[1]
    true = is_true.sum(axis=1, dtype=np.float64)
    bits = numbers.view(np.uint32) & ~np.uint32(1)
    places = np.arange(rows, dtype=np.float64)
    after = np.einsum("klr,r->kl", np.sort(bits | is_true, axis=2) & 1, places)
    before = places.sum() - np.einsum(
        "klr,r->kl", np.sort(bits | (1 - is_true), axis=2) & 1, places
    )
    in_order = (after + before) / 2.0 - true * (true - 1.0) / 2.0
    with np.errstate(invalid="ignore"):  # of rows that were drawn, all may be true
        return (in_order / (true * (rows - true))).mean(axis=1)


def _others(
    predicted: Sequence[np.ndarray], truths: Sequence[np.ndarray], metric: Metric, kind: str
) -> Numbers:
    """Predictions as they are, for scikit-learn's scorers."""
    joined = np.concatenate(predicted, axis=1)
    ends = np.cumsum([len(own) for own in truths])

    def value(sums: np.ndarray, count: int) -> np.ndarray:
        sums *= 1.0 / count
        pairs = zip(np.split(sums, ends[:-1], axis=1), truths, strict=True)
        return np.mean([metric.scores(own, truth, kind) for own, truth in pairs], axis=0)

    work = CALL * len(ends) * joined.shape[2] + SCORED * joined[0].size
    return Numbers(joined, value, work)


def _products(
    predicted: Sequence[np.ndarray], truths: Sequence[np.ndarray], name: str, kind: str
) -> Products:
    has_roots = name == "neg_root_mean_squared_error"
    candidates, outputs = len(predicted[0]), predicted[0].shape[2]
    products = np.zeros((len(truths) * outputs if has_roots else 1, candidates, candidates))
    term = 0
    for own, truth in zip(predicted, truths, strict=True):
        wanted = np.eye(outputs)[truth] if kind == "classes" else truth.reshape(len(truth), -1)
        for k, column in enumerate(wanted.T):
            total = total_sum_of_squares(column) if name == "r2" else float(len(truth))
            if total > 0.0:  # of rows that were drawn, all may be alike
                products[term] += _sums_of_products(own[:, :, k], column) / total
            term += has_roots
    return Products(products, has_roots, work=len(products))


def _sums_of_products(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(candidates, candidates) sums over rows of two candidates' errors, for (candidates, rows)."""
    candidates, rows = predicted.shape
    sums = np.zeros((candidates, candidates))
    step = max(1, BLOCK // candidates)
    for first in range(0, rows, step):
        errors = predicted[:, first : first + step].astype(np.float64) - truth[first : first + step]
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(candidates):
                sums[k, k:] += np.einsum("kr,r->k", errors[k:], errors[k])
    return np.triu(sums) + np.triu(sums, 1).T

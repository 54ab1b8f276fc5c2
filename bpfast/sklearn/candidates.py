"""The fits that a search of scikit-learn's asks for, done as populations."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.parallel import Parallel

from ..memory import free_memory
from .fold_samples import CandidateFit, FoldSamples, Task, gather, stack
from .scoring import score
from .together import fit_together

COPIES = (
    6  # of the weights, in memory: in training, with gradients and moments, and in the estimators
)


class Populations:
    """What searches take for joblib's ``Parallel``: fits of our networks become populations.

    It is called with a search's tasks, each one candidate on one fold. Our networks are trained
    together, by all threads, and then scored. What cannot be trained together is left to joblib.
    Where joblib's backend is Dask, the workers of its cluster train.
    """

    def __init__(self, **options) -> None:
        self._options = options

    def __enter__(self) -> Populations:
        return self

    def __exit__(self, *error) -> None:
        pass

    def __call__(self, tasks: Iterable[Task]) -> list[dict[str, Any]]:
        """The results of all tasks, in their order."""
        left, results = dict(enumerate(tasks)), {}
        for trained in _train(left):
            scored = score(trained, left)
            for fit, _ in trained:
                del left[fit.task]
                results[fit.task] = scored[fit.task] | {"fit_time": fit.seconds}
                fit.estimator = None  # trained networks are no longer needed
        if left:
            results |= zip(left, Parallel(**self._options)(left.values()), strict=True)
        return [results[task] for task in sorted(results)]


def _train(tasks: Mapping[int, Task]) -> Iterator[_Pairs]:
    """Train all that can be trained together, as many at a time as memory holds."""
    stackable: dict[Hashable, list[FoldSamples]] = defaultdict(list)
    for samples in gather(tasks):
        stackable[samples.stack_key].append(samples)
    for folds in stackable.values():
        yield from _train_on(folds)


def _train_on(folds: Sequence[FoldSamples]) -> Iterator[_Pairs]:
    """Train the networks on folds that can be stacked, and give each its share of the time."""
    X, y, sample_weight = stack(folds)
    pairs = [(fit, samples) for samples in folds for fit in samples.fits]
    for part in _affordable(pairs, X, y):
        networks = [fit.network for fit, _ in part]
        rows = [samples.rows for _, samples in part]
        begin = time.perf_counter()
        errors = fit_together(networks, X, y, rows, sample_weight)
        seconds = time.perf_counter() - begin
        work = [_work(*each) for each in zip(networks, rows, strict=True)]
        total = sum(work)
        for (fit, samples), error, own in zip(part, errors, work, strict=True):
            fit.error = error
            share = own / total if total else 1 / len(work)  # no work: all failed at once
            fit.seconds = seconds * share + samples.seconds / len(samples.fits)
        yield part


_Pairs = list[tuple[CandidateFit, FoldSamples]]


def _affordable(pairs: _Pairs, X, y) -> Iterator[_Pairs]:
    """Cut into parts whose networks take half of the memory that is free."""
    budget, features = free_memory() // 2, np.shape(X)[-1]
    classes = len(set(np.ravel(y).tolist())) if np.ndim(y) == 1 else np.shape(y)[-1]
    part: _Pairs = []
    size = 0
    for fit, samples in pairs:
        outputs = classes if np.ndim(y) > 1 or is_classifier(fit.network) else 1
        needed = COPIES * _bytes(fit.network, features, outputs)
        if part and size + needed > budget:
            yield part
            part, size = [], 0
        part.append((fit, samples))
        size += needed
    yield part


def _bytes(network, features: int, outputs: int) -> int:
    """The size of a network's weights, before it has any."""
    hidden = np.atleast_1d(network.hidden_layer_sizes).tolist()
    if not all(isinstance(width, int) for width in hidden):
        return 0  # the fit refuses it
    return 8 * sum(above * below for above, below in pairwise([features, *hidden, outputs]))


def _work(network, rows: np.ndarray) -> float:
    """What training cost, up to a factor: parameters, times samples, times epochs."""
    if not hasattr(network, "coefs_"):
        return 1.0  # it failed at once
    return network.n_iter_ * len(rows) * sum(weights.size for weights in network.coefs_)

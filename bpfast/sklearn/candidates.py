"""The fits that a search of scikit-learn's asks for, done as populations."""

from __future__ import annotations

import functools
import logging
import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from numbers import Number
from typing import Any

import numpy as np
from joblib import parallel_config
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.parallel import Parallel
from sklearn.utils.validation import _check_method_params, _num_samples

from ..memory import free_memory
from .estimators import MLPClassifier, MLPRegressor
from .together import fit_together

logger = logging.getLogger("bpfast")

COPIES = 6  # of the weights: in training with gradients and moments, and in the estimators

# A call that waits: scikit-learn's _fit_and_score; estimator, X and y; what else it takes, by name.
Task = tuple[Any, tuple[Any, Any, Any], dict[str, Any]]


class Populations:
    """What searches take for joblib's ``Parallel``: fits of our networks become populations.

    It is called with a search's tasks, each one candidate on one fold. Our networks are trained
    first, together, by all threads; then each task runs as scikit-learn wrote it, and finds its
    candidate trained. What cannot be trained together is left to joblib. Where joblib's backend is
    Dask, the workers of its cluster train.
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
        for fits in _train(left):
            with parallel_config("sequential"):  # what is scored is here, wherever it was trained
                scored = Parallel(n_jobs=1)(_scoring(fit, left.pop(fit.place)) for fit in fits)
            for fit, result in zip(fits, scored, strict=True):
                results[fit.place] = result | {"fit_time": fit.seconds}
                fit.estimator = None  # trained networks are no longer needed
        if left:
            results |= zip(left, Parallel(**self._options)(left.values()), strict=True)
        return [results[place] for place in sorted(results)]


@dataclass
class _Fit:
    """A candidate on one fold."""

    place: int  # among the tasks
    estimator: Any  # with the candidate's parameters
    seconds: float = 0.0  # that training took, its share of the steps before included
    error: Exception | None = None  # that training raised


@dataclass
class _Samples:
    """What some networks are trained on."""

    X: Any
    y: Any
    sample_weight: Any
    rows: np.ndarray  # of these
    steps: list[Any]  # that made them, fitted
    seconds: float  # that these took
    fits: list[_Fit] = field(default_factory=list)

    @property
    def kind(self) -> Hashable:
        """Samples of one kind can be stacked."""
        if isinstance(self.X, np.ndarray) or sparse.issparse(self.X):
            return type(self.X), self.X.shape[1:], self.X.dtype, self.sample_weight is None
        return id(self.X)


class _Trained:
    """What a task takes for the estimator that it shall fit.

    Setting its parameters gives the trained estimator, whose next fit is done already.
    """

    def __init__(self, fit: _Fit) -> None:
        self._trained = fit

    def set_params(self, **parameters):
        self._trained.estimator.fit = self._fit
        return self._trained.estimator

    def _fit(self, X, y, **parameters):
        del self._trained.estimator.fit
        if self._trained.error is not None:
            raise self._trained.error
        return self._trained.estimator


def _scoring(fit: _Fit, task: Task) -> Task:
    """The task of a fit, to be run with the trained estimator."""
    run, (_, X, y), options = task
    return run, (_Trained(fit), X, y), options


def _train(tasks: Mapping[int, Task]) -> Iterator[list[_Fit]]:
    """Train all that can be trained together, as many at a time as memory holds."""
    kinds: dict[Hashable, list[_Samples]] = defaultdict(list)
    for samples in _gather(tasks):
        kinds[samples.kind].append(samples)
    for alike in kinds.values():
        yield from _train_on(alike)


def _gather(tasks: Mapping[int, Task]) -> list[_Samples]:
    """The tasks of our networks, by what these are trained on: fold, and settings of steps."""
    gathered: dict[Hashable, _Samples | None] = {}
    for place, (_, (estimator, X, y), options) in tasks.items():
        train, parameters = options["train"], options["parameters"]
        estimator.set_params(**clone(parameters, safe=False))
        if not _is_ours(estimator):
            continue
        key = id(train), _settings(estimator, parameters)
        if key not in gathered:
            gathered[key] = _samples(estimator, X, y, train, options["fit_params"])
        if samples := gathered[key]:
            if isinstance(estimator, Pipeline):
                estimator.steps[:-1] = samples.steps
            samples.fits.append(_Fit(place, estimator))
    return [samples for samples in gathered.values() if samples]


def _is_ours(estimator) -> bool:
    """Whether an estimator ends in a network of ours: no subclass, which may fit otherwise."""
    network = _last(estimator)
    if type(network) in (MLPClassifier, MLPRegressor):
        return True
    _say_once(f"{type(network).__name__} is no MLPClassifier or MLPRegressor of bpfast.sklearn")
    return False


def _last(estimator) -> Any:
    return estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator


def _settings(estimator, parameters: Mapping[str, Any]) -> Hashable:
    """What a candidate's parameters make of the steps before the last."""
    if not isinstance(estimator, Pipeline):
        return None
    last = f"{estimator.steps[-1][0]}__"
    return frozenset(
        # what is no plain value is the same only if it is the same object
        (name, type(value), value if isinstance(value, (str, Number)) else id(value))
        for name, value in parameters.items()
        if not name.startswith(last)
    )


def _samples(estimator, X, y, train, fit_params: Mapping[str, Any]) -> _Samples | None:
    """Fit the steps before the last one, and take what this is handed; None where that fails."""
    piped = isinstance(estimator, Pipeline)
    if piped:
        fit_params = _check_method_params(X, params=fit_params, indices=train)
        X, y = _safe_split(estimator, X, y, train)
    network, handed, begin = _last(estimator), [], time.perf_counter()
    network.fit = lambda X, y, sample_weight=None: handed.append((X, y, sample_weight))
    try:
        estimator.fit(X, y, **fit_params)
        X, y, sample_weight = handed[0]
        rows = np.arange(_num_samples(X))
    except Exception:  # as scikit-learn's way will say
        return None
    finally:
        del network.fit
    rows = rows if piped else rows[train]
    steps = estimator.steps[:-1] if piped else []
    return _Samples(X, y, sample_weight, rows, steps, time.perf_counter() - begin)


def _train_on(alike: list[_Samples]) -> Iterator[list[_Fit]]:
    """Train the networks on samples of one kind, and share the time out among them."""
    X, y, sample_weight = _stack(alike)
    pairs = [(fit, samples) for samples in alike for fit in samples.fits]
    for part in _affordable(pairs, X, y):
        networks = [_last(fit.estimator) for fit, _ in part]
        rows = [samples.rows for _, samples in part]
        begin = time.perf_counter()
        errors = fit_together(networks, X, y, rows, sample_weight)
        seconds = time.perf_counter() - begin
        work = [_work(*each) for each in zip(networks, rows, strict=True)]
        for (fit, samples), error, share in zip(part, errors, work, strict=True):
            fit.error = error
            own = share / sum(work) if any(work) else 1 / len(work)  # none: all failed at once
            fit.seconds = seconds * own + samples.seconds / len(samples.fits)
        yield [fit for fit, _ in part]


def _affordable(pairs: list[tuple[_Fit, _Samples]], X, y) -> Iterator[list[tuple[_Fit, _Samples]]]:
    """Cut into parts whose networks take half of the memory that is free."""
    budget, features = free_memory() // 2, np.shape(X)[-1]
    classes = len(set(np.ravel(y).tolist())) if np.ndim(y) == 1 else np.shape(y)[-1]
    part: list[tuple[_Fit, _Samples]] = []
    size = 0
    for fit, samples in pairs:
        network = _last(fit.estimator)
        outputs = classes if np.ndim(y) > 1 or is_classifier(network) else 1
        needed = COPIES * _bytes(network, features, outputs)
        if part and size + needed > budget:
            yield part
            part, size = [], 0
        part.append((fit, samples))
        size += needed
    yield part


def _bytes(network, features: int, outputs: int) -> int:
    """Of a network's weights, before it has any."""
    hidden = np.atleast_1d(network.hidden_layer_sizes).tolist()
    if not all(isinstance(width, int) for width in hidden):
        return 0  # the fit refuses it
    return 8 * sum(above * below for above, below in pairwise([features, *hidden, outputs]))


def _stack(alike: list[_Samples]) -> tuple[Any, Any, Any]:
    """X, y and sample weights that hold them all, in which they find their rows.

    Folds of one X are rows of it. What steps made of each fold is put one below the other.
    """
    first = alike[0]
    if all(samples.X is first.X for samples in alike):
        return first.X, first.y, first.sample_weight
    start = 0
    for samples in alike:
        samples.rows += start
        start += len(samples.rows)
    join = sparse.vstack if sparse.issparse(first.X) else np.concatenate
    sample_weight = None
    if first.sample_weight is not None:
        sample_weight = np.concatenate([samples.sample_weight for samples in alike])
    y = np.concatenate([np.asarray(samples.y) for samples in alike])
    return join([samples.X for samples in alike]), y, sample_weight


def _work(network, rows: np.ndarray) -> float:
    """What training cost, in a unit that cancels: parameters, times samples, times epochs."""
    if not hasattr(network, "coefs_"):
        return 1.0  # it failed at once
    return network.n_iter_ * len(rows) * sum(weights.size for weights in network.coefs_)


@functools.cache
def _say_once(reason: str) -> None:
    logger.warning("a search fits candidates one by one, as scikit-learn does: %s", reason)

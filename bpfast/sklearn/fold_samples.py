"""What a search's networks are trained on: the rows of a fold, as a pipeline's steps make them."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Number
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params, _num_samples

from .estimators import MLPClassifier, MLPRegressor

logger = logging.getLogger("bpfast")

# A call that waits: scikit-learn's _fit_and_score; estimator, X and y; what else it takes, by name.
Task = tuple[Any, tuple[Any, Any, Any], dict[str, Any]]


@dataclass
class CandidateFit:
    """One candidate on one fold."""

    task: int  # the number of the search's task
    estimator: Any  # with the candidate's parameters
    seconds: float = 0.0  # that training took, and its share of fitting the steps before
    error: Exception | None = None  # that training raised

    @property
    def network(self) -> Any:
        return _network(self.estimator)


@dataclass
class FoldSamples:
    """What some candidates' networks are trained on."""

    X: Any
    y: Any
    sample_weight: Any
    rows: np.ndarray  # of these samples
    steps: list[Any]  # of a pipeline, before the network, fitted
    seconds: float  # that fitting the steps took
    fits: list[CandidateFit] = field(default_factory=list)

    @property
    def stack_key(self) -> Hashable:
        """What must be equal in samples that can be stacked."""
        if isinstance(self.X, np.ndarray) or sparse.issparse(self.X):
            return type(self.X), self.X.shape[1:], self.X.dtype, self.sample_weight is None
        return id(self.X)


def gather(tasks: Mapping[int, Task]) -> list[FoldSamples]:
    """The tasks that train networks of ours, by fold and by settings of a pipeline's steps."""
    gathered: dict[Hashable, FoldSamples | None] = {}
    for number, (_, (estimator, X, y), options) in tasks.items():
        train, parameters = options["train"], options["parameters"]
        estimator.set_params(**clone(parameters, safe=False))
        if not _is_ours(estimator):
            continue
        key = id(train), _settings_of_steps(estimator, parameters)
        if key not in gathered:
            gathered[key] = _fit_steps(estimator, X, y, train, options["fit_params"])
        if samples := gathered[key]:
            if isinstance(estimator, Pipeline):
                estimator.steps[:-1] = samples.steps
            samples.fits.append(CandidateFit(number, estimator))
    return [samples for samples in gathered.values() if samples]


def stack(folds: Sequence[FoldSamples]) -> tuple[Any, Any, Any]:
    """X, y and sample weights of all folds in one; the folds' rows become row numbers of these.

    Folds of one X are rows of it already. What a pipeline's steps made of each is concatenated.
    """
    first = folds[0]
    if all(samples.X is first.X for samples in folds):
        return first.X, first.y, first.sample_weight
    start = 0
    for samples in folds:
        samples.rows += start
        start += len(samples.rows)
    join = sparse.vstack if sparse.issparse(first.X) else np.concatenate
    sample_weight = None
    if first.sample_weight is not None:
        sample_weight = np.concatenate([samples.sample_weight for samples in folds])
    y = np.concatenate([np.asarray(samples.y) for samples in folds])
    return join([samples.X for samples in folds]), y, sample_weight


def _network(estimator) -> Any:
    """The estimator, or a pipeline's last step."""
    return estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator


def _is_ours(estimator) -> bool:
    """Whether an estimator ends in a network of ours: no subclass, which may fit otherwise."""
    network = _network(estimator)
    if type(network) in (MLPClassifier, MLPRegressor):
        return True
    warn_once(f"{type(network).__name__} is no MLPClassifier or MLPRegressor of bpfast.sklearn")
    return False


@functools.cache
def warn_once(reason: str) -> None:
    """Log why a search's candidates are not trained as populations."""
    logger.warning("a search fits candidates one by one, as scikit-learn does: %s", reason)


def _settings_of_steps(estimator, parameters: Mapping[str, Any]) -> Hashable:
    """Those of a candidate's parameters that are not for the network but for steps before it."""
    if not isinstance(estimator, Pipeline):
        return None
    last = f"{estimator.steps[-1][0]}__"
    return frozenset(
        # other objects than text and numbers are equal only if they are the same object
        (name, type(value), value if isinstance(value, (str, Number)) else id(value))
        for name, value in parameters.items()
        if not name.startswith(last)
    )


def _fit_steps(estimator, X, y, train, fit_params: Mapping[str, Any]) -> FoldSamples | None:
    """Fit a pipeline's steps, and take what they hand to the network; None where they fail."""
    is_pipeline = isinstance(estimator, Pipeline)
    if is_pipeline:
        fit_params = _check_method_params(X, params=fit_params, indices=train)
        X, y = _safe_split(estimator, X, y, train)
    network, handed, begin = _network(estimator), [], time.perf_counter()
    network.fit = lambda X, y, sample_weight=None: handed.append((X, y, sample_weight))
    try:
        estimator.fit(X, y, **fit_params)
        X, y, sample_weight = handed[0]
        rows = np.arange(_num_samples(X))
    except Exception:  # scikit-learn's own fit of this candidate, later, raises it again
        return None
    finally:
        del network.fit
    rows = rows if is_pipeline else rows[train]
    steps = estimator.steps[:-1] if is_pipeline else []
    return FoldSamples(X, y, sample_weight, rows, steps, time.perf_counter() - begin)

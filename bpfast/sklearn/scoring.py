"""The scores of a search's networks: one by one by scikit-learn, or those of a fold at once."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from joblib import parallel_config
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.metrics import accuracy_score, r2_score
from sklearn.metrics._scorer import _MultimetricScorer, _PassthroughScorer, _Scorer
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.parallel import Parallel
from sklearn.utils.validation import column_or_1d, validate_data

from .fits import population_of
from .fold_samples import CandidateFit, FoldSamples, Task
from .metrics import METRICS, Metric

PREDICTED = 1 << 24  # numbers that networks predict at a time

Results = dict[int, dict[str, Any]]  # what scikit-learn's task returns, by the task's number


def score(
    trained: Sequence[tuple[CandidateFit, FoldSamples]], tasks: Mapping[int, Task]
) -> Results:
    """What the tasks would return whose candidates are trained.

    Of the networks that are alike and belong to one fold, scikit-learn scores the first. If the
    same is had without its checks, so are the others' scores, of all at once; else it scores them.
    """
    groups: dict[tuple, list[CandidateFit]] = defaultdict(list)
    steps: dict[tuple, Sequence] = {}
    failed = []
    for fit, samples in trained:
        if fit.error is not None:
            failed.append(fit)
            continue
        key = id(samples), *_likeness(fit.network)
        groups[key].append(fit)
        steps[key] = samples.steps
    results = _one_by_one([group[0] for group in groups.values()] + failed, tasks)
    left = []
    for key, group in groups.items():
        first = group[0].task
        if len(group) > 1:
            results |= _at_once(group, steps[key], tasks[first], results[first])
        left += [fit for fit in group if fit.task not in results]
    return results | _one_by_one(left, tasks)


def _likeness(network) -> tuple:
    """What must be equal in networks that predict as one population."""
    classes = tuple(network.classes_.tolist()) if is_classifier(network) else ()
    return network._mlp(), network.coefs_[0].dtype.name, network.device, classes


class _Trained:
    """What a task is given for the estimator that it shall fit.

    Setting its parameters returns the trained estimator, whose next ``fit`` trains no more.
    """

    def __init__(self, fit: CandidateFit) -> None:
        self._trained = fit

    def set_params(self, **parameters):
        self._trained.estimator.fit = self._fit
        return self._trained.estimator

    def _fit(self, X, y, **parameters):
        del self._trained.estimator.fit
        if self._trained.error is not None:
            raise self._trained.error
        return self._trained.estimator


def _one_by_one(fits: Sequence[CandidateFit], tasks: Mapping[int, Task]) -> Results:
    """Run tasks as scikit-learn wrote them, with the trained estimators."""
    ready = []
    for fit in fits:
        run, (_, X, y), options = tasks[fit.task]
        ready.append((run, (_Trained(fit), X, y), options))
    with parallel_config("sequential"):  # scores are computed here, not on a cluster
        found = Parallel(n_jobs=1)(ready)
    return {fit.task: result for fit, result in zip(fits, found, strict=True)}


def _at_once(
    group: Sequence[CandidateFit], steps: Sequence, task: Task, known: dict[str, Any]
) -> Results:
    """The results of networks that are alike, or of some of them, or of none.

    Parameters
    ----------
    group : on one fold
    steps : of a pipeline, fitted, before the networks
    task : the first one's
    known : what scikit-learn returned for it
    """
    _, (_, X, y), options = task
    # lines to print, callbacks to call and weights are scikit-learn's
    callbacks = getattr(options["caller"], "_skl_callbacks", None)
    if options["verbose"] > 1 or callbacks or options["score_params"]:
        return {}
    first, train, test = group[0].estimator, options["train"], options["test"]
    begin, found = time.perf_counter(), {}
    try:
        judge = _judge(options["scorer"], group[0].network)
        some, truth = _safe_split(first, X, y, test, train)
        found["test_scores"] = _scores(group, steps, some, truth, judge)
        seconds = (time.perf_counter() - begin) / len(group)
        if options["return_train_score"]:
            some, truth = _safe_split(first, X, y, train)
            found["train_scores"] = _scores(group, steps, some, truth, judge)
    except Exception:  # scikit-learn's own scoring has the words for it, if it fails, too
        return {}
    if any(scores[0] != known[name] for name, scores in found.items()):
        return {}
    results = {}
    for k, fit in enumerate(group):
        own = {name: scores[k] for name, scores in found.items()}
        if all(value is not None for value in own.values()):
            results[fit.task] = {**known, **own, "score_time": seconds}
    return results


_Judge = Callable[[np.ndarray, Any], list]


def _judge(scorer, network) -> _Judge:
    """What makes scores, numbers or dictionaries, of networks' predictions and the truth.

    Raises
    ------
    KeyError
        There is a metric that we do not have.
    """
    if not isinstance(scorer, _MultimetricScorer):
        metric, sign = _metric(scorer, network)
        return lambda predicted, truth: _apply(metric, sign, network, predicted, truth)
    metrics = {name: _metric(one, network) for name, one in scorer._scorers.items()}

    def several(predicted, truth) -> list[dict[str, float]]:
        columns = [_apply(*metric, network, predicted, truth) for metric in metrics.values()]
        return [dict(zip(metrics, row, strict=True)) for row in zip(*columns, strict=True)]

    return several


def _metric(scorer, network) -> tuple[Metric, int]:
    """The metric of a scorer, and whether a greater one is better, 1, or worse, -1."""
    classifies = is_classifier(network)
    if type(scorer) is _PassthroughScorer:
        return METRICS[accuracy_score if classifies else r2_score], 1
    if type(scorer) is not _Scorer or scorer._kwargs:
        raise KeyError(scorer)
    metric = METRICS[scorer._score_func]
    method = "predict_proba" if metric.of == "probabilities" else "predict"
    if classifies != (metric.of != "numbers") or scorer._response_method != method:
        raise KeyError(scorer)
    return metric, scorer._sign


def _scores(
    group: Sequence[CandidateFit], steps: Sequence, X, y, judge: _Judge
) -> list[float | dict[str, float] | None]:
    """Scores on some samples; None of networks whose predictions are not finite."""
    for _, step in steps:
        if not (step is None or isinstance(step, str)):
            X = step.transform(X)
    network = group[0].network
    X = validate_data(network, X, accept_sparse=["csr", "csc"], reset=False)
    X = X.toarray() if sparse.issparse(X) else X
    size = max(1, PREDICTED // (len(X) * network.n_outputs_))
    scores: list = []
    for start in range(0, len(group), size):
        networks = [fit.network for fit in group[start : start + size]]
        predicted = population_of(networks).predict(X, network.device)
        finite = np.isfinite(predicted).all(axis=(1, 2))
        judged = iter(judge(predicted[finite], y))
        scores += [next(judged) if is_finite else None for is_finite in finite]
    return scores


def _apply(metric: Metric, sign: int, network, predicted: np.ndarray, truth) -> list[float]:
    """One metric of (networks, rows, outputs) finite predictions."""
    if metric.of == "numbers":
        floating = [a.dtype for a in (np.asarray(truth), predicted) if a.dtype.kind == "f"]
        dtype = np.result_type(*floating)
        truth = np.asarray(truth, dtype).reshape(len(truth), -1)
        predicted = predicted.astype(dtype, copy=False)
    elif metric.of == "probabilities":
        classes, truth = np.unique(column_or_1d(truth), return_inverse=True)
        if len(classes) != max(2, predicted.shape[2]):
            raise ValueError("there is a class that the truth lacks")
    else:
        predicted = _labels(network, predicted)
        truth = np.asarray(truth) if predicted.ndim == 3 else column_or_1d(truth)
    return [sign * float(metric.score(truth, one)) for one in predicted]


def _labels(network, predicted: np.ndarray) -> np.ndarray:
    """(networks, rows) or (networks, rows, labels), as the classifier's ``predict`` has them."""
    flat = predicted.ravel() if network.n_outputs_ == 1 else np.concatenate(predicted)
    labels = network._label_binarizer.inverse_transform(flat)
    return labels.reshape(*predicted.shape[:2], *labels.shape[1:])

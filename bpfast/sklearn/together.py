"""Many estimators fitted at once: those that can share a population train as one."""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils.validation import _num_samples

from . import cluster, lbfgs, stochastic
from .fits import Fit
from .plain import is_plain
from .preparation import Preparation
from .validation import Validation

MAX_ORDER_ROWS = 1 << 24  # row numbers in all the orders that a population keeps for an epoch


def fit_together(
    estimators: Sequence, X, y, rows: Sequence[np.ndarray | None], sample_weight=None
) -> list[Exception | None]:
    """Fit each estimator on rows of its own.

    Those whose networks have the same shape, activation, loss, solver and batch size, and the same
    classes and class weights, train as one population, whatever their learning rates, penalties,
    momenta, seeds, tolerances and numbers of epochs. Estimator k ends with the same bits as after
    ``estimators[k].fit(X[rows[k]], y[rows[k]])``, with one exception: where several have
    ``random_state=None``, they would draw from NumPy's global state in turn; here each is given a
    state of its own, which is seeded from that.

    Parameters
    ----------
    estimators : MLPClassifier and MLPRegressor; they end as fitted
    X : (samples, features), dense, sparse or a table
    y : (samples,) or (samples, outputs)
    rows : for each estimator the numbers of its rows, which may repeat; None for all
    sample_weight : (samples,) or None

    Returns
    -------
    list of Exception or None
        For each estimator, what its ``fit`` would have raised; all others are fitted.

    Raises
    ------
    TypeError, ValueError
        Other estimators; another number of row arrays than of estimators.
    KeyboardInterrupt
        Ctrl-C, if there is more than one estimator: they keep what was trained so far.
    """
    for estimator in estimators:
        if not hasattr(estimator, "_mlp"):
            raise TypeError(
                "estimators must be MLPClassifier or MLPRegressor of bpfast.sklearn, "
                f"got {estimator!r}"
            )
    if len(rows) != len(estimators):
        raise ValueError(f"rows has {len(rows)} arrays for {len(estimators)} estimators")
    errors: list[Exception | None] = [None] * len(estimators)
    for chosen in _without_shared_states(estimators):
        found = train(
            [estimators[k] for k in chosen], X, y, [rows[k] for k in chosen], sample_weight
        )
        for k, error in zip(chosen, found, strict=True):
            errors[k] = error
    return errors


def train(
    estimators: Sequence,
    X,
    y,
    rows: Sequence,
    sample_weight=None,
    incremental: bool = False,
    validated: bool = False,
) -> list[Exception | None]:
    """Fit estimators as :func:`fit_together` does; no two of them share a ``RandomState``.

    Where they are ``validated``, their parameters need not be looked at again.
    """
    alone = len(estimators) == 1
    preparation = Preparation(X, y, sample_weight, incremental, alone)
    validation = Validation()
    errors: list[Exception | None] = [None] * len(estimators)
    fits: dict[int, Fit] = {}
    for k, (estimator, part) in enumerate(zip(estimators, rows, strict=True)):
        try:
            if not validated:
                validation.check(estimator)
            fits[k] = preparation.prepare(estimator, part)
        except Exception as error:
            errors[k] = error
    if fits:
        interrupted = _train_all(list(fits.values()), X)
        if interrupted and not alone:
            raise KeyboardInterrupt
        if interrupted:
            warnings.warn("Training interrupted by user.", stacklevel=2)
    for k, fit in fits.items():
        errors[k] = fit.error
    return errors


def train_group(group: list[Fit], X: np.ndarray) -> bool:
    """Train one population; returns whether Ctrl-C ended it."""
    solver = lbfgs if group[0].estimator.solver == "lbfgs" else stochastic
    try:
        return solver.train(group, X)
    except Exception as error:
        for fit in group:
            fit.error = error
    return False


def _without_shared_states(estimators: Sequence) -> list[list[int]]:
    """Indices of estimators in rounds, in each of which no two share a ``RandomState``."""
    rounds: dict[int, list[int]] = defaultdict(list)
    used: Counter = Counter()
    for k, estimator in enumerate(estimators):
        state = estimator.random_state
        rounds[used[id(state)]].append(k)
        if isinstance(state, np.random.RandomState):
            used[id(state)] += 1
    return [rounds[number] for number in sorted(rounds)]


def _train_all(fits: list[Fit], X) -> bool:
    """Train populations, one after the other or on a cluster; returns whether Ctrl-C ended it."""
    X = _select_samples(fits, X)
    alike: dict[tuple, list[Fit]] = defaultdict(list)
    for fit in fits:
        alike[fit.group_key].append(fit)
    groups = [group for each in alike.values() for group in _cut(each)]
    if len(fits) > 1 and (client := cluster.current_client()):
        cluster.train(client, groups, X, train_group)
        return False
    return any(train_group(group, X) for group in groups)


def _select_samples(fits: list[Fit], X) -> np.ndarray:
    """The samples that any fit needs, dense; the fits' rows become row numbers of these."""
    used = np.zeros(_num_samples(X), bool)
    for fit in fits:
        used[fit.rows] = True
    if not used.all():
        X = _safe_indexing(X, np.flatnonzero(used))
        new_number = np.cumsum(used) - 1
        for fit in fits:
            fit.rows = new_number[fit.rows]
    if is_plain(X):
        return X
    X = check_array(X, accept_sparse="csr", dtype=(np.float64, np.float32))
    return X.toarray() if hasattr(X, "toarray") else X


def _cut(fits: list[Fit]) -> Iterator[list[Fit]]:
    """Groups whose orders of rows fit into memory, even if each fit has an order of its own."""
    group: list[Fit] = []
    size = 0
    for fit in fits:
        if group and size + len(fit.trained) > MAX_ORDER_ROWS:
            yield group
            group, size = [], 0
        group.append(fit)
        size += len(fit.trained)
    yield group

"""Estimators of a search fitted by the workers of a Dask cluster, where joblib uses one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from joblib.parallel import get_active_backend

from ..sweeps.workers import GRAIN, PIECES
from .preparation import Fit

OWN = ("random_state", "_random_state")  # the estimator keeps its object, with the state that came

Train = Callable[[list[Fit], np.ndarray], bool]


def current() -> Any:
    """The client of ``joblib.parallel_config("dask")``, or None; None too in its workers."""
    backend, _ = get_active_backend()
    client = getattr(backend, "client", None)
    if client is None:
        return None
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:
        return client
    return None


def train(client: Any, groups: Sequence[list[Fit]], X: np.ndarray, fit_group: Train) -> None:
    """Have the cluster train some groups.

    Parameters
    ----------
    client : distributed.Client
    groups : each of one kind; they end as trained
    X : (samples, features), that their rows are of
    fit_group : trains a group where it is called
    """
    from ..sweeps.cluster import check_workers, everywhere, submit, versions

    check_workers(client)
    data = everywhere(client, X)
    threads = sum(client.nthreads().values())
    parts = [part for group in groups for part in _cut(group, PIECES * threads)]
    futures = [submit(client, _train, fit_group, part, data, versions()) for part in parts]
    try:
        for part, future in zip(parts, futures, strict=True):
            for fit, came in zip(part, future.result(), strict=True):
                _take(fit, *came)
    except BaseException:  # Ctrl-C too
        client.cancel(futures)
        raise


def _cut(group: list[Fit], pieces: int) -> list[list[Fit]]:
    size = -(-len(group) // (pieces * GRAIN)) * GRAIN
    return [group[start : start + size] for start in range(0, len(group), size)]


def _train(
    fit_group: Train, group: list[Fit], X: np.ndarray, expected: Mapping[str, str]
) -> list[tuple[dict[str, Any], Any, Exception | None]]:
    """What a worker does: each estimator's attributes, its random state, and what ended it."""
    from ..sweeps.cluster import as_worker

    with as_worker(expected):
        fit_group(group, X)
    return [(vars(fit.estimator), fit.random_state.get_state(), fit.error) for fit in group]


def _take(fit: Fit, found: dict[str, Any], state: Any, error: Exception | None) -> None:
    fit.random_state.set_state(state)
    vars(fit.estimator).update({name: found[name] for name in found.keys() - {*OWN}})
    fit.error = error

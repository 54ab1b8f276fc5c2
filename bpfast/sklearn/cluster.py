"""Groups of fits trained by the workers of a Dask cluster, where joblib's backend is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from joblib.parallel import get_active_backend

from .fits import Fit

# An estimator keeps these objects; random states are set to what came back from the worker.
KEPT = ("random_state", "_random_state")

TrainGroup = Callable[[list[Fit], np.ndarray], bool]


def current_client() -> Any:
    """The client of ``joblib.parallel_config("dask")``; None without one, and in its workers."""
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


def train(client: Any, groups: Sequence[list[Fit]], X: np.ndarray, train_group: TrainGroup) -> None:
    """Have the cluster train some groups.

    Parameters
    ----------
    client : distributed.Client
    groups : of fits with one ``group_key``; they end as trained
    X : (samples, features), which the fits' rows are numbers of
    train_group : trains a group in the worker that it is called in
    """
    from ..sweeps.cluster import check_workers, everywhere, submit, versions
    from ..sweeps.workers import GRAIN, PIECES

    check_workers(client)
    data = everywhere(client, X)
    threads = sum(client.nthreads().values())
    parts = [part for group in groups for part in _cut(group, PIECES * threads, GRAIN)]
    futures = [submit(client, _train, train_group, part, data, versions()) for part in parts]
    try:
        for part, future in zip(parts, futures, strict=True):
            for fit, trained in zip(part, future.result(), strict=True):
                _update(fit, *trained)
    except BaseException:  # Ctrl-C too
        client.cancel(futures)
        raise


def _cut(group: list[Fit], pieces: int, grain: int) -> list[list[Fit]]:
    """Cut a group into about so many pieces of whole grains: workers end about together."""
    size = -(-len(group) // (pieces * grain)) * grain
    return [group[start : start + size] for start in range(0, len(group), size)]


def _train(
    train_group: TrainGroup, group: list[Fit], X: np.ndarray, expected: Mapping[str, str]
) -> list[tuple[dict[str, Any], Any, Exception | None]]:
    """Train a group in a worker: each estimator's attributes, its random state, and its error."""
    from ..sweeps.cluster import as_worker

    with as_worker(expected):
        train_group(group, X)
    return [(vars(fit.estimator), fit.random_state.get_state(), fit.error) for fit in group]


def _update(fit: Fit, attributes: dict[str, Any], state: Any, error: Exception | None) -> None:
    """Give a fit what its copy in a worker ended with."""
    fit.random_state.set_state(state)
    vars(fit.estimator).update({name: attributes[name] for name in attributes.keys() - {*KEPT}})
    fit.error = error

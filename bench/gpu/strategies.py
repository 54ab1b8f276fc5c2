"""A strategy on a tiny fit against the reference: ``... .strategies STRATEGY DTYPE``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import numpy as np

import bpfast as bp

from ...checking.verification import TOLERANCES, difference
from ...kernels import cuda
from .tell import check_all, need_a_gpu

STRATEGIES = ("thread", "block", "large batch")
MLP = bp.MLP((3, 5, 4), "tanh", "cross_entropy")
N, SAMPLES, EPOCHS, BATCH = 3, 13, 2, 8


@contextmanager
def forced(strategy: str) -> Iterator[None]:
    """Device "cuda" is one strategy, whatever is best."""
    choose, refusal = bp.dispatch.choose, cuda.refusal

    def chosen(mlp, n, batch_size, device="auto", *rule, **dtype):
        if device == "cuda":
            return bp.dispatch.Plan(strategy, device, "it was asked for")
        return choose(mlp, n, batch_size, device, *rule, **dtype)

    def refused(asked, *others):  # predictions take blocks where they can
        return refusal(asked, *others) if asked == strategy else "another one was asked for"

    with (
        patch.object(bp.dispatch, "choose", chosen),
        patch.object(cuda, "refusal", refused if strategy == "large batch" else refusal),
    ):
        yield


def samples() -> tuple[np.ndarray, np.ndarray]:
    """X and y."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(SAMPLES, MLP.inputs)), rng.integers(0, MLP.outputs, SAMPLES)


def trained(device: str, dtype: str) -> np.ndarray:
    """Parameters and losses after a short training."""
    population = bp.Population(MLP, N, dtype=dtype)
    adam = bp.Adam(learning_rate=np.geomspace(1e-3, 1e-2, N), epsilon=1e-4)
    history = bp.fit(population, *samples(), adam, EPOCHS, BATCH, device=device, progress=False)
    return np.hstack([population.parameters, history.loss])


def gradients(device: str, dtype: str) -> np.ndarray:
    """Those of the initial networks."""
    population = bp.Population(MLP, N, dtype=dtype)
    loss, weights, biases = bp.gradients(population, *samples(), device=device)
    return np.hstack([loss[:, None], *(a.reshape(N, -1) for a in (*weights, *biases))])


def predictions(device: str, dtype: str) -> np.ndarray:
    """Those of the initial networks."""
    return bp.Population(MLP, N, dtype=dtype).predict(samples()[0], device=device).reshape(N, -1)


def against_the_reference(work: Callable[[str, str], np.ndarray], dtype: str) -> float:
    """The largest difference, relative to the truth's own size.

    Raises
    ------
    ValueError
        It is larger than is allowed.
    """
    values, truth = work("cuda", dtype), work("reference", dtype)
    error = difference(values, truth)
    if not error <= TOLERANCES[dtype]:  # nor NaN
        raise ValueError(f"off by {error:.1e}, allowed are {TOLERANCES[dtype]:.0e}")
    return error


def main() -> None:
    """Compare, and tell how far they are apart."""
    strategy, dtype = sys.argv[1:]
    need_a_gpu()
    with forced(strategy):
        works = (trained, gradients, predictions)
        check_all({w.__name__: partial(against_the_reference, w, dtype) for w in works})


if __name__ == "__main__":
    main()

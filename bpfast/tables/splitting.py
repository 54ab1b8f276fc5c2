"""Random, stratified splits into a training, a validation and a test part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Parts(NamedTuple):
    """Row numbers of the training, validation and test part."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split(y: np.ndarray, classes: int, validation: float, test: float, seed: int) -> Parts:
    """Split rows at random, each class in its proportion.

    Parameters
    ----------
    y : (samples,) class numbers from 0 to ``classes`` - 1, or numbers, with ``classes`` 0
    validation, test : shares of the rows; with ``test`` 0 the test part is empty

    Raises
    ------
    ValueError
        Shares that leave another part empty.
    """
    check_shares(validation, test)
    rank = stratified_ranks(y, classes, seed)
    parts = Parts(
        train=np.flatnonzero(rank >= validation + test),
        validation=np.flatnonzero(rank < validation),
        test=np.flatnonzero((rank >= validation) & (rank < validation + test)),
    )
    sizes = {"training": len(parts.train), "validation": len(parts.validation)}
    sizes |= {"test": len(parts.test)} if test else {}
    if not all(sizes.values()):
        raise ValueError(f"{len(y)} rows are too few for parts for {', '.join(sizes)}")
    return parts


def check_shares(validation: float, test: float) -> None:
    """Raise ``ValueError`` for shares that leave another part empty; a test part may be."""
    if not 0 < validation < 1:
        raise ValueError(
            f"validation={validation} must be a share of the rows between 0 and 1, which networks "
            "are ranked by; leave it out with cv, to rank them by folds instead"
        )
    if not (0 <= test < 1 and validation + test < 1):
        raise ValueError(
            f"validation={validation} and test={test} must be shares that leave some for training; "
            "test=0 is for no test part"
        )


def stratified_ranks(y: np.ndarray, classes: int, seed: int | Sequence[int]) -> np.ndarray:
    """Random ranks from 0 to 1, each row's among the rows of its own class.

    The rows with ranks below a share are that share of every class.
    """
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(y == k) for k in range(classes)] or [np.arange(len(y))]
    ranks = np.empty(len(y))
    for rows in groups:
        ranks[rng.permutation(rows)] = (np.arange(len(rows)) + rng.random()) / max(len(rows), 1)
    return ranks

"""Who answers best: ranks, tables won, and times, from results of many fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import gmean, rankdata

Result = dict[str, Any]


class Compared(NamedTuple):
    """Tables that all of some runners answered for.

    Attributes
    ----------
    runners, tables : names
    losses : (tables, runners) means over the splits that all of them have
    constants : (tables,) losses of a constant prediction, over the same splits
    seconds : (tables, runners) geometric means over the same splits
    """

    runners: list[str]
    tables: list[str]
    losses: np.ndarray
    constants: np.ndarray
    seconds: np.ndarray

    @property
    def ranks(self) -> np.ndarray:
        """(runners,) mean ranks over tables, 1 for the least loss; equal losses share theirs."""
        return rankdata(self.losses, axis=1).mean(axis=0)

    @property
    def gaps(self) -> np.ndarray:
        """(tables, runners) how far each is from the least loss, beside a constant prediction.

        0 is the least loss of all runners, 1 a constant prediction's or worse: the distance to the
        minimum of Wistuba, Schilling and Schmidt-Thieme (2015).
        """
        least = self.losses.min(axis=1, keepdims=True)
        room = self.constants[:, None] - least
        # where nobody beats a constant prediction, there is no room to be far
        return np.clip((self.losses - least) / np.where(room > 0, room, np.inf), 0.0, 1.0)


def names(results: Iterable[Result], key: str = "runner") -> list[str]:
    """Different runners, tables or metrics, in their order."""
    return list(dict.fromkeys(one[key] for one in results))


def everywhere(results: Sequence[Result]) -> list[str]:
    """Runners that are for every metric."""
    metrics = {*names(results, "metric")}
    return [
        runner
        for runner in names(results)
        if {one["metric"] for one in results if one["runner"] == runner} == metrics
    ]


def compare(results: Iterable[Result], runners: Sequence[str]) -> Compared:
    """Runners on the tables, and the splits of each, that every one of them has a loss for."""
    fits: dict[str, dict[int, dict[str, Result]]] = {}
    for one in results:
        fits.setdefault(one["table"], {}).setdefault(one["split"], {})[one["runner"]] = one
    tables, losses, constants, seconds = [], [], [], []
    for table in sorted(fits):
        common = [
            [found[runner] for runner in runners]
            for found in fits[table].values()
            if found.keys() >= {*runners}
        ]
        if common:
            tables.append(table)
            losses.append(_values(common, "loss").mean(axis=0))
            constants.append(_values(common, "constant_loss").mean())
            seconds.append(gmean(_values(common, "seconds"), axis=0))
    shape = (len(tables), len(runners))
    return Compared(
        [*runners],
        tables,
        np.reshape(losses, shape),
        np.array(constants),
        np.reshape(seconds, shape),
    )


def _values(fits: list[list[Result]], key: str) -> np.ndarray:
    """(splits, runners)."""
    return np.array([[one[key] for one in row] for row in fits])


def won(results: Iterable[Result], runner: str, other: str) -> tuple[float, int]:
    """On how many tables a runner has less loss than another, of how many that both have.

    Equal losses are half a table.
    """
    ours, theirs = compare(results, [runner, other]).losses.T
    return float((ours < theirs).sum() + (ours == theirs).sum() / 2), len(ours)


def times(results: Iterable[Result], runner: str, other: str, key: str = "seconds") -> float:
    """How many times as long as a runner another takes: the geometric mean over fits of both."""
    fits: dict[tuple[str, int], dict[str, float]] = {}
    for one in results:
        fits.setdefault((one["table"], one["split"]), {})[one["runner"]] = one[key]
    ratios = [
        found[other] / found[runner] for found in fits.values() if {runner, other} <= {*found}
    ]
    return float(gmean(ratios)) if ratios else float("nan")

"""Trains networks anew: a cross-validation's winner on all rows, and those that were not kept."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from typing import Protocol

import numpy as np

from ..training.population import Population
from .candidates import MOST, Candidate, Candidates
from .shards import Job, Shard
from .trainer import Trainer
from .trials import FitGroup, Row, State, Trial, params_of, rank


class Trained(Protocol):
    """What trained a sweep's networks: Rounds, or Blocks."""

    rows: dict[int, Row]
    best: Population | None

    def source(self, network: int) -> tuple[Trainer, int]:
        """What trained a network, and the number that it had there."""


def offer_lacking(trained: Trained, rows: Iterable[Row], candidates: Candidates) -> None:
    """Have candidates whose networks nobody kept trained once more, as they were.

    Parameters
    ----------
    rows : of all trials, with their networks' numbers in the sweep
    """
    groups: dict[tuple[int, FitGroup, int], list[Row]] = {}
    for row in nsmallest(MOST, rows, key=rank):
        if candidates.wants(row):
            trainer, _ = trained.source(row["network"])
            was_let_go = row["epochs"] < trainer.epochs and not row.get("stopped", False)
            until = row["epochs"] if was_let_go else trainer.epochs
            group = FitGroup.of(params_of(row))
            if candidates.has_room(row, trainer.parameters(group)):
                groups.setdefault((trainer.seed, group, until), []).append(row)
    for (_, _, until), own in groups.items():
        for candidate in _trained_again(trained, own, until):
            candidates.offer(*candidate)


def _trained_again(trained: Trained, rows: Sequence[Row], until: int) -> Iterator[Candidate]:
    """Trials of one group and one trainer, up to an epoch."""
    sources = [trained.source(row["network"]) for row in rows]
    trainer = sources[0][0]
    pairs = zip(sources, rows, strict=True)
    shard = Shard.of([Trial(number, params_of(row)) for (_, number), row in pairs])
    outcome = trainer.advance(Job(shard, until))
    while outcome.shard.epoch < until:  # after Ctrl-C
        outcome = trainer.advance(Job(outcome.shard, until))
    states: Sequence[State | None] = outcome.shard.states or [None] * len(rows)
    for k, (row, state) in enumerate(zip(rows, states, strict=True)):
        trial = Trial(sources[k][1], params_of(row), state=state)
        yield Candidate(row, outcome.networks.get(k) or trainer.networks(trial))


def refit_winner(rounds: Trained) -> None:
    """Train the winner on all rows that are not test: each fold's network saw only a part."""
    scored = [row for row in rounds.rows.values() if row["validation_score"] > -np.inf]
    if not scored:
        return
    row = min(scored, key=rank)
    trainer, number = rounds.source(row["network"])
    winner = Shard.of([Trial(number, params_of(row))])
    epochs = row["best_epoch"] if "best_epoch" in row else row["epochs"]
    rounds.best, history = trainer.refit(winner, epochs)
    scorer = trainer.scorer(winner.group)
    data = scorer.data
    parts = [part for part in (data.winner, data.test) if len(part.X)]
    part_scores = [scorer.part_scores(rounds.best, part, data.target_scaler) for part in parts]
    if history.diverged[0] or not all(own.is_finite[0] for own in part_scores):
        warnings.warn(
            f"network {row['network']}, the first by validation, diverged when it was trained on "
            "all rows: its predictions are of no use; try a lower learning rate",
            RuntimeWarning,
            stacklevel=5,  # the caller of sweep
        )
    if len(data.test.X):
        columns = part_scores[-1].columns("test", history.diverged)
        row |= {name: values.item() for name, values in columns.items()}

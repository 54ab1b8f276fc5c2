"""Trains a cross-validation's winner anew, on all rows that are not test."""

from __future__ import annotations

import warnings

import numpy as np

from .blocks import Blocks
from .rounds import Rounds
from .shards import Shard
from .trials import Trial, params_of, rank


def refit_winner(rounds: Rounds | Blocks) -> None:
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

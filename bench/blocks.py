"""What a sweep in blocks costs its workers and its client, for ``bench/cluster.py``."""

from __future__ import annotations

import pickle
import tempfile
from typing import Any
from unittest import mock

import numpy as np

from ..sweeps import blocks
from ..sweeps.blocks import BLOCK, KEPT_OF_BLOCK, Block, BlockOutcome, Blocks
from ..sweeps.trainer import Trainer
from ..training.dispatch import thread_limit

FEW, MANY = 4, 260  # blocks that the client is timed with


class InventedBlocks:
    """Blocks that need no time: what is left is the client's own.

    Each gives back as many rows as a first block does; later ones of a real sweep have few.
    """

    concurrency = 16

    def __init__(self, trainer: Trainer, *_: Any) -> None:
        self._epochs = trainer.epochs
        self._waiting: list[Block] = []

    def submit(self, block: Block, worst: float) -> None:
        self._waiting.append(block)

    def next(self) -> tuple[Block, BlockOutcome]:
        block = self._waiting.pop(0)
        scores = np.random.default_rng(block.number).random(KEPT_OF_BLOCK)
        fixed = {"hidden": "16", "learning_rate": 0.1, "l2": 1e-3, "batch_size": 64, "loss": 1.0}
        fixed |= {"epochs": self._epochs, "diverged": False, "test_score": 0.5}
        rows = [
            {"network": block.first + k, "validation_score": score, **fixed}
            for k, score in enumerate(scores.tolist())
        ]
        losses = [np.ones(self._epochs)] * len(rows)
        return block, BlockOutcome(rows, losses, block.networks, 0, block.networks, None)

    def close(self) -> None:
        """Nothing is under way."""


def in_blocks(run: Any, epochs: int) -> dict[str, float]:
    """Seconds of a worker's thread for each network, of the client for each block, and bytes.

    Parameters
    ----------
    run : trains some networks for so many epochs, kept in ``folder``, and says how long it took
    """
    outcomes: list[BlockOutcome] = []
    train = blocks.train_block

    def watched(*arguments: Any) -> BlockOutcome:
        outcomes.append(train(*arguments))
        return outcomes[-1]

    def seconds(count: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            return run(count * BLOCK, epochs, folder=folder)[0]

    with mock.patch("bpfast.sweeps.blocks.MOST", 0):
        with mock.patch("bpfast.sweeps.blocks.train_block", watched), thread_limit(1):
            trained = min(seconds(2) for _ in range(2))
        with (
            mock.patch("bpfast.sweeps.sweeping.OwnThreads", InventedBlocks),
            mock.patch.object(Blocks, "_winner", return_value=None),
        ):
            few, many = (min(seconds(count) for _ in range(3)) for count in (FEW, MANY))
    return {
        "network": trained / (2 * BLOCK),
        "client, a block": (many - few) / (MANY - FEW),
        "bytes of a block": float(len(pickle.dumps(outcomes[0]))),
    }

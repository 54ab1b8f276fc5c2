"""Blocks of a sweep that are trained by the workers of a Dask cluster."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .blocks import Block, BlockOutcome, train_block
from .cluster import as_worker, versions
from .dask_tasks import DaskTasks
from .options import Search
from .trainer import Trainer


class DaskBlocks:
    """Workers of a Dask cluster: each of their threads trains a block.

    A worker that sees the sweep's folder writes a block's table there; else it is sent.

    Parameters
    ----------
    trainer, search, interrupted : as for :func:`train_block`
    folder : where tables are written
    client, memory : as for :class:`DaskTasks`, which raises what this does
    """

    def __init__(
        self,
        trainer: Trainer,
        search: Search,
        folder: Path,
        client: Any,
        memory: int | None,
        interrupted: Sequence,
    ) -> None:
        self._tasks = DaskTasks[Block](client, interrupted, _describe, memory)
        self.concurrency = self._tasks.concurrency
        self._folder = folder.resolve()
        self._mark = self._folder / f".{secrets.token_hex(8)}.mark"  # who sees it sees the folder
        self._settings = self._tasks.everywhere((replace(trainer, compiled=set()), search))

    def submit(self, block: Block, worst: float) -> None:
        """Have a block trained; rows with a lower score than ``worst`` need not come back."""
        self._mark.touch()
        mark, memory = self._mark, self._tasks.memory
        self._tasks.submit(block, train, self._settings, mark, memory, block, worst, versions())

    def next(self) -> tuple[Block, BlockOutcome | None]:
        """Wait for a block to end, as :meth:`DaskTasks.next` does."""
        return self._tasks.next()

    def close(self) -> None:
        """Begin no other block, and let the workers forget."""
        self._tasks.close()
        self._mark.unlink(missing_ok=True)


def train(
    settings: tuple[Trainer, Search],
    mark: Path,
    memory: int,
    block: Block,
    worst: float,
    expected: Mapping[str, str],
) -> BlockOutcome:
    """What a worker does with a block; ``mark`` is a file in the folder of the sweep's blocks."""
    trainer, search = settings
    folder = mark.parent if mark.exists() else None
    with as_worker(expected):
        return train_block(trainer, search, folder, memory, [], None, block, worst)


def _describe(block: Block) -> str:
    return f"networks {block.first} to {block.first + block.networks - 1}"

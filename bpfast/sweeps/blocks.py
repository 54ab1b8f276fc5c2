"""Sweeps of more networks than one process can hold the trials of: one block after another.

A block is a sweep of its own, with a seed of its own. Whoever trains it draws its trials, and
writes its table into the sweep's folder; what comes back are the best rows, and sums. So a client
does as little for a block of thousands of networks as for one.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from ..errors import import_optional
from ..kernels import counter
from ..training.population import Population
from .candidates import Candidates
from .curve import Curve
from .options import Persistence, Search
from .progress import SweepProgress
from .refitting import offer_lacking
from .rounds import Rounds
from .run_folder import RunFolder, Totals, write_block
from .study import Study
from .trainer import Trainer
from .trials import Row, rank
from .workers import ThreadWorkers

BLOCK = 4096  # networks of a block; results depend on it
MOST = 1 << 20  # networks whose trials one process holds
KEPT, KEPT_OF_BLOCK = 10_000, 256  # rows that a result has, at most so many from one block
AHEAD = 2  # blocks for each thread of a cluster, trained or waiting
_polars = partial(import_optional, "polars", "sweep")


def block_size(search: Search, persistence: Persistence) -> int | None:
    """How many networks the blocks of a sweep have; None where one process holds all trials.

    A sampler that learns, a study and halving need all of them, and without a folder there is no
    other place for a table. With a time there are not so many.
    """
    needs_all = search.sampler != "random" or search.halving or persistence.storage is not None
    in_blocks = search.networks > MOST and persistence.run is not None and not needs_all
    return BLOCK if in_blocks else None


class Block(NamedTuple):
    """A block by its number, its first network's number in the sweep, and how many it has."""

    number: int
    first: int
    networks: int

    def seed(self, sweep_seed: int) -> int:
        """Of its sampler, initial weights and shuffle; that of the first block is the sweep's."""
        return int(counter.key(sweep_seed, self.number)[0] >> 1) if self.number else sweep_seed


class BlockOutcome(NamedTuple):
    """What came of a block.

    Attributes
    ----------
    rows : the best that were asked for, best first, with networks' numbers in the sweep
    losses : (rows, epochs)
    networks, diverged, updates : sums over all its networks
    table : Parquet of all rows; None where it is in the folder, or the block is not whole
    """

    rows: list[Row]
    losses: list[np.ndarray]
    networks: int
    diverged: int
    updates: int
    table: bytes | None


class BlockWorkers(Protocol):
    """Who trains blocks: :class:`OwnThreads`, or a cluster's :class:`DaskBlocks`."""

    concurrency: int

    def submit(self, block: Block, worst: float) -> None:
        """Have a block trained; rows with a lower score than ``worst`` need not come back."""

    def next(self) -> tuple[Block, BlockOutcome | None]:
        """Wait for a block to end; None if Ctrl-C came first."""

    def close(self) -> None:
        """Begin no other block."""


class Blocks:
    """All blocks of a sweep, of which some may be in its folder already.

    Parameters
    ----------
    folder : where their tables are written
    show : given a SweepProgress; None for nobody

    Attributes
    ----------
    rows, losses : of the best networks, by number
    candidates : the trials that come first, with their networks
    best : the network that is ranked first; None where none has a score, or it is trained anew
    totals : seconds, and samples that networks learned from
    interrupted : whether Ctrl-C ended it
    """

    def __init__(
        self,
        trainer: Trainer,
        search: Search,
        folder: RunFolder,
        show: Callable[[SweepProgress], None] | None,
    ) -> None:
        self._trainer, self._search, self._folder, self._show = trainer, search, folder, show
        self.rows: dict[int, Row] = {}
        self.losses: dict[int, np.ndarray] = {}
        self.best: Population | None = None
        self.candidates = Candidates()
        self.totals, self.interrupted, self.ended_by_time = folder.totals, False, False
        self._curve = Curve(self.totals.curve)
        self._networks = self._diverged = 0
        self._best_score = self._worst = -np.inf  # of all; and below which no row is kept

    def run(self, workers: BlockWorkers, interrupted: Sequence) -> None:
        """Train all blocks that the folder lacks, or until Ctrl-C has filled ``interrupted``."""
        self._start = time.perf_counter() - self.totals.seconds
        waiting, under_way = self._missing(), 0
        while True:
            while not interrupted and under_way < AHEAD * workers.concurrency:
                if (block := next(waiting, None)) is None:
                    break
                workers.submit(block, self._worst)
                under_way += 1
            if not under_way:
                break
            block, outcome = workers.next()
            under_way -= 1
            if outcome is None:
                continue
            updates = self.totals.sample_updates + outcome.updates
            seconds = time.perf_counter() - self._start
            if outcome.table is not None:
                write_block(self._folder.parts, block.number, outcome.table)
            self._take(outcome)
            self._curve.see(seconds, self._networks, self._best_score)
            self.totals = Totals(seconds, updates, seconds, self._curve.points)
            self._folder.write_totals(self.totals)
            self.tell()
        self._cut()
        self.interrupted = bool(interrupted)
        offer_lacking(self, self.rows.values(), self.candidates)
        first = self.candidates.best
        if first is not None and not self._trainer.data.refits:
            self.best = first.networks

    def source(self, network: int) -> tuple[Trainer, int]:
        """What trained a network, and the number that it had there."""
        block = self._block(network // BLOCK)
        return replace(self._trainer, seed=block.seed(self._search.seed)), network - block.first

    def _block(self, number: int) -> Block:
        first = number * BLOCK
        return Block(number, first, min(BLOCK, self._search.networks - first))

    def _missing(self) -> Iterator[Block]:
        """Blocks that the folder does not have; of those that it has, the best rows are taken."""
        for number in range(-(-self._search.networks // BLOCK)):
            block = self._block(number)
            table = self._folder.block(block.number)
            if table is None or len(table) < block.networks:
                yield block
            else:
                self._take(_best_of(table, self._worst))

    def _take(self, outcome: BlockOutcome) -> None:
        self._networks += outcome.networks
        self._diverged += outcome.diverged
        if outcome.rows:
            self._best_score = max(self._best_score, outcome.rows[0]["validation_score"])
        for row, losses in zip(outcome.rows, outcome.losses, strict=True):
            self.rows[row["network"]], self.losses[row["network"]] = row, np.asarray(losses)
        if len(self.rows) > 2 * KEPT:
            self._cut()

    def _cut(self) -> None:
        """Keep the best rows; from now on, others must be as good as the last of them."""
        best = sorted(self.rows.values(), key=rank)[:KEPT]
        self.rows = {row["network"]: row for row in best}
        self.losses = {number: self.losses[number] for number in self.rows}
        if len(best) == KEPT:
            self._worst = best[-1]["validation_score"]

    def tell(self, block: SweepProgress | None = None) -> None:
        """Show how far all is, with the block that this process trains."""
        if self._show is None:
            return
        of_network = self._search.epochs * len(self._trainer.data.folds.train.X)
        done = SweepProgress(
            done=self._networks * of_network,
            total=self._search.networks * of_network,
            seconds=time.perf_counter() - self._start,
            rate=0.0,
            architecture=f"networks in blocks of {BLOCK}",
            networks=self._networks,
            best=self._best_score,
            diverged=self._diverged,
            metric=self._trainer.data.metric.name,
        )
        updates = self.totals.sample_updates
        if block is not None:
            updates += round(block.rate * block.seconds)
            done = replace(
                done,
                done=done.done + block.done,
                architecture=block.architecture,
                networks=done.networks + block.networks,
                best=max(done.best, block.best),
                diverged=done.diverged + block.diverged,
            )
        self._show(replace(done, rate=updates / done.seconds))


class OwnThreads:
    """Trains blocks by the threads of this process, one block after the other.

    Parameters
    ----------
    trainer, search, memory, interrupted, watch : as for :func:`train_block`
    folder : where tables are written
    """

    concurrency = 1

    def __init__(
        self,
        trainer: Trainer,
        search: Search,
        folder: Path,
        memory: int,
        interrupted: Sequence,
        watch: Callable[[SweepProgress], None],
    ) -> None:
        self._train = partial(train_block, trainer, search, folder, memory, interrupted, watch)
        self._interrupted, self._has_result = interrupted, False
        self._waiting: list[tuple[Block, float]] = []

    def submit(self, block: Block, worst: float) -> None:
        self._waiting.append((block, worst))

    def next(self) -> tuple[Block, BlockOutcome | None]:
        block, worst = self._waiting.pop(0)
        if self._interrupted and self._has_result:
            return block, None
        self._has_result = True
        return block, self._train(block, worst)

    def close(self) -> None:
        self._waiting.clear()


def train_block(
    trainer: Trainer,
    search: Search,
    folder: Path | None,
    memory: int,
    interrupted: Sequence,
    watch: Callable[[SweepProgress], None] | None,
    block: Block,
    worst: float,
) -> BlockOutcome:
    """Train a block, and write its table.

    Parameters
    ----------
    trainer, search : of the whole sweep
    folder : of the sweep's blocks; None where it is not to be seen from here
    memory : bytes that all networks in training may take
    interrupted : what is not empty any more after Ctrl-C
    watch : given a SweepProgress of the block; None for nobody
    worst : rows with a lower score are not given back
    """
    seed = block.seed(search.seed)
    own = replace(trainer, seed=seed)
    study = Study(search.space, search.sampler, seed)
    rounds = Rounds(own, study, search._replace(networks=block.networks, seed=seed), None, watch)
    with closing(ThreadWorkers(own, interrupted, memory, rounds.watch)) as workers:
        rounds.run(workers, interrupted)
    numbers = sorted(rounds.rows)  # they ended in any order
    rows = [rounds.rows[number] | {"network": number + block.first} for number in numbers]
    losses = [rounds.losses[number].tolist() for number in numbers]
    table = [row | {"losses": own} for row, own in zip(rows, losses, strict=True)]
    outcome = _best_of(table, worst)._replace(updates=rounds.totals.sample_updates)
    if rounds.interrupted:
        return outcome
    written = io.BytesIO()
    _polars().DataFrame(table, infer_schema_length=None).write_parquet(written)
    if folder is None:
        return outcome._replace(table=written.getvalue())
    write_block(folder, block.number, written.getvalue())
    return outcome


def _best_of(table: Sequence[Row], worst: float) -> BlockOutcome:
    """The best rows of a block's table, and its sums."""
    able = [row for row in table if row["validation_score"] >= worst]
    best = [dict(row) for row in sorted(able, key=rank)[:KEPT_OF_BLOCK]]
    losses = [np.array(row.pop("losses")) for row in best]
    diverged = sum(row["diverged"] for row in table)
    return BlockOutcome(best, losses, len(table), diverged, 0, None)

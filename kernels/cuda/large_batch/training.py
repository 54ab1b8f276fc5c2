"""A training of the large batch: its memory and its graphs, which last for all its calls.

Kernels look up on the GPU which networks and which batch it is, so one recording serves all calls.
Between epochs the host starts kernels too; it never waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from ...math import N_COEFFICIENTS, N_POWERS
from ...task import distinct
from .. import device
from ..arguments import Optimizing, handed, lasting
from ..resident import OnGpu
from . import batches, epochs, update
from .batches import CHUNK, Folds, InOrder
from .grids import NORM_BLOCKS, THREADS, over_elements, over_rows, over_sums
from .layers import Layers
from .layout import BATCH, Epoch, Step

# In a graph: recording costs Python 2 ms a step in every fit, replaying next to nothing. On an H100
# 64 networks of 784-256-128-10 took 192 ms with graphs of up to 128 steps, and 134 with 4.
MOST_STEPS = 4
NO_BATCH = 1 << 30  # past the end of any fold


def most_rows(task: OnGpu) -> int:
    """Rows of the longest batch: of a step, or of validation samples."""
    scored = 0 if task.validation is None else len(task.validation.inputs)
    return max(rows_of_a_step(task), min(CHUNK, scored))


def rows_of_a_step(task: OnGpu) -> int:
    """Rows of the longest batch of a step."""
    return min(task.batch_size, _longest(task))


def _longest(task: OnGpu) -> int:
    """Rows of the longest fold."""
    return max(stop - start for start, stop in pairwise(task.bounds))


class Training:
    """Epochs of up to so many networks: graphs of an epoch's steps, and of validation."""

    def __init__(self, task: OnGpu, slots: int) -> None:
        xp, folds = device.array_module(), len(task.bounds) - 1
        self.rows = rows_of_a_step(task)
        # without what is kept there: that is this training, and a circle would outlive the fit
        self.task = replace(task, kept={})
        self.batches = -(-_longest(task) // task.batch_size)
        width, parameters = task.samples.targets.shape[1], task.state.parameters
        self.layers = Layers(task.network, parameters, slots, most_rows(task), folds, width)
        self.validation = None if task.validation is None else InOrder(self.layers, task.validation)
        # arrays that the host writes to; kernels are handed them as parts of what follows
        self._order = xp.zeros(task.order.shape[1], np.int32)
        self._late, self._clock = xp.full(slots, -1, np.int64), xp.zeros(2, np.int64)
        self.args = lasting(task)
        self.folds = Folds(
            order=handed(self._order),
            start=handed(task.fold_start),
            of_network=handed(distinct(task.fold)),
            totals=_zeros(folds, self.batches),
            batch_size=task.batch_size,
        )
        self.step, self.epoch = _room_for_a_step(slots), _room_for_an_epoch(self._clock, self._late)
        self.gradient = self.layers.room_for_gradients(self.rows)
        self.is_weight = device.kernel_array(device.to_device(task.network.is_weight))
        self._rehearse()
        self.graphs = self._record_epoch()
        self.score: Any = device.record(self._score) if self.validation else None

    def run(self, task: OnGpu, networks: Any) -> None:
        """Train some networks for a call's epochs; what it comes to is in the task's state."""
        self.layers.take(networks)
        self._late[...] = -1
        rates = handed(distinct(task.optimizer.rates))
        optimizing = self.args.optimizing._replace(rates=rates)
        for e in range(task.epochs):
            if e == 0 or len(task.order) > 1:
                self._set_order(task.order[e])
            self._run_epoch(task, e, optimizing)
        if not task.record.all():
            self._find_scores(late=True)

    def _run_epoch(self, task: OnGpu, e: int, optimizing: Optimizing) -> None:
        """One epoch, and what is kept of it."""
        slots, number = self.layers.nets.slots, task.first_epoch + e
        scored = bool(task.record[e])
        over_elements(
            epochs.begin_epoch, self.layers.slots, *(number, slots, optimizing, self.epoch)
        )
        for graph in self.graphs:
            graph.launch()
        if scored:
            self._find_scores(late=False)
        over_elements(
            epochs.end_epoch,
            self.layers.slots,
            *(slots, number, int(task.column[e]), scored, self.score is not None),
            *(self.args.stopping, self.epoch),
        )
        if task.state.best_parameters.size:
            self._keep_best(number)

    def _keep_best(self, number: int) -> None:
        """Copy the parameters of those whose best epoch it is."""
        size = self.task.network.n_parameters
        over_elements(
            epochs.keep_best,
            size,
            *(self.layers.nets.slots, size, number, self.args.stopping, self.args.memory),
            slots=self.layers.slots,
        )

    def _set_order(self, order: Any) -> None:
        """Set the samples' order of the next epochs, and the weights of its batches."""
        self._order[...] = order
        folds, count = self.folds.totals.shape
        over_sums(batches.weigh_batches, count, *(self.folds, self.args.samples), across=folds)

    def _find_scores(self, late: bool) -> None:
        """Validate networks that run, or those that stopped at an epoch without validation."""
        if self.validation is None:
            return
        slots, stopping = self.layers.nets.slots, self.args.stopping
        arguments = slots, stopping, late, self.validation.chosen, self.epoch
        over_elements(epochs.choose, self.layers.slots, *arguments)
        self.score.launch()
        if late:
            over_elements(epochs.score_late, self.layers.slots, *(slots, self.epoch, stopping))

    # --- graphs -----------------------------------------------------------------------------------

    def _rehearse(self) -> None:
        """Launch every kernel once, without networks: a graph's recording cannot compile any."""
        self._clock[BATCH] = NO_BATCH
        self._step()
        if self.validation:
            self._score()

    def _record_epoch(self) -> list[Any]:
        """Graphs of an epoch's steps: a long epoch replays the same one several times."""

        def steps(count: int) -> Callable[[], None]:
            def work() -> None:
                for _ in range(count):
                    self._step()

            return work

        repeats, left = divmod(self.batches, MOST_STEPS)
        graphs = [device.record(steps(MOST_STEPS))] * repeats if repeats else []
        return [*graphs, device.record(steps(left))] if left else graphs

    def _score(self) -> None:
        """Losses of the chosen networks on the validation samples."""
        layers = self.layers
        for _, rows in self.validation or ():
            layers.forward(rows)
            layers.compute_loss(rows)
            scores = layers.nets.slots, layers.losses, self.epoch.scores
            over_sums(batches.add_losses, layers.slots, *scores)

    def _step(self) -> None:
        """One step of every network that is running and whose fold has this batch."""
        layers, args = self.layers, self.args
        over_rows(
            batches.gather,
            self.rows,
            *(self.folds, self.epoch, args.stopping, args.samples, layers.batch, layers.nets.slots),
            folds=layers.folds,
        )
        layers.forward(self.rows, args.dropout)
        layers.compute_loss(self.rows)
        layers.backward(self.rows, self.gradient)
        if args.optimizing.penalties.shape[1]:
            self._penalise()
        self._update()

    def _penalise(self) -> None:
        args, layers, size = self.args, self.layers, self.task.network.n_parameters
        over_sums(
            update.penalise,
            NORM_BLOCKS,
            *(layers.nets.slots, size, self.task.summed, args.memory, args.optimizing),
            *(self.is_weight, self.gradient, self.step),
            across=layers.slots,
        )

    def _update(self) -> None:
        args, layers, rule = self.args, self.layers, self.task.optimizer.rule
        size, slots = self.task.network.n_parameters, layers.nets.slots
        over_sums(
            update.prepare_kernel(rule),
            layers.slots,
            *(slots, layers.losses, args.optimizing, args.memory, self.epoch, self.step),
        )
        over_elements(
            update.update_kernel(rule, layers.dtype),
            size,
            *(slots, size, args.optimizing.penalties.shape[1] == 0, args.memory),
            *(self.gradient, self.step),
            slots=layers.slots,
        )
        over_elements(
            update.settle,
            min(size, THREADS * NORM_BLOCKS),
            *(slots, size, self.task.summed, args.memory, args.stopping),
            *(self.gradient, self.step, self.epoch),
            slots=layers.slots,
        )


# --- what kernels are handed ----------------------------------------------------------------------


def _zeros(*shape: int) -> Any:
    return handed(device.array_module().zeros(shape))


def _room_for_a_step(slots: int) -> Step:
    xp = device.array_module()
    return Step(
        phase=handed(xp.zeros(slots, np.int8)),
        broken=handed(xp.zeros(slots, np.int8)),
        norms=_zeros(slots, NORM_BLOCKS, 2),
        loss=_zeros(slots),
        penalty=_zeros(slots),
        factor=_zeros(slots),
        powers=_zeros(slots, N_POWERS),
        coefficients=_zeros(slots, N_COEFFICIENTS),
    )


def _room_for_an_epoch(clock: Any, late: Any) -> Epoch:
    slots = len(late)
    return Epoch(handed(clock), _zeros(slots), _zeros(slots, 3), _zeros(slots), handed(late))

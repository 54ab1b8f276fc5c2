"""Trainings of the large batch: their memory, and their graphs, which live as long as they.

Kernels find out on the GPU which networks, which batch and which order of the samples it is, so
one recording serves all calls. Between epochs the host starts kernels too; it never waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from ...task import Network, distinct, layer_slices
from .. import device
from ..arguments import dropout, handed, hyperparameters, stopping
from ..resident import OnGpu
from . import batches, steps
from .batches import BATCH, CHUNK, InOrder
from .grids import NORM_BLOCKS, THREADS, for_each, over, over_rows
from .layers import Layers

MOST_STEPS = 128  # in a graph
NO_BATCH = 1 << 30  # further than any fold reaches


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
    """Epochs of so many networks at a time: the graphs of an epoch's steps and of scores."""

    def __init__(self, task: OnGpu, slots: int) -> None:
        xp, folds = device.array_module(), len(task.bounds) - 1
        self.rows = rows_of_a_step(task)
        # not what is kept there, which is this training: a circle would outlive the fit
        self.task = replace(task, kept={})
        self.batches = -(-_longest(task) // task.batch_size)
        width, parameters = task.samples.targets.shape[1], task.state.parameters
        self.layers = Layers(task.network, parameters, slots, most_rows(task), folds, width)
        self.order = xp.zeros(task.order.shape[1], np.int32)
        self.late = xp.full(slots, -1, np.int64)
        self.clock = xp.zeros(2, np.int64)
        self.validation = None if task.validation is None else InOrder(self.layers, task.validation)
        # what kernels are handed, under the names that they have there
        self.gradient = self.layers.room_for_gradients(self.rows)
        self.source, self.batch = batches.source(task.samples), batches.batch(self.layers)
        self.totals = _room(folds, self.batches)
        self.rate, self.scores, self.sums = _room(slots), _room(slots), _room(slots, 3)
        self.norms, self.step = _room(slots, NORM_BLOCKS, 2), _room_for_a_step(slots)
        self.state = {name: device.kernel_array(array) for name, array in vars(task.state).items()}
        self.fold, self.fold_start = _rows(task.fold), device.kernel_array(task.fold_start)
        self.penalties = _rows(task.optimizer.penalties)
        self.hyperparameters = device.kernel_array(hyperparameters(task.optimizer))
        self.is_weight = device.kernel_array(device.to_device(_is_weight(task.network)))
        self.dropout, self.stopping = dropout(task), stopping(task)
        self._rehearse()
        self.epoch = self._epoch()
        self.score: Any = device.record(self._score) if self.validation else None

    def run(self, task: OnGpu, networks: Any) -> None:
        """Train some networks for a call's epochs; what it comes to is in the task's state."""
        self.layers.take(networks)
        self.late[...] = -1
        rates = _rows(task.optimizer.rates)
        for e in range(task.epochs):
            number, scored = task.first_epoch + e, bool(task.record[e])
            if e == 0 or len(task.order) > 1:
                self._set_order(task.order[e])
            over(
                steps.begin_epoch,
                self.layers.slots,
                *(number, self.layers.slot, rates, device.kernel_array(self.clock)),
                *(self.rate, self.sums),
            )
            for graph in self.epoch:
                graph.launch()
            if scored:
                self._find_scores(late=False)
            over(
                steps.end_epoch,
                self.layers.slots,
                *(self.layers.slot, number, int(task.column[e]), scored, self.score is not None),
                *(self.stopping, self.sums, self.scores, device.kernel_array(self.late)),
            )
            if self.state["best_parameters"].size:
                self._keep_best(number)
        if not task.record.all():
            self._find_scores(late=True)

    def _keep_best(self, epoch: int) -> None:
        """Copy the parameters of those whose best epoch it is."""
        size, state = self.task.network.n_parameters, self.state
        over(
            steps.keep_best,
            size,
            *(self.layers.slot, size, epoch, state["best_epoch"]),
            *(state["parameters"], state["best_parameters"]),
            slots=self.layers.slots,
        )

    def _set_order(self, order: Any) -> None:
        """The samples' order in the next epochs, and what batches then weigh."""
        self.order[...] = order
        folds, count = self.totals.shape
        for_each(
            batches.weigh_batches,
            count,
            *(device.kernel_array(self.order), self.fold_start, self.task.batch_size),
            *(self.source.weights, self.totals),
            across=folds,
        )

    def _find_scores(self, late: bool) -> None:
        """Scores of those that run, or of those that stopped when none were found."""
        if self.validation is None:
            return
        slots, columns = self.layers.slots, device.kernel_array(self.late)
        chosen = self.validation.chosen
        status = self.state["status"]
        over(steps.choose, slots, self.layers.slot, status, columns, late, chosen, self.scores)
        self.score.launch()
        if late:
            losses = self.state["validation_loss"]
            over(steps.score_late, slots, self.layers.slot, columns, self.scores, losses)

    # --- graphs -----------------------------------------------------------------------------------

    def _rehearse(self) -> None:
        """Every kernel once, for nobody: graphs cannot wait for compilers."""
        self.clock[BATCH] = NO_BATCH
        self._step()
        if self.validation:
            self._score()

    def _epoch(self) -> list[Any]:
        """An epoch's steps; those of a long one in parts, of which most are the same."""

        def steps(count: int) -> Callable[[], None]:
            def work() -> None:
                for _ in range(count):
                    self._step()

            return work

        repeats, left = divmod(self.batches, MOST_STEPS)
        graphs = [device.record(steps(MOST_STEPS))] * repeats if repeats else []
        return [*graphs, device.record(steps(left))] if left else graphs

    def _score(self) -> None:
        """The chosen networks' losses on the validation samples."""
        layers = self.layers
        for _, rows in self.validation or ():
            layers.forward(rows)
            layers.compute_loss(rows)
            for_each(batches.add_losses, layers.slots, layers.slot, layers.losses, self.scores)

    def _step(self) -> None:
        """One step of every network that is running and whose fold has this batch."""
        layers = self.layers
        over_rows(
            batches.gather,
            self.rows,
            *(device.kernel_array(self.order), self.fold_start, self.fold, self.totals),
            *(self.task.batch_size, device.kernel_array(self.clock), self.state["status"]),
            *(self.source, self.batch, layers.slot),
            folds=layers.folds,
        )
        layers.forward(self.rows, self.dropout)
        layers.compute_loss(self.rows)
        layers.backward(self.rows, self.gradient)
        if self.penalties.shape[1]:
            self._penalise()
        self._update()

    def _penalise(self) -> None:
        layers, size = self.layers, self.task.network.n_parameters
        for_each(
            steps.penalise,
            NORM_BLOCKS,
            *(layers.slot, size, self.task.summed, self.state["parameters"]),
            *(self.penalties, self.is_weight, self.gradient, self.norms),
            across=layers.slots,
        )

    def _update(self) -> None:
        layers, state, rule = self.layers, self.state, self.task.optimizer.rule
        size, parameters = self.task.network.n_parameters, state["parameters"]
        for_each(
            steps.prepare(rule),
            layers.slots,
            *(layers.slot, layers.losses, self.norms, self.rate, self.hyperparameters),
            *(self.penalties, state["powers"], self.step),
        )
        over(
            steps.update(rule, layers.dtype),
            size,
            *(layers.slot, size, self.penalties.shape[1] == 0, parameters),
            *(state["moments"], self.gradient, self.step),
            slots=layers.slots,
        )
        over(
            steps.settle,
            min(size, THREADS * NORM_BLOCKS),
            *(layers.slot, size, self.task.summed, parameters, state["status"], state["powers"]),
            *(self.gradient, self.step, self.sums, device.kernel_array(self.clock)),
            slots=layers.slots,
        )


# --- what kernels are handed ----------------------------------------------------------------------


def _room(*shape: int) -> Any:
    return device.kernel_array(device.array_module().zeros(shape))


def _rows(array: Any) -> Any:
    """An array with a row for each network, or its first where all are the same by design."""
    return device.kernel_array(device.array_module().ascontiguousarray(distinct(array)))


def _room_for_a_step(slots: int) -> steps.Step:
    xp = device.array_module()
    return steps.Step(
        *(handed(xp.zeros(slots, np.int8)) for _ in range(2)),
        *(handed(xp.zeros(slots)) for _ in range(3)),
        *(handed(xp.ones((slots, count))) for count in (2, 6)),
    )


def _is_weight(network: Network) -> np.ndarray:
    """Which parameters are weights and not biases."""
    result = np.ones(network.n_parameters, bool)
    if network.bias:
        for part, width in zip(layer_slices(network.layers, True), network.layers[1:], strict=True):
            result[part.stop - width : part.stop] = False
    return result

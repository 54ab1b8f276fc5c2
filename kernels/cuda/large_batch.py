"""Large batch: layers' products by cuBLAS, and kernels for all networks between them.

All steps of an epoch are recorded once, as a CUDA graph, and replayed in every epoch: kernels find
out on the GPU which batch it is. Biases are the weights of an input that is always 1.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..math import LOSSES
from ..task import Network, Samples, Task, layer_slices
from . import device, elementwise
from .device import kernel_array, to_host
from .elementwise import BATCH, for_each, over, over_rows
from .product import Product, multiply

MOST_PRODUCTS = 1 << 14  # in a graph
MEMORY_SHARE = 0.25  # of the GPU's, for what lies between layers
CHUNK = 1 << 14  # rows at a time where no step is taken
NO_BATCH = 1 << 30  # further than any fold reaches

Work = Callable[[], None]

_of_thread = threading.local()  # threads must not share what they record


def refusal(network: Network, rule: str, dtype: str, limits: device.Properties) -> str:
    """Nothing: it takes any architecture."""
    return ""


def train(task: Task, networks: Any) -> None:
    """Train some networks, as many at a time as memory allows."""
    rows = task.batch_size
    if task.validation is not None:
        rows = max(rows, min(CHUNK, len(task.validation.inputs)))
    with _stream_for_graphs():
        for part in _parts(networks, task.network, rows, task.state.parameters.dtype):
            Training(task, part, rows).run()


def gradients(network: Network, parameters: Any, samples: Samples) -> tuple[Any, Any]:
    """Losses (n,) and gradients (n, P) of n networks on the same samples."""
    xp = device.array_module()
    losses, results = xp.empty(len(parameters)), xp.zeros_like(parameters)
    rows = min(CHUNK, len(samples.inputs))
    for part in _parts(xp.arange(len(parameters)), network, rows, parameters.dtype):
        layers = Layers(network, parameters, part, rows)
        gradient = xp.empty((len(part), network.n_parameters), parameters.dtype)
        loss = xp.zeros(len(part))
        for batch in InOrder(layers, samples, rows):
            layers.forward(batch)
            layers.lose(batch, loss, keep=True)
            layers.backward(batch, gradient)
            with np.errstate(all="ignore"):  # in the simulator
                results[part] += gradient
        losses[part] = loss
    return losses, results


def predict(network: Network, parameters: Any, inputs: Any) -> Any:
    """Predictions (n, samples, outputs) of n networks for the same inputs."""
    xp, dtype = device.array_module(), parameters.dtype
    results = xp.empty((len(parameters), len(inputs), network.layers[-1]), dtype)
    nothing = xp.zeros((len(inputs), 1), dtype)
    rows = min(CHUNK, len(inputs))
    link = elementwise.link(network.loss, dtype.name)
    for part in _parts(xp.arange(len(parameters)), network, rows, dtype):
        layers = Layers(network, parameters, part, rows)
        start = 0
        for batch in InOrder(layers, Samples(inputs, nothing, nothing[:, 0]), rows):
            z = layers.forward(batch)
            if link:
                over(link, z.shape[0] * z.shape[1], kernel_array(z))
            results[part, start : start + batch.rows] = z
            start += batch.rows
    return results


def _parts(networks: Any, network: Network, rows: int, dtype: np.dtype) -> Iterator[Any]:
    """Networks, as many at a time as memory allows; bits do not depend on it."""
    hidden, outputs = network.layers[1:-1], network.layers[-1]
    numbers = rows * (sum(3 * width + 1 for width in hidden) + outputs + 2) + network.n_parameters
    memory = MEMORY_SHARE * device.properties().memory
    most = max(1, int(memory / (numbers * dtype.itemsize)))
    for start in range(0, len(networks), most):
        yield networks[start : start + most]


# --- layers ---------------------------------------------------------------------------------------


@dataclass
class Batch:
    """Rows of samples, for some folds.

    Attributes
    ----------
    x, t, w : (folds, rows, inputs and 1), (folds, rows, targets), (folds, rows)
    total : (folds,) float64, sum of the weights that the rows' share in the loss is held against
    fold, folds : (n,), the fold that each network takes, on the GPU and the host
    """

    x: Any
    t: Any
    w: Any
    total: Any
    fold: Any
    folds: list[int]

    @classmethod
    def of(cls, network: Network, samples: Samples, rows: int, count: int, fold: Any) -> Batch:
        """Room for a batch of samples in ``count`` folds."""
        xp, dtype = device.array_module(), samples.inputs.dtype
        return cls(
            x=xp.ones((count, rows, network.layers[0] + network.bias), dtype),
            t=xp.empty((count, rows, samples.targets.shape[1]), dtype),
            w=xp.empty((count, rows), dtype),
            total=xp.empty(count),
            fold=fold,
            folds=to_host(fold).tolist(),
        )

    @property
    def rows(self) -> int:
        return self.w.shape[1]

    def arrays(self) -> tuple:
        """As kernels take it."""
        return kernel_array(self.x), kernel_array(self.t), kernel_array(self.w)


class Layers:
    """Some networks of a population, and room for what lies between their layers.

    Parameters
    ----------
    network : the architecture
    parameters : (all, P)
    places : the networks' rows of the parameters
    most_rows : the largest batch
    """

    def __init__(self, network: Network, parameters: Any, places: Any, most_rows: int) -> None:
        self.network, self.parameters, self.count = network, parameters, len(places)
        self.places = to_host(places).tolist()
        self.dtype = parameters.dtype
        xp = device.array_module()
        hidden = network.layers[1:-1]

        def room(width: int) -> Any:
            return xp.ones(self.count * most_rows * width, self.dtype)

        self._values = [room(width + network.bias) for width in hidden]
        self._slopes = [room(width) for width in network.layers[1:]]  # at first: before activation
        self._deltas = [room(width) for width in hidden]
        self._losses = xp.empty(self.count * most_rows)
        self._no_dropout = tuple(
            kernel_array(xp.zeros(shape, dtype))
            for shape, dtype in (((1, 0), float), (1, np.uint64), (1, np.int64))
        )

    def _view(self, memory: Any, rows: int) -> Any:
        """(networks, rows, width)."""
        width = memory.size // self.count // (self._losses.size // self.count)
        return memory[: self.count * rows * width].reshape(self.count, rows, width)

    def _matrices(self, values: Any, places: list[int]) -> list[list[Any]]:
        """Of each layer, each network's matrix in its row of values."""
        layers = zip(
            layer_slices(self.network.layers, self.network.bias),
            pairwise(self.network.layers),
            strict=True,
        )
        return [
            [values[i, part].reshape(d_in + self.network.bias, d_out) for i in places]
            for part, (d_in, d_out) in layers
        ]

    def _inputs(self, batch: Batch) -> list[list[Any]]:
        """Of each layer, what each network multiplies with its weights."""
        first = [batch.x[fold] for fold in batch.folds]
        return [first, *(list(self._view(values, batch.rows)) for values in self._values)]

    def forward(self, batch: Batch, dropout: tuple | None = None) -> Any:
        """All layers' values, and the slopes of their activations; returns the last values."""
        inputs, rows = self._inputs(batch), batch.rows
        for layer, matrices in enumerate(self._matrices(self.parameters, self.places)):
            z = self._view(self._slopes[layer], rows)
            multiply(map(Product, inputs[layer], matrices, z))
            if layer < len(self._values):
                values = self._view(self._values[layer], rows)
                over_rows(
                    elementwise.activate(self.network.activations[layer], self.dtype.name),
                    self.count * rows,
                    kernel_array(z.reshape(-1, z.shape[2])),
                    kernel_array(values.reshape(-1, values.shape[2])),
                    rows,
                    layer,
                    *(dropout or self._no_dropout),
                )
        return z

    def lose(self, batch: Batch, results: Any, keep: bool = False) -> None:
        """Losses (n,) in float64, added to the results if ``keep``; last values become slopes."""
        network, rows = self.network, batch.rows
        average = LOSSES[network.loss].average
        losses = kernel_array(self._losses[: self.count * rows].reshape(self.count, rows))
        over(
            elementwise.lose(network.loss, self.dtype.name),
            self.count * rows,
            kernel_array(self._view(self._slopes[-1], rows)),
            kernel_array(batch.fold),
            batch.arrays(),
            kernel_array(batch.total),
            network.loss_parameter,
            1.0 / network.layers[-1] if average else 1.0,
            losses,
        )
        for_each(elementwise.add_rows, self.count, losses, kernel_array(results), keep)

    def backward(self, batch: Batch, gradient: Any) -> None:
        """Gradients (n, P) from the slopes that :meth:`lose` left."""
        inputs, rows = self._inputs(batch), batch.rows
        weights = self._matrices(self.parameters, self.places)
        results = self._matrices(gradient, list(range(self.count)))
        delta = self._view(self._slopes[-1], rows)
        for layer in reversed(range(len(weights))):
            products = [
                Product(x.T, d, g)
                for x, d, g in zip(inputs[layer], delta, results[layer], strict=True)
            ]
            if layer > 0:
                before = self._view(self._deltas[layer - 1], rows)
                width = before.shape[2]
                products += [
                    Product(d, w[:width].T, b)
                    for d, w, b in zip(delta, weights[layer], before, strict=True)
                ]
            multiply(products)
            if layer > 0:
                slopes = self._view(self._slopes[layer - 1], rows)
                arrays = kernel_array(before.reshape(-1)), kernel_array(slopes.reshape(-1))
                over(elementwise.multiply, before.size, *arrays)
                delta = before


class InOrder:
    """All samples for all networks, in chunks: iterating gathers one after the other."""

    def __init__(self, layers: Layers, samples: Samples, rows: int) -> None:
        xp = device.array_module()
        self._samples, count = samples, len(samples.inputs)
        fold, total = xp.zeros(layers.count, np.int64), xp.empty(1)
        for_each(
            elementwise.add_rows, 1, kernel_array(samples.weights[None]), kernel_array(total), False
        )
        rows = min(rows, count)
        sizes = {min(rows, count - start) for start in range(0, count, rows)}
        batches = {size: Batch.of(layers.network, samples, size, 1, fold) for size in sizes}
        for batch in batches.values():
            batch.total = total
        self._chunks = [
            (start, batches[min(rows, count - start)]) for start in range(0, count, rows)
        ]

    def __iter__(self) -> Iterator[Batch]:
        samples = _arrays(self._samples)
        for start, batch in self._chunks:
            over_rows(elementwise.gather_in_order, batch.rows, start, samples, batch.arrays())
            yield batch


def _arrays(samples: Samples) -> tuple:
    return tuple(kernel_array(array) for array in vars(samples).values())


# --- training -------------------------------------------------------------------------------------


class Training:
    """Epochs of a task for some of its networks."""

    def __init__(self, task: Task, networks: Any, most_rows: int) -> None:
        xp = device.array_module()
        self.task, self.networks, n = task, networks, len(networks)
        self.layers = Layers(task.network, task.state.parameters, networks, most_rows)
        fold, count = xp.ascontiguousarray(task.fold[networks]), len(task.fold_start) - 1
        longest = int(np.diff(to_host(task.fold_start)).max())
        self.full_steps, rest = divmod(longest, task.batch_size)
        self.full, self.rest = (
            Batch.of(task.network, task.samples, rows, count, fold) if rows else None
            for rows in (task.batch_size if self.full_steps else 0, rest)
        )
        self.validation = (
            None if task.validation is None else InOrder(self.layers, task.validation, most_rows)
        )

        def own(array: Any) -> Any:
            return kernel_array(xp.ascontiguousarray(array[networks]))

        optimizer = task.optimizer
        self.gradient = xp.empty((n, task.network.n_parameters), self.layers.dtype)
        self.loss, self.scores = xp.empty(n), xp.empty(n)
        hyper = xp.zeros((n, 5))
        hyper[:, : optimizer.hyperparameters.shape[1]] = optimizer.hyperparameters[networks]
        self.clock, self.late = xp.zeros(2, np.int64), xp.full(n, -1, np.int64)
        # what kernels are handed, under the names that they have there
        self.fold, self.places = kernel_array(fold), kernel_array(networks)
        self.rates, self.hyper = own(optimizer.rates), kernel_array(hyper)
        self.penalties, self.tol = own(optimizer.penalties), own(task.tol)
        self.patience, self.dropout, self.keys = (
            own(task.patience),
            own(task.dropout),
            own(task.keys),
        )
        self.steps, self.counts = (kernel_array(xp.zeros(n, np.int64)) for _ in range(2))
        self.active, self.phase = (kernel_array(xp.zeros(n, np.int8)) for _ in range(2))
        self.new_powers, self.coefficients = (kernel_array(xp.ones((n, m))) for m in (2, 6))
        self.factor, self.share = (kernel_array(xp.ones(n)) for _ in range(2))
        self.penalty, self.sums = kernel_array(xp.zeros(n)), kernel_array(xp.zeros((n, 3)))
        self.is_weight = kernel_array(xp.asarray(_is_weight(task.network)))
        self.state = {name: kernel_array(array) for name, array in vars(task.state).items()}

    def run(self) -> None:
        """Train; what it comes to is written into the task's state."""
        self._rehearse()
        task, epoch = self.task, self._epoch()
        score = None if self.validation is None else _recorded(self._score)
        recorded, columns = to_host(task.record), to_host(task.column)
        for e in range(task.epochs):
            for steps in epoch:
                steps()
            if score and recorded[e]:
                score()
            self._end_epoch(task.first_epoch + e, int(columns[e]), bool(recorded[e]))
        if score and (to_host(self.late) >= 0).any():
            score()
            losses = self.state["validation_loss"]
            late, scores = kernel_array(self.late), kernel_array(self.scores)
            over(elementwise.score_late, len(self.networks), self.places, late, scores, losses)

    def _rehearse(self) -> None:
        """Every kernel once, for a batch that no fold has: graphs cannot wait for compilers."""
        self.clock[BATCH] = NO_BATCH
        for batch in filter(None, (self.full, self.rest)):
            self._step(batch)
        if self.validation is not None:
            self._score()
        self.clock[:] = 0

    def _epoch(self) -> list[Work]:
        """An epoch's steps; those of a long one are recorded in parts."""
        most = max(1, MOST_PRODUCTS // (3 * len(self.networks) * len(self.task.network.layers)))
        repeats, left = divmod(self.full_steps, most)

        def many() -> None:
            for _ in range(most):
                self._step(self.full)

        def last() -> None:
            for _ in range(left):
                self._step(self.full)
            if self.rest:
                self._step(self.rest)

        works = [_recorded(many)] * repeats if repeats else []
        return [*works, _recorded(last)] if left or self.rest else works

    def _step(self, batch: Batch | None) -> None:
        """One step of every network that is running and whose fold has this batch."""
        assert batch is not None
        self._gather(batch)
        dropout = self.dropout, self.keys, self.steps
        self.layers.forward(batch, dropout)
        self.layers.lose(batch, self.loss)
        self.layers.backward(batch, self.gradient)
        self._update(batch)

    def _gather(self, batch: Batch) -> None:
        task, clock = self.task, kernel_array(self.clock)
        order, start = kernel_array(task.order), kernel_array(task.fold_start)
        rows, size = batch.w.size, task.batch_size
        samples = _arrays(task.samples)
        over_rows(elementwise.gather, rows, order, start, clock, size, samples, batch.arrays())
        weights, total = kernel_array(batch.w), kernel_array(batch.total)
        for_each(elementwise.add_rows, len(batch.w), weights, total, False)
        n, first = len(self.networks), task.first_epoch
        over(
            elementwise.begin,
            n,
            *(start, self.fold, first, size, clock, self.active, self.steps, self.counts),
        )

    def _update(self, batch: Batch) -> None:
        n, size = self.gradient.shape
        state, places, rule = self.state, self.places, self.task.optimizer.rule
        gradient, clock = kernel_array(self.gradient), kernel_array(self.clock)
        loss, total = kernel_array(self.loss), kernel_array(batch.total)
        parameters = state["parameters"]
        if self.penalties.shape[1]:
            if self.task.summed:
                for_each(
                    elementwise.weigh_penalties,
                    n,
                    *(places, self.fold, parameters, self.penalties, self.is_weight),
                    *(total, self.penalty, self.share),
                )
            over(
                elementwise.penalise,
                size,
                *(places, parameters, gradient, self.penalties, self.is_weight, self.share),
                rows=n,
            )
            for_each(elementwise.clip, n, gradient, self.penalties, self.factor)
        over(
            elementwise.prepare(rule),
            n,
            *(places, state["status"], self.active, loss, clock, self.rates, self.hyper),
            *(state["powers"], self.new_powers, self.coefficients, self.phase),
        )
        for writes in (False, True):
            over(
                elementwise.update(rule, self.layers.dtype.name),
                size,
                *(places, parameters, state["moments"], gradient, self.factor),
                *(self.coefficients, self.phase, writes),
                rows=n,
            )
        over(
            elementwise.settle,
            n,
            *(places, self.fold, state["status"], self.phase, loss, self.penalty, total),
            *(self.counts, self.task.summed, state["powers"], self.new_powers, self.sums),
        )
        over(elementwise.tick, 1, clock, 0)

    def _score(self) -> None:
        """The networks' losses on the validation samples."""
        assert self.validation is not None
        self.scores.fill(0.0)
        for batch in self.validation:
            self.layers.forward(batch)
            self.layers.lose(batch, self.scores, keep=True)

    def _end_epoch(self, epoch: int, column: int, scored: bool) -> None:
        names = "status", "epochs_run", "best", "best_epoch", "loss", "validation_loss", "penalty"
        state = tuple(self.state[name] for name in names)
        over(
            elementwise.end_epoch,
            len(self.networks),
            *(self.places, epoch, column, scored, self.validation is not None),
            *(self.tol, self.patience, self.sums, kernel_array(self.scores), state),
            kernel_array(self.late),
        )
        over(elementwise.tick, 1, kernel_array(self.clock), 1)


def _is_weight(network: Network) -> np.ndarray:
    """Which parameters are weights and not biases."""
    result = np.ones(network.n_parameters, bool)
    if network.bias:
        for part, width in zip(layer_slices(network.layers, True), network.layers[1:], strict=True):
            result[part.stop - width : part.stop] = False
    return result


def _recorded(work: Work) -> Work:
    """The same work, to be done again and again: as a CUDA graph, or itself in the simulator."""
    if device.simulated():
        return work
    stream = device.array_module().cuda.get_current_stream()
    stream.begin_capture()
    work()
    return stream.end_capture().launch


@contextmanager
def _stream_for_graphs() -> Iterator[None]:
    """CuPy's default stream cannot be recorded: another one, in its order."""
    if device.simulated():
        yield
        return
    cuda = device.array_module().cuda
    number = cuda.runtime.getDevice()
    # one and the same for each GPU: what is freed in a stream is memory for that stream
    stream = vars(_of_thread).setdefault(number, cuda.Stream(non_blocking=True))
    before = cuda.get_current_stream()
    stream.wait_event(before.record())
    with stream:
        yield
    before.wait_event(stream.record())

"""PyTorch: batched products, with the backward pass by hand, which autograd did not beat."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.cpu import thread_count
from ..measure import Run, UnavailableError
from ..workloads import Workload
from .start import BETA1, BETA2, LOG1, LOG2, initial_arrays, needed

STEPS_OF_ONE_SAMPLE = 10  # in a compiled call: shorter ones mostly move weights about
STEPS_IN_A_GRAPH = 16


def build(workload: Workload, compiled: bool) -> Run:
    """Steps called from Python, compiled or not."""
    torch = needed("torch", "torch")
    torch.set_num_threads(thread_count())
    several = STEPS_OF_ONE_SAMPLE if compiled and workload.samples == 1 else 1
    step = _steps(torch, workload, several)
    if compiled:
        if not shutil.which(os.environ.get("CXX", "g++")):
            raise UnavailableError("torch.compile needs a C++ compiler")
        # a code of its own: compiled steps are told apart by it, those of other shapes stay
        step.__code__ = step.__code__.replace()
        step = torch.compile(step, dynamic=False)
    network = _Network(torch, workload, "cpu")
    data, steps = _Data(torch, workload, "cpu"), workload.epochs * workload.steps
    X, y, rows = data.X, data.y, data.rows

    def train() -> np.ndarray:
        losses = []
        for k in range(0, steps, several):
            x, target = (X, y) if rows is None else (X[rows[..., k, :]], y[rows[..., k, :]])
            losses.append(step(*network.all(), x.expand(workload.networks, -1, -1), target))
        return torch.stack(losses[-workload.steps :]).mean(0).numpy()

    return Run(torch.no_grad()(train), network.reset)


def build_with_graphs(workload: Workload) -> Run:
    """Compiled steps on a GPU, some of them replayed as a CUDA graph that finds its rows there."""
    torch = needed("torch", "torch")
    if not torch.cuda.is_available():
        raise UnavailableError("PyTorch finds no GPU")
    step = torch.compile(_steps(torch, workload, 1), dynamic=False)
    network, data = _Network(torch, workload, "cuda"), _Data(torch, workload, "cuda")
    total = workload.epochs * workload.steps
    at = torch.zeros(1, dtype=torch.int64, device="cuda")
    losses = torch.zeros(total, workload.networks, device="cuda")

    def one() -> None:
        x, target = data.of(at)
        loss = step(*network.all(), x.expand(workload.networks, -1, -1), target)
        losses.index_copy_(0, at, loss[None])
        at.add_(1)

    several = max(k for k in range(1, STEPS_IN_A_GRAPH + 1) if total % k == 0)
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()
    with torch.no_grad():
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):  # PyTorch wants steps before they are captured
            for _ in range(min(total, 3)):
                one()
        torch.cuda.current_stream().wait_stream(stream)
        with torch.cuda.graph(graph):
            for _ in range(several):
                one()

    def train() -> np.ndarray:
        for _ in range(total // several):
            graph.replay()
        return losses[-workload.steps :].mean(0).cpu().numpy()

    def reset() -> None:
        network.reset()
        at.zero_()
        torch.cuda.synchronize()

    def from_host() -> np.ndarray:
        data.place()
        network.place()
        trained = train()
        for parameter in network.parameters:
            parameter.cpu()
        return trained

    return Run(train, reset, from_host=from_host)


class _Data:
    """Inputs, targets and the rows of each step (None where it takes all), on a device.

    With folds each network has its own rows.
    """

    def __init__(self, torch: Any, workload: Workload, device: str) -> None:
        self._torch, batches = torch, workload.batches()
        self._classes = workload.layers[-1] if workload.loss == "cross_entropy" else 0
        self._host = [torch.from_numpy(array) for array in workload.data()]
        if batches is not None and workload.folds:
            batches = batches[workload.fold_of]
        self._rows = None if batches is None else torch.from_numpy(batches)
        self.X, self.y = (self._there(array, device) for array in self._host)
        self.rows = None if self._rows is None else self._rows.to(device)

    def _there(self, array: Any, device: str) -> Any:
        """A copy on the device, of classes one of a column for each."""
        array = array.to(device)
        if array.dtype != self._torch.int64:
            return array
        return self._torch.nn.functional.one_hot(array, self._classes).float()

    def place(self) -> None:
        """The same again, into the memory that is there."""
        for there, here in zip((self.X, self.y), self._host, strict=True):
            there.copy_(self._there(here, there.device.type))
        if self.rows is not None:
            self.rows.copy_(self._rows)

    def of(self, step: Any) -> tuple:
        """Samples of a step; its number is a tensor on the device."""
        if self.rows is None:
            return self.X, self.y
        chosen = self.rows.index_select(0, step)[0]
        return self.X[chosen], self.y[chosen]


class _Network:
    """Parameters, optimiser state and rates of all networks."""

    def __init__(self, torch: Any, workload: Workload, device: str) -> None:
        weights, biases, rates = initial_arrays(workload)
        arrays = *weights, *(b[:, None, :] for b in biases)
        self._host = [torch.from_numpy(array) for array in arrays]
        self._rates = torch.from_numpy(rates)[:, None, None]
        self.initial = [torch.tensor(array, device=device) for array in arrays]
        self.parameters = [p.clone() for p in self.initial]
        states = {"adam": 2, "sgd": 1}[workload.optimizer]
        self.state = [[torch.zeros_like(p) for _ in range(states)] for p in self.initial]
        self.rates = self._rates.to(device)
        self.t = torch.zeros((), device=device)

    def all(self) -> tuple:
        return self.parameters, self.state, self.rates, self.t

    def reset(self) -> None:
        """Back to the initial weights."""
        self._begin(self.initial)

    def place(self) -> None:
        """The same, from arrays on the host."""
        self._begin(self._host)
        self.rates.copy_(self._rates)

    def _begin(self, initial: list) -> None:
        for parameter, first in zip(self.parameters, initial, strict=True):
            parameter.copy_(first)
        for tensor in (self.t, *(s for states in self.state for s in states)):
            tensor.zero_()


def _steps(torch: Any, workload: Workload, several: int) -> Callable:
    """Some steps on the same samples, in place; returns the last one's losses."""
    layers = len(workload.layers) - 1

    def forward(parameters, x):
        activations = [x]
        for k in range(layers):
            w, x = parameters[k], activations[-1]
            z = torch.baddbmm(parameters[layers + k], x, w) if workload.bias else x @ w
            if k < layers - 1 and workload.activation != "identity":
                z = torch.tanh(z) if workload.activation == "tanh" else torch.relu(z)
            activations.append(z)
        return activations

    def loss(prediction, target):
        """Losses and their derivatives."""
        if workload.loss == "mse":
            error = prediction - target
            return (error * error).mean((1, 2)), error * (2 / math.prod(error.shape[1:]))
        logarithm = torch.log_softmax(prediction, -1)
        slope = (logarithm.exp() - target) * (1 / workload.batch_size)
        return -(logarithm * target).sum(-1).mean(-1), slope

    def backward(parameters, activations, delta):
        gradients = [None] * len(parameters)
        for k in reversed(range(layers)):
            a, w = activations[k], parameters[k]
            gradients[k] = torch.bmm(a.transpose(1, 2), delta)
            if workload.bias:
                gradients[layers + k] = delta.sum(1, keepdim=True)
            if k:
                delta = torch.bmm(delta, w.transpose(1, 2))
                if workload.activation == "tanh":
                    delta = delta * (1 - a * a)
                elif workload.activation == "relu":
                    delta = torch.ops.aten.threshold_backward(delta, a, 0)
        return gradients

    def update(parameter, state, gradient, rates, t):
        if workload.optimizer == "adam":
            m, v = state
            m.lerp_(gradient, 1 - BETA1)
            v.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
            gradient = m / (v / -torch.expm1(t * LOG2)).sqrt_().add_(workload.epsilon)
            rates = rates / -torch.expm1(t * LOG1)
        elif workload.momentum:
            gradient = state[0].mul_(workload.momentum).add_(gradient)
        parameter.addcmul_(rates, gradient, value=-1)

    def step(parameters, states, rates, t, x, target):
        for _ in range(several):
            t += 1
            activations = forward(parameters, x)
            losses, delta = loss(activations[-1], target)
            gradients = backward(parameters, activations, delta)
            for parameter, state, gradient in zip(parameters, states, gradients, strict=True):
                update(parameter, state, gradient, rates, t)
        return losses

    return step

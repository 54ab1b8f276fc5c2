"""What people train many small networks with today, each at its best, on the same work.

A peer has several modes; all are measured, and bpfast is held against the fastest. They start from
bpfast's initial weights and take the same batches in the same order, so that they must reach the
same losses. Compiling is not timed, and bringing data to where a peer wants it only in a run's
``from_host``.
"""

from __future__ import annotations

import importlib
import math
import os
import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..errors import missing_extra
from ..kernels.cpu import thread_count
from .measure import Run, Runner, UnavailableError
from .workloads import Job, Workload

BETA1, BETA2 = 0.9, 0.999  # Adam's, everywhere the same
# 1 - beta**t is -expm1(t * log(beta)): 1 - 0.999 in float32 would be wrong in its fifth digit
LOG1, LOG2 = math.log(BETA1), math.log(BETA2)
TINY = 1e-12
SKLEARN_STEPS = 1000  # about half a second; more networks take it as much longer
STEPS_OF_ONE_SAMPLE = 10  # in a compiled PyTorch call: shorter ones mostly move weights about
STEPS_IN_A_GRAPH = 16


def _needed(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UnavailableError(str(missing_extra(package, "bench"))) from None


# --- JAX ------------------------------------------------------------------------------------------


def _jax(workload: Workload, together: str, split: bool, platform: str = "cpu") -> Run:
    """Networks side by side by "vmap", or one after another by "map"; split over cores or not."""
    jax = _needed("jax", "jax")
    jax.config.update("jax_platforms", platform)
    jax.config.update("jax_num_cpu_devices", thread_count())
    jax.config.update("jax_default_matmul_precision", "highest")  # float32, on GPUs too
    own, shared = jax.P("networks"), jax.P()
    try:
        there = jax.devices()
    except RuntimeError as error:
        raise UnavailableError(str(error)) from None
    devices = there[: math.gcd(workload.networks, thread_count()) if split else 1]
    if split and together == "vmap" and len(devices) == 1:
        raise UnavailableError(f"{workload.networks} cannot be split evenly")
    mesh = jax.make_mesh((len(devices),), ("networks",), devices=devices)
    train = _jax_training(jax, workload)

    def all_networks(networks, data):
        if together == "map":
            return jax.lax.map(lambda network: train(network, data), networks)
        return jax.vmap(train, in_axes=(0, None))(networks, data)

    compiled = jax.jit(
        jax.shard_map(
            all_networks, mesh=mesh, in_specs=(own, shared), out_specs=own, check_vma=False
        )
    )
    weights, biases, rates = _arrays(workload)
    batches = workload.batches()
    rows = None if batches is None else batches.astype(np.int32)  # as JAX would make them
    networks, data = ((weights, biases), rates), (workload.data(), rows)

    def place() -> tuple:
        return (
            jax.device_put(networks, jax.NamedSharding(mesh, own)),
            jax.device_put(data, jax.NamedSharding(mesh, shared)),
        )

    placed = place()
    return Run(
        lambda: np.asarray(jax.block_until_ready(compiled(*placed))[1]),
        from_host=lambda: jax.device_get(compiled(*place()))[1],
    )


def _arrays(workload: Workload) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    """Initial weights and biases, each layer's in an array of its own, and learning rates."""
    population = workload.population()
    weights, biases = (
        [np.ascontiguousarray(layer) for layer in layers]
        for layers in (population.weights, population.biases)
    )
    return weights, biases, workload.learning_rates.astype(np.float32)


def _jax_training(jax: Any, workload: Workload) -> Callable:
    """Train one network: ((parameters, rate), data) -> parameters, loss of the last epoch."""
    jnp, tree = jax.numpy, jax.tree.map
    activation = {"identity": lambda z: z, "relu": jax.nn.relu, "tanh": jnp.tanh}

    def loss(parameters, x, y):
        weights, biases = parameters
        for k, w in enumerate(weights):
            z = x @ w + biases[k] if biases else x @ w
            x = activation[workload.activation](z)
        if workload.loss == "mse":
            return jnp.mean((z - y) ** 2)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))

    def update(parameters, state, gradient, rate, t):
        if workload.optimizer == "adam":
            m = tree(lambda m, g: BETA1 * m + (1 - BETA1) * g, state[0], gradient)
            v = tree(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, state[1], gradient)
            rate, c = -rate / jnp.expm1(t * LOG1), -jnp.expm1(t * LOG2)
            return tree(
                lambda p, m, v: p - rate * m / (jnp.sqrt(v / c) + workload.epsilon),
                parameters,
                m,
                v,
            ), (m, v)
        if workload.momentum:
            state = tree(lambda s, g: workload.momentum * s + g, state, gradient)
            gradient = state
        return tree(lambda p, g: p - rate * g, parameters, gradient), state

    def train(network, data):
        (parameters, rate), ((X, y), batches) = network, data
        zeros = tree(jnp.zeros_like, parameters)
        state = (zeros, zeros) if workload.optimizer == "adam" else zeros

        def step(carry, rows):
            parameters, state, t = carry
            x, target = (X, y) if rows is None else (X[rows], y[rows])
            value, gradient = jax.value_and_grad(loss)(parameters, x, target)
            parameters, state = update(parameters, state, gradient, rate, t)
            return (parameters, state, t + 1), value

        start = (parameters, state, jnp.float32(1))
        end, losses = jax.lax.scan(step, start, batches, length=workload.epochs * workload.steps)
        return end[0], losses[-workload.steps :].mean()

    return train


# --- PyTorch --------------------------------------------------------------------------------------


def _torch(workload: Workload, compiled: bool) -> Run:
    """Batched products, with the backward pass by hand, which autograd did not beat."""
    torch = _needed("torch", "torch")
    torch.set_num_threads(thread_count())
    several = STEPS_OF_ONE_SAMPLE if compiled and workload.samples == 1 else 1
    step = _torch_steps(torch, workload, several)
    if compiled:
        if not shutil.which(os.environ.get("CXX", "g++")):
            raise UnavailableError("torch.compile needs a C++ compiler")
        # a code of its own: compiled steps are told apart by it, those of other shapes stay
        step.__code__ = step.__code__.replace()
        step = torch.compile(step, dynamic=False)
    network = _TorchNetwork(torch, workload, "cpu")
    data, steps = _TorchData(torch, workload, "cpu"), workload.epochs * workload.steps
    X, y, rows = data.X, data.y, data.rows

    def train() -> np.ndarray:
        losses = []
        for k in range(0, steps, several):
            x, target = (X, y) if rows is None else (X[rows[k]], y[rows[k]])
            losses.append(step(*network.all(), x.expand(workload.networks, -1, -1), target))
        return torch.stack(losses[-workload.steps :]).mean(0).numpy()

    return Run(torch.no_grad()(train), network.reset)


def _torch_graph(workload: Workload) -> Run:
    """Compiled steps on a GPU, some of them replayed as a CUDA graph that finds its rows there."""
    torch = _needed("torch", "torch")
    if not torch.cuda.is_available():
        raise UnavailableError("PyTorch finds no GPU")
    step = torch.compile(_torch_steps(torch, workload, 1), dynamic=False)
    network, data = _TorchNetwork(torch, workload, "cuda"), _TorchData(torch, workload, "cuda")
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


class _TorchData:
    """Inputs, targets and the rows of each step (None where it takes all), on a device."""

    def __init__(self, torch: Any, workload: Workload, device: str) -> None:
        self._torch, batches = torch, workload.batches()
        self._classes = workload.layers[-1] if workload.loss == "cross_entropy" else 0
        self._host = [torch.from_numpy(array) for array in workload.data()]
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


class _TorchNetwork:
    """Parameters, optimiser state and rates of all networks."""

    def __init__(self, torch: Any, workload: Workload, device: str) -> None:
        weights, biases, rates = _arrays(workload)
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


def _torch_steps(torch: Any, workload: Workload, several: int) -> Callable:
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


# --- scikit-learn ---------------------------------------------------------------------------------


def _sklearn_job(job: Job) -> Job:
    """A few of the networks; scikit-learn's always have biases, and its shuffle is its own.

    It adds Adam's epsilon before it corrects for the bias: a tiny one is the same in both places.
    """
    steps = sum(workload.steps * workload.epochs for workload in job.workloads)
    most = max(1, SKLEARN_STEPS // steps)
    return replace(
        job,
        workloads=tuple(
            replace(w, networks=min(most, w.networks), bias=True, shuffle=False, epsilon=TINY)
            for w in job.workloads
        ),
    )


def _sklearn(workload: Workload) -> Run:
    """A loop over estimators."""
    library = _needed("sklearn.neural_network", "scikit-learn")
    mse = workload.loss == "mse"  # scikit-learn's is half of it: twice the rate makes up for that
    make = library.MLPRegressor if mse else library.MLPClassifier
    factor = 2.0 if mse else 1.0
    population, (X, y) = workload.population(), workload.data()
    estimators = [
        make(
            hidden_layer_sizes=workload.layers[1:-1],
            activation=workload.activation,
            solver=workload.optimizer,
            alpha=0.0,
            batch_size=workload.batch_size,
            learning_rate_init=rate * factor,
            max_iter=workload.epochs,
            shuffle=False,
            tol=0.0,
            warm_start=True,  # fit goes on from the weights that are there
            momentum=workload.momentum,
            epsilon=workload.epsilon,
            nesterovs_momentum=False,
            n_iter_no_change=10**9,
        )
        for rate in workload.learning_rates
    ]
    y = y.ravel()
    for estimator in estimators:
        estimator.partial_fit(X, y, **({} if mse else {"classes": np.unique(y)}))

    def reset() -> None:
        for k, estimator in enumerate(estimators):
            estimator.coefs_ = [w[k].copy() for w in population.weights]
            estimator.intercepts_ = [b[k].copy() for b in population.biases]

    def train() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "not converged": this is meant to be short
            return np.array([factor * estimator.fit(X, y).loss_ for estimator in estimators])

    return Run(train, reset)


PEERS = (
    Runner("JAX", "jit(vmap(scan))", partial(_jax, together="vmap", split=False)),
    Runner("JAX", "jit(vmap(scan)) on each core", partial(_jax, together="vmap", split=True)),
    Runner("JAX", "jit(map(scan)) on each core", partial(_jax, together="map", split=True)),
    Runner("PyTorch", "baddbmm", partial(_torch, compiled=False)),
    Runner("PyTorch", "baddbmm, compiled", partial(_torch, compiled=True)),
    Runner("scikit-learn", "a loop", _sklearn, _sklearn_job),
)
GPU_PEERS = (
    Runner("JAX", "jit(vmap(scan))", partial(_jax, together="vmap", split=False, platform="cuda")),
    Runner("PyTorch", "baddbmm, compiled, CUDA graphs", _torch_graph),
)

"""The truth: every network trained on its own in float64 NumPy, short, slow, obviously right.

Layers are ``z = a @ W + b``; the gradient is backpropagation as every textbook has it (Rumelhart,
Hinton and Williams, 1986). All other devices are compared with this file.

It computes with subnormal numbers, too. The CPU's kernels take them for zeros, as most libraries'
do (:mod:`bpfast.kernels.cpu.subnormals`): in float32 that is what lies below 1.2e-38, in float64
below 2.2e-308.
"""

from __future__ import annotations

import numpy as np

from . import counter
from .host import SHUFFLES, bring_back, emptied, place, resident, restore_best, with_rates
from .math import clip_factor
from .tables import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS
from .task import DIVERGED, RUNNING, STOPPED, Network, Samples, Task, layer_slices

GRAIN = 1  # networks that are trained together
FIRST_RATE = 1e6  # operations a second, assumed until some were timed

__all__ = [
    "FIRST_RATE",
    "GRAIN",
    "SHUFFLES",
    "bring_back",
    "emptied",
    "gradients",
    "place",
    "predict",
    "resident",
    "restore_best",
    "train",
    "with_rates",
]


def apply(function, *arrays) -> np.ndarray:
    """A scalar function on whole arrays."""
    return np.asarray(np.frompyfunc(function, len(arrays), 1)(*arrays), dtype=np.float64)


def split(network: Network, row: np.ndarray) -> list[tuple[np.ndarray, np.ndarray | float]]:
    """The weights and biases in a row of parameters, as views."""
    layers = []
    slices = layer_slices(network.layers, network.bias)
    for part, d_in, d_out in zip(slices, network.layers[:-1], network.layers[1:], strict=True):
        matrix = row[part].reshape(-1, d_out)
        layers.append((matrix[:d_in], matrix[d_in] if network.bias else 0.0))
    return layers


def forward(network: Network, row: np.ndarray, x: np.ndarray, masks=None):
    """Every layer's values before (z) and after (a) its activation; ``a[0]`` is the input."""
    z, a = [], [np.asarray(x, np.float64)]
    for layer, (weights, bias) in enumerate(split(network, row)):
        z.append(a[-1] @ weights + bias)
        if layer < len(network.activations):
            value = apply(ACTIVATIONS[network.activations[layer]].value, z[-1])
            a.append(value if masks is None else value * masks[layer])
    return z, a


def predict_one(network: Network, row: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Predictions (samples, outputs): probabilities where the loss has a sigmoid or softmax."""
    z = forward(network, row.astype(np.float64), x)[0][-1]
    inverse_link = LOSSES[network.loss].inverse_link
    if inverse_link == "softmax":
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    value = INVERSE_LINKS[inverse_link].value
    return apply(value, z) if value else z


def loss_and_slope(network: Network, z: np.ndarray, targets: np.ndarray, weights: np.ndarray):
    """Weighted mean loss of some samples, and its slope by ``z``, (samples, outputs)."""
    loss = LOSSES[network.loss]
    if loss.inverse_link == "softmax":
        if targets.shape[1] == 1:
            targets = np.eye(z.shape[1])[targets[:, 0].astype(int)]
        z = z - z.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(z).sum(axis=1, keepdims=True))
        values = apply(loss.value, z, targets, log_sum, network.loss_parameter)
        shares = np.exp(z - log_sum)
        slopes = apply(loss.slope, shares, targets, targets.sum(axis=1, keepdims=True))
    else:
        values = apply(loss.value, z, targets, network.loss_parameter)
        slopes = apply(loss.slope, z, targets, network.loss_parameter)
    total = weights.sum()
    share = weights[:, None] / total if total > 0 else np.zeros((len(z), 1))
    if loss.average:
        share = share / z.shape[1]
    return (values * share).sum(), slopes * share


def gradient(network: Network, row: np.ndarray, samples: Samples, masks=None):
    """Loss of some samples and its gradient, a row like the parameters."""
    z, a = forward(network, row, samples.inputs, masks)
    loss, delta = loss_and_slope(network, z[-1], samples.targets, samples.weights)
    result = np.zeros_like(row)
    layers, parts = split(network, row), split(network, result)
    for layer in reversed(range(len(layers))):
        parts[layer][0][...] = a[layer].T @ delta
        if network.bias:
            parts[layer][1][...] = delta.sum(axis=0)  # type: ignore[index]
        if layer > 0:
            before = z[layer - 1]
            activation = ACTIVATIONS[network.activations[layer - 1]]
            slope = apply(activation.slope, before, apply(activation.value, before))
            delta = (delta @ layers[layer][0].T) * slope
            if masks is not None:
                delta = delta * masks[layer - 1]
    return loss, result


def penalise(
    network: Network, row: np.ndarray, grad: np.ndarray, penalty: np.ndarray
) -> np.ndarray:
    """Gradient with the slopes of ``l1 |w|`` and ``l2 w**2 / 2`` (biases go free), then clipped.

    Clipping follows ``torch.nn.utils.clip_grad_norm_``: one norm over all parameters.
    """
    l1, l2, clip_norm = penalty
    grad = grad.copy()
    for (weights, _), (part, _) in zip(split(network, row), split(network, grad), strict=True):
        part += l1 * np.sign(weights) + l2 * weights
    if np.isfinite(clip_norm):
        grad *= clip_factor((grad * grad).sum(), clip_norm)
    return grad


def penalty_value(network: Network, row: np.ndarray, penalty: np.ndarray) -> float:
    """``l1 |w| + l2 w**2 / 2``, added up over the weights."""
    l1, l2, _ = penalty
    weights = np.concatenate([weights.ravel() for weights, _ in split(network, row)])
    return l1 * np.abs(weights).sum() + l2 / 2 * (weights * weights).sum()


def penalties_of(task: Task, i: int, batch: Samples) -> np.ndarray:
    """The penalties of network i in a step: where losses are summed, over the batch's weight."""
    l1, l2, clip_norm = task.optimizer.penalties[i]
    weight = batch.weights.sum()
    share = 1.0 if not task.summed else 1.0 / weight if weight > 0 else 0.0
    return np.array([l1 * share, l2 * share, clip_norm])


def dropout_masks(task: Task, i: int, step: int, rows: int) -> list[np.ndarray] | None:
    """What hidden units are multiplied with in one step: 0, or 1 / (1 - p) to keep the mean."""
    if task.dropout.shape[1] == 0:
        return None
    masks = []
    for layer, width in enumerate(task.network.layers[1:-1]):
        p = task.dropout[i, layer]
        key = counter.branch(counter.branch(task.keys[i : i + 1], step), layer)
        draws = counter.uniform24(key, np.arange(rows * width, dtype=np.uint64))
        masks.append(np.where(draws >= p, 1.0 / (1.0 - p), 0.0).reshape(rows, width))
    return masks


def step(task: Task, i: int, number: int, rate: float, batch: Samples) -> tuple[float, bool]:
    """One update of network i. Returns the loss before it, and whether all stayed finite.

    Where the loss or a new parameter is not finite, nothing is changed.
    """
    state, rule = task.state, OPTIMIZERS[task.optimizer.rule]
    row = state.parameters[i].astype(np.float64)
    masks = dropout_masks(task, i, number, len(batch.inputs))
    loss, grad = gradient(task.network, row, batch, masks)
    if task.optimizer.penalties.shape[1]:
        grad = penalise(task.network, row, grad, penalties_of(task, i, batch))
    hyper = np.zeros(5)
    hyper[: len(rule.hyperparameters)] = task.optimizer.hyperparameters[i]
    before = state.powers[i] if rule.powers else (1.0, 1.0)
    *powers, c0, c1, c2, c3, c4, c5 = rule.coefficients(rate, *hyper, *before)
    m, v = (
        state.moments[i, s].astype(np.float64) if s < rule.states else np.zeros_like(row)
        for s in range(2)
    )
    update = np.frompyfunc(rule.update, 10, 3)
    row, m, v = (
        np.asarray(part, np.float64) for part in update(row, grad, m, v, c0, c1, c2, c3, c4, c5)
    )
    kept = row.astype(state.parameters.dtype)
    if not (np.isfinite(loss) and np.isfinite(kept).all()):
        return loss, False
    state.parameters[i] = kept
    if rule.powers:
        state.powers[i] = powers
    for s, moment in zip(range(rule.states), (m, v), strict=False):
        state.moments[i, s] = moment
    return loss, True


def run_epoch(task: Task, i: int, e: int) -> tuple[float, float, bool]:
    """One epoch of network i: means of its batches' losses and penalties, if all was finite.

    The mean of finite losses is not where their sum is too large for a float64.
    """
    fold = task.fold[i]
    order = task.order[e % len(task.order), task.fold_start[fold] : task.fold_start[fold + 1]]
    starts = range(0, len(order), task.batch_size)
    rate = task.optimizer.rates[i, e % task.optimizer.rates.shape[1]]
    total = penalty = counted = 0.0
    for b, start in enumerate(starts):
        rows = order[start : start + task.batch_size]
        batch = take(task.samples, rows)
        count = len(rows) if task.summed else batch.weights.sum()
        if task.summed and task.optimizer.penalties.shape[1]:
            before = task.state.parameters[i].astype(np.float64)
            penalty += penalty_value(task.network, before, penalties_of(task, i, batch)) * count
        number = (task.first_epoch + e) * len(starts) + b
        loss, finite = step(task, i, number, rate, batch)
        if not finite:
            return loss, penalty, False
        total += loss * count
        counted += count
    share = 1.0 / counted if counted > 0 else 0.0
    return total * share, penalty * share, bool(np.isfinite(total))


def take(samples: Samples, rows: np.ndarray) -> Samples:
    """Some rows of the samples in float64."""
    parts = (samples.inputs[rows], samples.targets[rows], samples.weights[rows])
    return Samples(*(part.astype(np.float64) for part in parts))


def validation_loss(task: Task, i: int) -> float:
    """Loss of network i on the validation samples."""
    assert task.validation is not None
    samples = take(task.validation, np.arange(len(task.validation.inputs)))
    z = forward(task.network, task.state.parameters[i].astype(np.float64), samples.inputs)[0][-1]
    return loss_and_slope(task.network, z, samples.targets, samples.weights)[0]


def stops(task: Task, i: int, epoch: int, loss: float, watched: float) -> bool:
    """Whether network i has met ``tol``, or has used up its patience."""
    state = task.state
    if not state.best.size:
        return loss <= task.tol[i]
    if watched < state.best[i]:
        state.best[i], state.best_epoch[i] = watched, epoch
        if state.best_parameters.size:
            state.best_parameters[i] = state.parameters[i]
    return loss <= task.tol[i] or epoch - state.best_epoch[i] >= task.patience[i]


def write(task: Task, i: int, e: int, loss: float, penalty: float) -> None:
    """Keep an epoch's loss, and where losses are summed its penalty."""
    task.state.loss[i, task.column[e]] = loss
    if task.summed:
        task.state.penalty[i, task.column[e]] = penalty


def train_network(task: Task, i: int) -> None:
    """All epochs of the task for network i."""
    state = task.state
    for e in range(task.epochs):
        loss, penalty, finite = run_epoch(task, i, e)
        if not finite:
            state.status[i] = DIVERGED
            return
        state.epochs_run[i] += 1
        watched, scored = loss, task.record[e]
        if task.validation is not None and scored:
            watched = state.validation_loss[i, task.column[e]] = validation_loss(task, i)
        if scored:
            write(task, i, e, loss, penalty)
        # with validation samples, only epochs that are scored count for patience
        fresh = scored or task.validation is None
        if stops(task, i, task.first_epoch + e, loss, watched if fresh else np.inf):
            state.status[i] = STOPPED
            write(task, i, e, loss, penalty)
            if task.validation is not None:
                state.validation_loss[i, task.column[e]] = validation_loss(task, i)
            return


def train(strategy: str, task: Task, networks: np.ndarray) -> None:
    """Train some networks of the task's state, in place, until they end or stop."""
    with np.errstate(all="ignore"):
        for i in networks:
            if task.state.status[i] == RUNNING:
                train_network(task, i)


def gradients(strategy: str, network: Network, parameters: np.ndarray, samples: Samples):
    """Losses (n,) and gradients (n, P) of n networks on the same samples."""
    batch = take(samples, np.arange(len(samples.inputs)))
    with np.errstate(all="ignore"):
        results = [gradient(network, row.astype(np.float64), batch) for row in parameters]
    return np.array([loss for loss, _ in results]), np.stack([grad for _, grad in results])


def predict(network: Network, parameters: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Predictions (n, samples, outputs) of n networks for the same inputs."""
    with np.errstate(all="ignore"):
        return np.stack([predict_one(network, row, inputs) for row in parameters])

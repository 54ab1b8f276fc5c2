"""Makes pytorch_numbers.json: what PyTorch 2.13.0 computes on the CPU, most of it in float64.

Run it with a Python that has PyTorch and NumPy; the tests only read the file it writes::

    python tests/data/make_pytorch_numbers.py

Names, options and layouts in the file are bpfast's (weights are ``(d_in, d_out)``), so that a
test can hand them over as they are; this script translates them for PyTorch.
"""

import json
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

FILE = Path(__file__).with_name("pytorch_numbers.json")

ACTIVATIONS: dict[str, Callable] = {
    "identity": lambda z: z,
    "relu": functional.relu,
    "leaky_relu": lambda z: functional.leaky_relu(z, 0.01),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    # by default PyTorch cuts softplus to z above 20, a relative error of 1e-10
    "softplus": lambda z: functional.softplus(z, threshold=40.0),
    "elu": lambda z: functional.elu(z, alpha=1.0),
    "silu": functional.silu,
    "gelu": lambda z: functional.gelu(z, approximate="none"),
}
POSITIVE = [1e-300, 1e-12, 1e-6, 1e-3, 0.1, 0.5, 1.0, 1.2784645427610738, 2.5, 5.0, 12.0, 25.0, 800]
GRID = [-z for z in reversed(POSITIVE)] + [0.0] + POSITIVE

# p are the last layer's values; every loss is one number a sample
LOSSES: dict[str, Callable] = {
    "half_squared_error": lambda p, t: (0.5 * functional.mse_loss(p, t, reduction="none")).sum(1),
    "mse": lambda p, t: functional.mse_loss(p, t, reduction="none").mean(1),
    "mae": lambda p, t: functional.l1_loss(p, t, reduction="none").mean(1),
    "huber": lambda p, t, delta=1.0: functional.huber_loss(
        p, t, reduction="none", delta=delta
    ).mean(1),
    "quantile": lambda p, t, quantile=0.5: torch.maximum(
        quantile * (t - p), (quantile - 1.0) * (t - p)
    ).sum(1),
    "poisson": lambda p, t: (
        functional.poisson_nll_loss(p, t, reduction="none") + torch.xlogy(t, t) - t
    ).sum(1),
    "binary_cross_entropy": lambda p, t: functional.binary_cross_entropy_with_logits(
        p, t, reduction="none"
    ).sum(1),
    "cross_entropy": lambda p, t: functional.cross_entropy(p, t, reduction="none"),
}
# losses whose mean over samples PyTorch takes itself: a check of the table above
WHOLE = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
    "cross_entropy": functional.cross_entropy,
}
LOSS_CASES = [
    ("half_squared_error", {}),
    ("mse", {}),
    ("mae", {}),
    ("huber", {"delta": 1.0}),
    ("huber", {"delta": 0.3}),
    ("quantile", {"quantile": 0.5}),
    ("quantile", {"quantile": 0.9}),
    ("poisson", {}),
    ("binary_cross_entropy", {}),
    ("cross_entropy", {}),
]
SAMPLE_WEIGHT = [1.0, 0.5, 2.0, 0.0, 1.5]

# differences of exactly 0.3 and 1 (huber's corners), tiny and large ones; a tie comes with mae
PREDICTIONS = [
    [0.3, 1.0, -0.3],
    [-1.0, 0.25, 40.0],
    [-40.0, 1e-9, 0.7],
    [2.0, -0.1, 0.0],
    [0.5, -3.0, 1.75],
]
DISTANT = [[0.0, 0.0, 0.0], [0.0, 0.5, 1.0], [3.0, 0.0, 1.5], [1.0, 1.0, -1.0], [0.4, -3.5, 1.85]]
TIED = [[0.0, 1.0, 0.0], [0.0, 0.5, 1.0], [3.0, 0.0, 0.7], [2.0, 1.0, 0.0], [0.5, -3.5, 1.85]]
SHARES = [[0.0, 1.0, 0.3], [1.0, 0.5, 1.0], [0.0, 0.0, 1.0], [0.9, 1.0, 0.0], [0.25, 1.0, 0.75]]
LABELS = [0, 1, 2, 1, 2]
TARGETS = {
    "mae": TIED, "poisson": SHARES, "binary_cross_entropy": SHARES, "cross_entropy": LABELS
}  # fmt: skip

# where float32 or float64 have few digits or none; float32 has infinities for what it cannot hold
LARGE = [20.0, 50.0, 87.0, 100.0, 700.0, 1000.0, 1e18, 1e30, 3e38, 1e150, 1e160, 1e300, math.inf]
EDGES = [0.0, 1e-45, 1e-38, 1e-30, 1e-6, 0.5, *LARGE]
EDGES = [*EDGES, *(-z for z in EDGES), math.nan]
EDGE_TARGETS = {"poisson": (0.0, 0.3, 1000.25), "binary_cross_entropy": (0.0, 0.3, 1.0)}
EDGE_LOGITS = [
    [1e4, 1e4], [30.0, 16.0], [16.0, 30.0], [1e-30, -1e-30], [-2e38, 2e38], [1e300, 1.0],
    [0.0, -math.inf], [-math.inf, 0.0], [-math.inf, -math.inf], [0.0, math.inf], [math.nan, 0.0],
]  # fmt: skip

OPTIMIZERS = {
    "SGD": torch.optim.SGD,
    "Adam": torch.optim.Adam,
    "AdamW": torch.optim.AdamW,
    "RMSprop": torch.optim.RMSprop,
}
PENALTIES = {"l1": 0.01, "l2": 0.1}
FULL_BATCH = {"epochs": 20, "batch_size": 11}
MINI_BATCHES = {"epochs": 3, "batch_size": 4}  # of 11 samples: the last batch has 3
RUNS = [
    ("SGD", {"learning_rate": 0.1}, FULL_BATCH),
    ("SGD", {"learning_rate": 0.05, "momentum": 0.9}, FULL_BATCH),
    ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}, FULL_BATCH),
    ("SGD", {"learning_rate": 0.1, "weight_decay": 0.05}, FULL_BATCH),
    (
        "SGD",
        {"learning_rate": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05},
        FULL_BATCH,
    ),
    ("SGD", {"learning_rate": 0.2, "momentum": 0.5, "clip_norm": 0.3}, FULL_BATCH),
    ("SGD", {"learning_rate": 0.1, **PENALTIES}, FULL_BATCH),
    ("SGD", {"learning_rate": 0.1, **PENALTIES, "clip_norm": 0.4}, FULL_BATCH),
    ("SGD", {"learning_rate": 0.2, "schedule": "exponential", "decay": 0.9}, FULL_BATCH),
    ("SGD", {"learning_rate": 0.2, "schedule": "cosine"}, FULL_BATCH),
    ("SGD", {"learning_rate": 0.2, "schedule": "cosine", "minimum": 0.1}, FULL_BATCH),
    ("Adam", {"learning_rate": 0.02}, FULL_BATCH),
    ("Adam", {"learning_rate": 0.02, "weight_decay": 0.1}, FULL_BATCH),
    ("Adam", {"learning_rate": 0.02, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3}, FULL_BATCH),
    ("Adam", {"learning_rate": 0.02, "clip_norm": 0.3}, FULL_BATCH),
    ("Adam", {"learning_rate": 0.02, **PENALTIES}, FULL_BATCH),
    ("Adam", {"learning_rate": 0.05, "schedule": "exponential", "decay": 0.8}, FULL_BATCH),
    ("Adam", {"learning_rate": 0.05, "schedule": "cosine", "minimum": 0.1}, FULL_BATCH),
    ("AdamW", {"learning_rate": 0.02}, FULL_BATCH),
    ("AdamW", {"learning_rate": 0.02, "weight_decay": 0.5}, FULL_BATCH),
    ("AdamW", {"learning_rate": 0.02, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-4}, FULL_BATCH),
    ("AdamW", {"learning_rate": 0.02, "clip_norm": 0.3}, FULL_BATCH),
    ("AdamW", {"learning_rate": 0.02, **PENALTIES}, FULL_BATCH),
    (
        "AdamW",
        {"learning_rate": 0.05, "weight_decay": 0.5, "schedule": "cosine"},
        FULL_BATCH,
    ),
    ("RMSprop", {"learning_rate": 0.01}, FULL_BATCH),
    ("RMSprop", {"learning_rate": 0.005, "momentum": 0.9}, FULL_BATCH),
    ("RMSprop", {"learning_rate": 0.01, "weight_decay": 0.1}, FULL_BATCH),
    ("RMSprop", {"learning_rate": 0.01, "alpha": 0.9, "epsilon": 1e-3}, FULL_BATCH),
    ("RMSprop", {"learning_rate": 0.01, "clip_norm": 0.3}, FULL_BATCH),
    ("RMSprop", {"learning_rate": 0.01, **PENALTIES}, FULL_BATCH),
    ("RMSprop", {"learning_rate": 0.02, "schedule": "exponential", "decay": 0.9}, FULL_BATCH),
    ("Adam", {"learning_rate": 0.02}, MINI_BATCHES),
    ("Adam", {"learning_rate": 0.02, "schedule": "exponential", "decay": 0.5}, MINI_BATCHES),
    ("Adam", {"learning_rate": 0.02}, {**MINI_BATCHES, "weighted": True}),
]


def activation_numbers(name):
    """Values and derivatives on the grid."""
    z = torch.tensor(GRID, requires_grad=True)
    value = ACTIVATIONS[name](z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    return {"value": value.tolist(), "slope": slope.tolist()}


def mean(losses, weights=None):
    """(Weighted) mean over samples."""
    return losses.mean() if weights is None else (weights * losses).sum() / weights.sum()


def loss_numbers(loss, settings, weights):
    """Value, and gradient with respect to the predictions."""
    predictions = torch.tensor(PREDICTIONS, requires_grad=True)
    targets = torch.tensor(TARGETS.get(loss, DISTANT))
    value = mean(
        LOSSES[loss](predictions, targets, **settings),
        None if weights is None else torch.tensor(weights),
    )
    if weights is None and loss in WHOLE:
        torch.testing.assert_close(value, WHOLE[loss](predictions, targets, **settings))
    (gradient,) = torch.autograd.grad(value, predictions)
    return {
        "loss": loss,
        "settings": settings,
        "predictions": PREDICTIONS,
        "targets": targets.tolist(),
        "sample_weight": weights,
        "value": value.item(),
        "gradient": gradient.tolist(),
    }


def edge_numbers():
    """Of each function of one number: value and derivative at the edges, in both dtypes."""
    functions = [("activation", name, {}, None) for name in ACTIVATIONS]
    for loss, settings in LOSS_CASES:
        targets = EDGE_TARGETS.get(loss, (0.3, 1000.25))
        functions += [("loss", loss, settings, t) for t in targets if loss != "cross_entropy"]
    for kind, name, settings, target in functions:
        for dtype in (torch.float32, torch.float64):
            z = torch.tensor(EDGES, dtype=dtype, requires_grad=True)
            if kind == "activation":
                value = ACTIVATIONS[name](z)
            else:
                value = LOSSES[name](z[:, None], torch.full_like(z, target)[:, None], **settings)
            (slope,) = torch.autograd.grad(value.sum(), z)
            yield {
                "kind": kind,
                "name": name,
                "settings": settings,
                "target": target,
                "dtype": str(dtype).removeprefix("torch."),
                "value": value.tolist(),
                "slope": slope.tolist(),
            }


def logit_numbers():
    """Cross entropy of two classes, of which the first is right."""
    for logits in EDGE_LOGITS:
        for dtype in (torch.float32, torch.float64):
            z = torch.tensor([logits], dtype=dtype, requires_grad=True)
            value = functional.cross_entropy(z, torch.tensor([0]))
            (slope,) = torch.autograd.grad(value, z)
            yield {
                "logits": logits,
                "dtype": str(dtype).removeprefix("torch."),
                "value": value.item(),
                "slope": slope[0].tolist(),
            }


def make_task(layers, activation, loss, seed):
    """A network's starting parameters and 11 samples to train it on."""
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.normal(size=shape).round(3).tolist()

    outputs = layers[-1]
    labels = rng.integers(outputs, size=11).tolist()
    return {
        "layers": layers,
        "activation": activation,
        "loss": loss,
        "inputs": draw(11, layers[0]),
        "targets": labels if loss == "cross_entropy" else draw(11, outputs),
        "sample_weight": rng.uniform(0.1, 2.0, size=11).round(3).tolist(),
        "weights": [draw(*shape) for shape in pairwise(layers)],
        "biases": [draw(width) for width in layers[1:]],
    }


class Network(torch.nn.Module):
    """The task's network, of ``torch.nn.Linear`` layers."""

    def __init__(self, task):
        super().__init__()
        self.activation = ACTIVATIONS[task["activation"]]
        self.linear = torch.nn.ModuleList()
        for weights, biases in zip(task["weights"], task["biases"], strict=True):
            layer = torch.nn.Linear(len(weights), len(biases))
            layer.weight.data = torch.tensor(weights).T.contiguous()
            layer.bias.data = torch.tensor(biases)
            self.linear.append(layer)

    def forward(self, x):
        for layer in self.linear[:-1]:
            x = self.activation(layer(x))
        return self.linear[-1](x)

    def penalty(self, l1, l2):
        """``l1 |w| + l2 w**2 / 2`` over the weights; biases go free."""
        weights = [layer.weight for layer in self.linear]
        return sum(l1 * w.abs().sum() + 0.5 * l2 * (w * w).sum() for w in weights)


def make_optimizer(network, name, options):
    """PyTorch's optimiser, from bpfast's names of its options."""
    own = {"momentum", "nesterov", "weight_decay", "alpha"} & options.keys()
    translated = {key: options[key] for key in own}
    if "epsilon" in options:
        translated["eps"] = options["epsilon"]
    if "beta1" in options:
        translated["betas"] = (options["beta1"], options["beta2"])
    return OPTIMIZERS[name](network.parameters(), lr=options["learning_rate"], **translated)


def make_scheduler(optimizer, options, epochs):
    """PyTorch's scheduler, stepped once an epoch."""
    match options.get("schedule", "constant"):
        case "exponential":
            return torch.optim.lr_scheduler.ExponentialLR(optimizer, options["decay"])
        case "cosine":
            lowest = options.get("minimum", 0.0) * options["learning_rate"]
            return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs, eta_min=lowest)
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


def train_batch(network, optimizer, options, losses, weights):
    """One step; returns the batch's mean loss before it, without penalties."""
    loss = mean(losses, weights)
    penalty = network.penalty(options.get("l1", 0.0), options.get("l2", 0.0))
    optimizer.zero_grad()
    (loss + penalty).backward()
    if "clip_norm" in options:
        torch.nn.utils.clip_grad_norm_(network.parameters(), options["clip_norm"])
    optimizer.step()
    return loss.item()


def run_numbers(task_name, task, optimizer_name, options, plan):
    """Trains in the samples' order; an epoch's loss is the mean over its samples."""
    network = Network(task)
    optimizer = make_optimizer(network, optimizer_name, options)
    scheduler = make_scheduler(optimizer, options, plan["epochs"])
    inputs, targets = torch.tensor(task["inputs"]), torch.tensor(task["targets"])
    weights = torch.tensor(task["sample_weight"]) if "weighted" in plan else torch.ones(len(inputs))
    history = []
    for _ in range(plan["epochs"]):
        total = 0.0
        for batch in torch.arange(len(inputs)).split(plan["batch_size"]):
            losses = LOSSES[task["loss"]](network(inputs[batch]), targets[batch])
            loss = train_batch(network, optimizer, options, losses, weights[batch])
            total += loss * weights[batch].sum().item()
        history.append(total / weights.sum().item())
        scheduler.step()
    return {
        "task": task_name,
        "optimizer": optimizer_name,
        "options": options,
        **plan,
        "loss": history,
        "weights": [layer.weight.T.tolist() for layer in network.linear],
        "biases": [layer.bias.tolist() for layer in network.linear],
    }


def all_numbers():
    """Everything the file holds."""
    tasks = {
        "mse": make_task((3, 4, 2), "tanh", "mse", seed=1),
        "cross_entropy": make_task((3, 5, 3), "gelu", "cross_entropy", seed=2),
    }
    return {
        "grid": GRID,
        "activations": {name: activation_numbers(name) for name in ACTIVATIONS},
        "losses": [
            loss_numbers(*case, weights) for case in LOSS_CASES for weights in (None, SAMPLE_WEIGHT)
        ],
        "edges": EDGES,
        "at_edges": [*edge_numbers()],
        "logits": [*logit_numbers()],
        "tasks": tasks,
        "runs": [run_numbers(*task, *run) for task in tasks.items() for run in RUNS],
    }


def lines(numbers):
    """JSON with one line for each entry of each part, so that a diff can be read."""
    parts = []
    for name, part in numbers.items():
        if isinstance(part, dict):
            rows = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in part.items()]
            parts.append(f'"{name}": {{\n' + ",\n".join(rows) + "\n}")
        else:
            parts.append(f'"{name}": [\n' + ",\n".join(map(json.dumps, part)) + "\n]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    FILE.write_text(lines(all_numbers()))

"""What the study's networks say, for one table: settings alone, and in a sweep's ensemble.

All losses are shares of what scikit-learn's HistGradientBoosting comes to on the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import gmean

from ...sweeps.metrics import Metric
from ...sweeps.selection import select
from .study_experiments import ENCODINGS, Network

DRAWS = 60  # of networks at random
POOL, POOLS = (
    32,
    5,
)  # networks that an ensemble of a part of the space is picked from, and how often
STEPS = 30  # of a greedy selection without bags
PATIENCES = (4, 8, 12, 16, 24, 32)
LIMITS = {
    "learning_rate": (2e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2, 6e-2),
    "weight_decay": (1e-4, 1e-3, 1e-2, 0.1, 0.5, 1.5, 5.1),
    "bins": (4, 8, 16, 28, 49),
}


class Trained(NamedTuple):
    """An experiment's networks on a table; those that diverged are left out.

    Attributes
    ----------
    networks : their settings
    predicted : (networks, rows, outputs) for the validation rows, and for the test rows: in the
        target's units
    truths : of both
    curves : (networks, epochs) losses of the validation rows; NaN where a network has ended
    metric, kind : of the target
    reference : test loss of HistGradientBoosting
    """

    networks: list[Network]
    predicted: tuple[np.ndarray, np.ndarray]
    truths: tuple[np.ndarray, np.ndarray]
    curves: np.ndarray
    metric: Metric
    kind: str
    reference: float

    def losses(self) -> tuple[np.ndarray, np.ndarray]:
        """(networks,) of the validation rows, and of the test rows."""
        validation, test = (
            -self.metric.scores(predicted, truth, self.kind)
            for predicted, truth in zip(self.predicted, self.truths, strict=True)
        )
        return validation, test / self.reference

    def weights(self, numbers: np.ndarray) -> np.ndarray:
        """The weight of each of some networks in the ensemble that a sweep picks from them."""
        of_validation = self.predicted[0][numbers]
        order = np.argsort(-self.metric.scores(of_validation, self.truths[0], self.kind))
        found = select([of_validation[order]], [self.truths[0]], self.metric, self.kind)
        weights = np.zeros(len(numbers))
        weights[order] = found.weights
        return weights

    def loss_of(self, numbers: np.ndarray, weights: np.ndarray) -> float:
        """The test loss of a weighted mean of some networks."""
        mean = np.tensordot(weights, self.predicted[1][numbers], 1)
        score = self.metric.scores(mean[None], self.truths[1], self.kind)[0]
        return -float(score) / self.reference

    def ensemble(self, numbers: np.ndarray) -> float:
        """The test loss of the ensemble that a sweep picks from some networks."""
        return self.loss_of(numbers, self.weights(numbers))


def encodings_found(trained: Trained) -> dict[str, Any]:
    """Of each encoding: test losses of the single winner, and of the ensemble."""
    validation, test = trained.losses()
    found = {}
    names = np.array([network["encoding"] for network in trained.networks])
    for name in ENCODINGS:
        own = np.flatnonzero(names == name)
        if len(own):
            winner = own[np.argmin(validation[own])]
            found[name] = [float(test[winner]), trained.ensemble(own)]
    return {"encodings": found}


def wide_found(trained: Trained) -> dict[str, Any]:
    """Effects of settings, parts of the space, patience, and ways to pick an ensemble."""
    return {
        "effects": effects(trained),
        "spaces": spaces(trained),
        "patience": patience(trained),
        "selection": selections(trained),
    }


def settings(network: Network) -> dict[str, str]:
    """A network's settings, numbers in classes."""
    hidden, dropout = network["hidden"].split("x"), network["dropout"]
    bins = re.search(r"\d+", network["encoding"])
    return {
        "encoding": f"{_class('bins', int(bins[0]))} bins" if bins else network["encoding"],
        "width": hidden[0],
        "depth": str(len(hidden)),
        "dropout": "0" if dropout == 0 else "0 to 0.25" if dropout < 0.25 else "0.25 to 0.5",
        **{name: _class(name, network[name]) for name in ("learning_rate", "weight_decay")},
        **{
            name: str(network[name])
            for name in ("activation", "batch_size", "epochs", "schedule", "patience")
        },
    }


def _class(name: str, value: float) -> str:
    low, high = next((a, b) for a, b in pairwise(LIMITS[name]) if value < b)
    return f"{low:g} to {high - 1 if name == 'bins' else high:g}"


def effects(trained: Trained) -> dict[str, dict[str, list[float]]]:
    """Of each value of a setting its effect, the best of four, and its weight.

    The effect is what a value adds to the logarithm of the test loss beside the setting's other
    values, by least squares over all settings at once. The best of four is the mean logarithm of
    the test loss of whichever of four networks at random is best on the validation rows. The
    weight is that in the ensemble, beside the share of the networks that have the value.
    """
    validation, test = trained.losses()
    logarithms = np.log(test)
    logarithms = np.minimum(logarithms, np.median(logarithms) + 0.3)  # the worst count as bad alike
    all_settings = [settings(network) for network in trained.networks]
    values = sorted({pair for own in all_settings for pair in own.items()})
    has = np.array([[own[name] == value for name, value in values] for own in all_settings])
    constant = np.ones((len(has), 1))
    solved = np.linalg.lstsq(np.hstack([has, constant]), logarithms, rcond=1e-6)[0][:-1]
    weights = trained.weights(np.arange(len(has)))
    random = np.random.default_rng(0)
    found: dict[str, dict[str, list[float]]] = {}
    for k, (name, value) in enumerate(values):
        alike = [j for j, other in enumerate(values) if other[0] == name]
        own = np.flatnonzero(has[:, k])
        draws = [random.choice(own, min(4, len(own)), replace=False) for _ in range(DRAWS)]
        best = np.mean([np.log(test[draw[np.argmin(validation[draw])]]) for draw in draws])
        weight = weights[own].sum() / (len(own) / len(has))
        effect = float(solved[k] - solved[alike].mean())
        found.setdefault(name, {})[value] = [effect, float(best), float(weight)]
    return found


def _is_bins(network: Network) -> bool:
    return "bins" in settings(network)["encoding"]


def _is_usual(network: Network) -> bool:
    return 1e-3 <= network["learning_rate"] <= 3e-2 and 1e-3 <= network["weight_decay"] <= 1.0


SPACES: dict[str, Callable[[Network], bool]] = {
    "all": lambda network: True,
    "usual learning rates and weight decays": _is_usual,
    "these, no more dropout than 0.3": lambda own: _is_usual(own) and own["dropout"] <= 0.3,
    "these, batches to 128": lambda own: _is_usual(own) and own["batch_size"] <= 128,
    "these, bins alone": lambda own: _is_usual(own) and _is_bins(own),
    "these, bins or scaled": lambda own: _is_usual(own) and own["encoding"] != "quantile",
    "scaled or quantile": lambda own: not _is_bins(own),
    "constant schedule": lambda own: own["schedule"] == "constant",
    "cosine schedule": lambda own: own["schedule"] == "cosine",
}


def spaces(trained: Trained) -> dict[str, float]:
    """Test losses of ensembles of some networks at random from parts of the space."""
    found = {}
    for name, belongs in SPACES.items():
        own = np.flatnonzero([belongs(network) for network in trained.networks])
        random = np.random.default_rng(0)
        if len(own) >= POOL // 2:
            size = min(POOL, len(own))
            drawn = [random.choice(own, size, replace=False) for _ in range(POOLS)]
            found[name] = float(gmean([trained.ensemble(draw) for draw in drawn]))
    return found


def patience(trained: Trained) -> dict[str, list[float]]:
    """What less patience would have lost of the validation loss, and how many epochs it takes.

    Of networks with the most patience and a usual learning rate.
    """
    found: dict[str, list[tuple[float, int]]] = {str(own): [] for own in PATIENCES}
    for network, curve in zip(trained.networks, trained.curves, strict=True):
        if network["patience"] == PATIENCES[-1] and network["learning_rate"] >= 1e-3:
            own = curve[np.isfinite(curve)]
            own = own if trained.kind == "classes" else np.sqrt(own)
            for epochs in PATIENCES:
                length = stopped(own, epochs)
                found[str(epochs)].append((float(np.log(own[:length].min() / own.min())), length))
    return {name: np.mean(own, axis=0).tolist() for name, own in found.items() if own}


def stopped(curve: np.ndarray, epochs: int) -> int:
    """The length of a curve that ends after so many epochs without a lesser value."""
    least = 0
    for epoch, value in enumerate(curve):
        if value < curve[least]:
            least = epoch
        elif epoch - least >= epochs:
            return epoch + 1
    return len(curve)


def selections(trained: Trained) -> dict[str, float]:
    """Test losses by how networks are picked from all."""
    validation, _ = trained.losses()
    every = np.arange(len(validation))
    order = np.argsort(validation)
    best = {f"mean of the best {count}": order[:count] for count in (1, 3, 10, 20)}
    found = {
        name: trained.loss_of(own, np.full(len(own), 1.0 / len(own))) for name, own in best.items()
    }
    found["greedy, without bags"] = trained.loss_of(every, greedy(trained))
    found["the sweep's"] = trained.ensemble(every)
    return found


def greedy(trained: Trained) -> np.ndarray:
    """Weights by greedy selection with replacement (Caruana et al., 2004), cut at the best step."""
    said, truth = trained.predicted[0], trained.truths[0]
    total, picked, scores = np.zeros(said.shape[1:]), [], []
    for step in range(STEPS):
        found = trained.metric.scores((total + said) / (step + 1), truth, trained.kind)
        picked.append(int(np.argmax(found)))
        scores.append(found[picked[-1]])
        total = total + said[picked[-1]]
    length = int(np.argmax(scores)) + 1
    return np.bincount(picked[:length], minlength=len(said)) / length

"""Networks of a sweep, trained anew by the reference, one by one, and scored by scikit-learn."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

import bpfast as bp
from bpfast.sweeps.hyperparameters import HYPERPARAMETERS, widths
from bpfast.training.optimizers import OPTIMIZERS

EPSILON = np.finfo(np.float32).eps
CLOSE = 2e-3  # float32 beside float64 after a few epochs, relative
TAME = 1e4  # outputs of a network whose float32 and float64 are as close as that


def point_of(row):
    """A row's hyperparameters: those that it has."""
    point = {name: row[name] for name in HYPERPARAMETERS if row.get(name) is not None}
    return {name: value for name, value in point.items() if value == value and value != ""}


def optimizer_of(point):
    kind = OPTIMIZERS[point["optimizer"]]
    names = {setting.name for setting in fields(kind)}
    return kind(**{name: value for name, value in point.items() if name in names})


def retrained(found, row, parts, epochs, nudge=0):
    """Networks of a row's trial after so many epochs on some parts, a network each, in float64.

    With a ``nudge`` the last digits that float32 has of the data are others.
    """
    point, X, y, weights = point_of(row), [], [], []
    for part in parts:
        X.append(scale(found.asked.inputs, part)[part])
        y.append(target_of(found, part)[part])
        weights.append(compute_sample_weight(found.asked.options.get("class_weight"), y[-1]))
    ends = np.cumsum([len(part) for part in parts])
    own = [np.arange(end - len(part), end) for end, part in zip(ends, parts, strict=True)]
    loss = "cross_entropy" if found.classes else "mse"
    layers = (found.asked.inputs.shape[1], *widths(point), found.outputs())
    mlp = bp.MLP(layers, point["activation"], loss)
    seeds = np.full(len(parts), point.get("seed", row["network"]))
    population = bp.Population.drawn(mlp, seeds, found.seed, point["init"])
    with bp.Training(
        population,
        nudged(np.concatenate(X).astype(np.float32), nudge),
        np.concatenate(y) if found.classes else nudged(np.concatenate(y), nudge),
        optimizer_of(point),
        epochs=found.epochs,
        batch_size=point["batch_size"],
        seed=found.seed,
        sample_weight=np.concatenate(weights),
        rows=(own, np.arange(len(parts))),
        dropout=point.get("dropout", 0.0),
        device="reference",
    ) as training:
        training.advance(until=epochs)
    return population, training.history()


def nudged(values, nudge):
    if not nudge:
        return values
    changes = np.random.default_rng(nudge).choice([-1, 0, 1], values.shape)
    return values * (1 + EPSILON * changes).astype(np.float32)


def scale(X, part):
    """All of X as scikit-learn scales it by the rows of a part."""
    return StandardScaler().fit(X[part]).transform(X)


def target_of(found, part):
    if found.classes:
        return found.targets
    return scale(found.targets[:, None], part)[:, 0]


def scores_of(found, population, trained, scored):
    """Scores by scikit-learn, each network on a part of its own, and how far rounding may go."""
    scores = []
    for k, (train, part) in enumerate(zip(trained, scored, strict=True)):
        with np.errstate(all="ignore"):
            X = scale(found.asked.inputs, train)[part].astype(np.float32)
            predicted = population[k].predict(X, device="reference")[0]
        if not np.isfinite(predicted).all():
            scores.append((-np.inf, 0.0))
            continue
        truth = found.targets[part]
        if found.classes:
            predicted = predicted.astype(np.float32)  # log loss clips by the epsilon of the type
            tolerance = tolerance_of_classes(found.metric, predicted)
        else:
            scaler = StandardScaler().fit(found.targets[train][:, None])
            size = np.abs(predicted).max()
            differ = 5 * CLOSE * (1 + size) * scaler.scale_[0] if size < TAME else np.inf
            predicted = scaler.inverse_transform(predicted.astype(np.float64))[:, 0]
            tolerance = tolerance_of_numbers(found.metric, truth, predicted, differ)
        scores.append((score_by(found.metric, truth, predicted), tolerance))
    return scores


def score_by(metric, truth, predicted):
    """A score by scikit-learn, the greater the better, of probabilities or numbers."""
    if metric == "accuracy":
        return accuracy_score(truth, predicted.argmax(axis=1))
    if metric == "neg_log_loss":
        return -log_loss(truth, predicted, labels=np.arange(predicted.shape[1]))
    if metric == "r2":
        return r2_score(truth, predicted)
    losses = {
        "neg_root_mean_squared_error": root_mean_squared_error,
        "neg_mean_absolute_error": mean_absolute_error,
    }
    return -losses[metric](truth, predicted)


def tolerance_of_classes(metric, predicted):
    """How much a score may change where probabilities differ as float32 and float64 do."""
    if metric == "neg_log_loss":
        return 5 * CLOSE * (1 - np.log(np.clip(predicted, EPSILON, 1)).min())
    top = np.sort(predicted, axis=1)
    return (top[:, -1] - top[:, -2] < 0.02).mean()


def tolerance_of_numbers(metric, truth, predicted, differ):
    """How much a score may change where predictions differ by so much."""
    if metric != "r2":
        return differ
    error = np.sqrt(np.mean((predicted - truth) ** 2))
    return (2 * error * differ + differ**2) / np.var(truth)

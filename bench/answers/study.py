"""``python -m bpfast.bench.answers.study``: many networks from a wide space, on many tables.

For each table and split it trains what an experiment lists, and keeps of each network its
hyperparameters, its losses on the validation and on the test rows, and its predictions of both. So
what a space is worth, alone and in a greedy ensemble, is found out afterwards
(:mod:`.study_found`) without training again.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from ... import MLP, AdamW, Population, fit
from .study_data import Parts, expanded, parts_of
from .study_experiments import EXPERIMENTS

SHARED = ("encoding", "hidden", "activation", "batch_size", "epochs", "smoothing")


def loss_of(y: np.ndarray, predicted: np.ndarray, is_classes: bool) -> np.ndarray:
    """Log loss, or the root of the mean squared error, over the rows, the last axis but one."""
    if is_classes:
        own = np.take_along_axis(
            predicted, np.broadcast_to(y[:, None], (*predicted.shape[:-1], 1)), -1
        )
        return -np.log(np.clip(own[..., 0], 1e-7, 1.0)).mean(axis=-1)
    return np.sqrt(((predicted[..., 0] - y) ** 2).mean(axis=-1))


def boosted(parts: Parts) -> float:
    """The test loss of scikit-learn's HistGradientBoosting, trained on all but the test rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    frame = parts.dataset.inputs.to_pandas()
    for name in frame.select_dtypes(exclude="number"):
        codes = frame[name].astype("category")
        few = codes.cat.categories.size <= 250
        frame[name] = codes if few else codes.cat.codes
    train, validation, test = parts.rows
    rows = np.concatenate([train, validation])
    y = np.concatenate([parts.train.y, parts.validation.y])
    made = HistGradientBoostingClassifier if parts.is_classes else HistGradientBoostingRegressor
    model = made(categorical_features="from_dtype", random_state=0).fit(frame.iloc[rows], y.ravel())
    if not parts.is_classes:
        return float(loss_of(parts.test.y.ravel(), model.predict(frame.iloc[test])[:, None], False))
    predicted = np.zeros((len(test), parts.outputs))
    predicted[:, model.classes_] = model.predict_proba(frame.iloc[test])
    return float(loss_of(parts.test.y, predicted, True))


def train(parts: Parts, networks: list[dict[str, Any]], seed: int) -> dict[str, np.ndarray]:
    """Train networks, those alike together.

    Returns
    -------
    dict of arrays with a row a network: ``validation`` and ``test`` losses, their predictions,
        ``epochs_run``, ``seconds`` (of its fit, over its networks)
    """
    groups = defaultdict(list)
    for number, own in enumerate(networks):
        groups[tuple(own[name] for name in SHARED)].append(number)
    found: dict[str, Any] = {name: [None] * len(networks) for name in FIELDS}
    inputs: dict[str, list[np.ndarray]] = {}
    for key in sorted(groups, key=str):
        shared, numbers = dict(zip(SHARED, key, strict=True)), groups[key]
        name = shared["encoding"]
        if name not in inputs:
            inputs = {name: expanded(name, parts.train.X, parts.validation.X, parts.test.X)}
        results = _train_group(parts, inputs[name], shared, [networks[k] for k in numbers], seed)
        for field, values in results.items():
            for k, value in zip(numbers, values, strict=True):
                found[field][k] = value
    return {field: np.array(values) for field, values in found.items()}


FIELDS = ("validation", "test", "of_validation", "of_test", "epochs_run", "seconds", "curve")


def _train_group(
    parts: Parts,
    inputs: list[np.ndarray],
    shared: dict[str, Any],
    networks: list[dict[str, Any]],
    seed: int,
) -> dict[str, Any]:
    X, X_validation, X_test = inputs
    hidden = [int(width) for width in shared["hidden"].split("x")]
    loss = "cross_entropy" if parts.is_classes else "mse"
    mlp = MLP((X.shape[1], *hidden, parts.outputs), shared["activation"], loss)
    population = Population.drawn(mlp, np.array([own["seed"] for own in networks]), seed, "auto")
    columns = {
        name: np.array([own[name] for own in networks])
        for name in ("learning_rate", "weight_decay", "schedule", "warmup", "beta2")
    }
    batch = shared["batch_size"]
    began = time.perf_counter()
    history = fit(
        population,
        X,
        parts.train.y,
        AdamW(**columns),
        epochs=shared["epochs"],
        batch_size=batch,
        seed=seed,
        validation=(X_validation, parts.validation.y),
        patience=np.array([own["patience"] for own in networks]),
        dropout=np.array([own["dropout"] for own in networks]),
        progress=False,
    )
    seconds = (time.perf_counter() - began) / len(networks)
    predicted = [population.predict(own) for own in (X_validation, X_test)]
    y = [parts.validation.y, parts.test.y]
    if not parts.is_classes:
        y = [own.ravel() for own in y]
    losses = [loss_of(own, p, parts.is_classes) for own, p in zip(y, predicted, strict=True)]
    curve = np.full((len(networks), 256), np.nan, np.float32)
    curve[:, : history.validation_loss.shape[1]] = history.validation_loss
    values = (*losses, *predicted, history.epochs_run, [seconds] * len(networks), curve)
    return dict(zip(FIELDS, values, strict=True))


def run(experiment: str, tables: Path, out: Path, names: list[str], rows: int, split: int) -> None:
    """Train an experiment's networks on tables, and keep what is found, a file each."""
    out.mkdir(parents=True, exist_ok=True)
    for facts in json.loads((tables / "tables.json").read_text()):
        path = out / f"{experiment}-{facts['name']}-{rows}-{split}.npz"
        if (names and facts["name"] not in names) or path.exists():
            continue
        began = time.perf_counter(), time.process_time()
        parts = parts_of(facts, tables, rows, split)
        random = np.random.default_rng([split, zlib.crc32(facts["name"].encode())])
        networks = EXPERIMENTS[experiment](random, len(parts.train.X))
        found = train(parts, networks, split)
        reference = boosted(parts)
        y = {"y_validation": parts.validation.y, "y_test": parts.test.y}
        says = json.dumps(facts | {"split": split, "networks": networks, "boosted": reference})
        np.savez(path, says=says, **y, **found)
        best = found["test"][np.nanargmin(found["validation"])] / reference
        wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
        print(
            f"{path.stem} {best:.3f} of {reference:.4f}, {wall:.0f} s, CPU {cpu:.0f} s", flush=True
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiment", choices=[*EXPERIMENTS])
    parser.add_argument("tables", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--split", type=int, default=0)
    given = parser.parse_args()
    run(given.experiment, given.tables, given.out, given.only, given.rows, given.split)

"""Run folders as ``bpfast sweep`` writes them, made by hand for tests of what reads them."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

STARTED = datetime(2026, 3, 1, 22, 0, 0)
SPACE = {
    "learning_rate": "1e-4:1:log",
    "hidden": ["16", "32", "32x16", "none"],
    "optimizer": ["adam", "sgd"],
    "momentum": "0:0.9",
    "l2": "1e-6:1e-2:log",
    "batch_size": [16, 64],
}


def make_run(folder, networks=40, epochs=6, varied=tuple(SPACE), diverged=0.1, **manifest):
    """Write a run of drawn networks whose score depends on the learning rate above all.

    Parameters
    ----------
    varied : names out of SPACE; the rest is fixed
    diverged : share of the networks
    manifest : what to put in place of the usual in manifest.json
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    rows = _rows(rng, networks, epochs, varied, diverged)
    said = _manifest(networks, epochs, varied) | manifest
    (folder / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
    _write_tables(folder, rows)
    write_predictions(folder, said, rng)
    if said["storage"] is None:
        study = _study(said["study_name"], networks, epochs, tuple(varied), diverged)
        (folder / "study.db").write_bytes(study)
    return folder


def write_predictions(folder, manifest, rng, rows=40):
    """Write what a network predicts for rows of a validation and of a test part."""
    import polars as pl

    frames = []
    for part, first in (("validation", 1), ("test", 1000)):
        columns = {"row": np.arange(first, first + rows), "part": [part] * rows}
        frames.append(pl.DataFrame(columns | _predicted(manifest, rng, rows)))
    pl.concat(frames).write_parquet(folder / "predictions.parquet")


def _predicted(manifest, rng, rows):
    """Columns of truth, prediction and probabilities."""
    if labels := manifest.get("labels"):
        columns = {}
        for name, words in labels.items():
            truth = rng.integers(0, 2, rows)
            probability = np.clip(0.5 * truth + rng.random(rows) / 1.5, 0, 1)
            columns[f"truth_{name}"] = np.array(words)[truth]
            columns[f"prediction_{name}"] = np.array(words)[(probability > 0.5).astype(int)]
            columns[f"probability_{name}"] = probability
        return columns
    if classes := manifest["classes"]:
        truth = rng.integers(0, len(classes), rows)
        powers = np.exp(3 * rng.random((rows, len(classes))) + 2 * np.eye(len(classes))[truth])
        probabilities = powers / powers.sum(axis=1, keepdims=True)
        columns = {"truth": [classes[k] for k in truth]}
        columns["prediction"] = [classes[k] for k in probabilities.argmax(axis=1)]
        return columns | {
            f"probability_{name}": own for name, own in zip(classes, probabilities.T, strict=True)
        }
    columns = {}
    for end in [f"_{name}" for name in manifest.get("target_names", [])] or [""]:
        columns[f"truth{end}"] = truth = 100 + 20 * rng.normal(size=rows)
        columns[f"prediction{end}"] = truth + 5 * rng.normal(size=rows)
    return columns


def _rows(rng, networks, *options):
    return [_row(rng, k, *options) for k in range(networks)]


def _row(rng, number, epochs, varied, diverged):
    rate = 10 ** rng.uniform(-4, 0) if "learning_rate" in varied else 0.01
    optimizer = str(rng.choice(SPACE["optimizer"])) if "optimizer" in varied else "sgd"
    quality = np.exp(-((np.log10(rate) + 2.0) ** 2)) * (1.0 if optimizer == "adam" else 0.95)
    score = float(np.clip(0.1 + 0.87 * quality + rng.normal(0, 0.01), 0, 1))
    lost = bool(rng.random() < diverged)
    reached = int(rng.integers(1, epochs + 1)) if lost else epochs
    curve = 2.3 * np.exp(-3 * quality * np.arange(1, epochs + 1) / epochs)
    curve *= np.exp(rng.normal(0, 0.02, epochs))
    curve[reached:] = np.nan
    point = {
        "learning_rate": rate,
        "hidden": str(rng.choice(SPACE["hidden"])) if "hidden" in varied else "32",
        "optimizer": optimizer,
        "momentum": float(rng.uniform(0, 0.9)) if "momentum" in varied else 0.5,
        "l2": 10 ** rng.uniform(-6, -2) if "l2" in varied else 1e-4,
        "batch_size": int(rng.choice(SPACE["batch_size"])) if "batch_size" in varied else 64,
    }
    if optimizer == "adam":
        del point["momentum"]
    begun = STARTED + timedelta(seconds=20 * (number // 16))
    return {
        "network": number,
        "point": point,
        "curve": curve,
        "validation_score": -np.inf if lost else score,
        "test_score": -np.inf if lost else score - 0.01,
        "loss": float(curve[reached - 1]),
        "epochs": reached,
        "diverged": lost,
        "started": begun,
        "ended": begun + timedelta(seconds=5 + 15 * rng.random()),
    }


def _manifest(networks, epochs, varied):
    return {
        "bpfast": "0.1.0",
        "data": "digits",
        "rows": 1797,
        "inputs": 64,
        "classes": [str(k) for k in range(10)],
        "metric": "accuracy",
        "networks": networks,
        "epochs": epochs,
        "seed": 0,
        "sampler": "random",
        "device": "cpu",
        "space": {name: str(SPACE[name]) for name in varied},
        "started": STARTED.isoformat(),
        "seconds": 62.5,
        "sample_updates": networks * epochs * 1078,
        "interrupted": False,
        "study_name": "bpfast",
        "storage": None,
    }


def _write_tables(folder, rows):
    import polars as pl

    ranked = sorted(rows, key=lambda row: -row["validation_score"])
    numbers = ("validation_score", "test_score", "loss", "epochs", "diverged")
    columns = {"network": [row["network"] for row in ranked]}
    for name in SPACE:
        columns[name] = [row["point"].get(name) for row in ranked]
    columns |= {name: [row[name] for row in ranked] for name in numbers}
    pl.DataFrame(columns).write_csv(folder / "networks.csv")
    losses = {"network": columns["network"], "loss": [row["curve"].tolist() for row in ranked]}
    pl.DataFrame(losses).write_parquet(folder / "losses.parquet")


@cache
def _study(name, networks, epochs, varied, diverged):
    """The file of a study, which Optuna takes its time to write."""
    rows = _rows(np.random.default_rng(5), networks, epochs, varied, diverged)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "study.db")
        _write_study(f"sqlite:///{path}", name, rows, varied)
        return path.read_bytes()


def _write_study(url, name, rows, varied):
    import optuna

    distributions = {
        "learning_rate": optuna.distributions.FloatDistribution(1e-4, 1.0, log=True),
        "momentum": optuna.distributions.FloatDistribution(0, 0.9),
        "l2": optuna.distributions.FloatDistribution(1e-6, 1e-2, log=True),
    }
    for choice in ("hidden", "optimizer", "batch_size"):
        distributions[choice] = optuna.distributions.CategoricalDistribution(SPACE[choice])
    trials = []
    for row in rows:
        params = {n: value for n, value in row["point"].items() if n in varied}
        trial = optuna.trial.create_trial(
            state=optuna.trial.TrialState["PRUNED" if row["diverged"] else "COMPLETE"],
            value=None if row["diverged"] else row["validation_score"],
            params=params,
            distributions={n: distributions[n] for n in params},
            user_attrs={"network": row["network"]},
        )
        trial.number = row["network"]
        trial.datetime_start, trial.datetime_complete = row["started"], row["ended"]
        trials.append(trial)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    optuna.create_study(study_name=name, storage=url, direction="maximize").add_trials(trials)

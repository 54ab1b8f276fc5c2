"""All that ``bpfast sweep`` wrote and said, computed again from its data by other people's code.

Networks are trained anew by the reference, each on its own; scaling, metrics and the best network's
predictions are scikit-learn's, or PyTorch's where that is installed.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import numpy as np
import optuna
import polars as pl
from retrained import CLOSE, TAME, retrained, scale, score_by, scores_of
from sklearn.preprocessing import StandardScaler

import bpfast as bp
from bpfast.command import main
from bpfast.reporting import leaderboard as report_leaderboard
from bpfast.reporting.figures import figures_of
from bpfast.reporting.reading import read_run
from bpfast.sweeps.folds import Splitting, split_rows
from bpfast.sweeps.metrics import named

NUDGES = 3
LIKE_SCIKIT_LEARN = {"relu", "tanh", "sigmoid", "identity"}


@dataclass
class Asked:
    """A table and what is asked of a sweep of it; ``options`` are the command's."""

    X: np.ndarray
    y: np.ndarray
    options: dict[str, object] = field(default_factory=dict)
    groups: np.ndarray | None = None  # of the column g

    @property
    def has_classes(self):
        return self.y.dtype.kind == "U"

    @property
    def inputs(self):
        """The columns that vary: others are left out."""
        return self.X[:, np.ptp(self.X, axis=0) > 0]

    @property
    def frame(self):
        columns = {f"x{k}": column for k, column in enumerate(self.X.T)}
        columns |= {"y": self.y} | ({} if self.groups is None else {"g": self.groups})
        return pl.DataFrame(columns)

    def write(self, path: Path):
        self.frame.write_csv(path)

    @property
    def splitting(self):
        options = self.options
        way = {"validation": options.get("validation"), "test": options["test"]}
        way |= {"cv": options.get("cv"), "groups": self.groups}
        if "time_column" in options:
            way |= {"split": "time", "time": self.frame[options["time_column"]].to_numpy()}
        return Splitting(**way)

    def arguments(self):
        return [
            str(part)
            for name, value in self.options.items()
            for part in (f"--{name.replace('_', '-')}", value)
        ]


def run(*arguments):
    """The command's exit code, and what it wrote to stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["bpfast", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            return stop.code or 0, out.getvalue(), err.getvalue()
    raise AssertionError("the command always exits")


class Found:
    """What a sweep's folder says."""

    def __init__(self, folder: Path, asked: Asked, out: str):
        self.folder, self.asked, self.out = folder, asked, out
        self.manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        table = folder / "networks.csv"
        text = {"hidden": pl.String}  # also where all widths are numbers
        frame = pl.read_csv(table, infer_schema_length=None, schema_overrides=text)
        self.rows = frame.to_dicts()
        losses = pl.read_parquet(folder / "losses.parquet")
        self.losses = dict(zip(losses["network"], losses["loss"].to_list(), strict=True))
        self.epochs = self.manifest["epochs"]
        self.seed = self.manifest["seed"]
        self.metric = self.manifest["metric"]
        self.has_folds = asked.options.get("cv") is not None

    @cached_property
    def split(self):
        """Row numbers of folds, of what a winner is trained on, and of the test part."""
        asked = self.asked
        y = self.targets.astype(int) if asked.has_classes else self.targets
        return split_rows(asked.X, y, len(self.classes), asked.splitting, self.seed)

    @cached_property
    def classes(self):
        return sorted(set(self.asked.y)) if self.asked.has_classes else []

    @cached_property
    def targets(self):
        """Class numbers or numbers."""
        if self.asked.has_classes:
            return np.searchsorted(self.classes, self.asked.y)
        return self.asked.y

    @cached_property
    def model(self):
        path = self.folder / "best.safetensors"
        return bp.Model.load(path) if path.exists() else None

    def outputs(self):
        return len(self.classes) or 1


# --- networks -------------------------------------------------------------------------------------


def numbers_of(found, row, nudge=0):
    """A row's losses and scores by a training of its own, and how far they may be off."""
    trained, scored = zip(*found.split.folds, strict=True)
    population, history = retrained(found, row, trained, row["epochs"], nudge)
    assert not history.diverged.any(), row
    losses = history.loss[:, : row["epochs"]].mean(axis=0)
    scores, far = np.transpose(scores_of(found, population, trained, scored))
    tolerance = CLOSE + 20 * CLOSE * losses if losses.max() < TAME else np.full(len(losses), np.inf)
    return np.concatenate([losses, scores]), np.concatenate([tolerance, far + 1e-6])


def check_networks(found):
    """Every network's losses and scores are those of its own training."""
    count = len(found.split.folds)
    names = [f"split{k}_validation_score" for k in range(count)]
    names = names if found.has_folds else ["validation_score"]
    for row in found.rows:
        if row["diverged"]:
            check_diverged(found, row, [fold.train for fold in found.split.folds])
            continue
        losses = found.losses[row["network"]][: row["epochs"]]
        assert np.isclose(row["loss"], losses[-1], rtol=1e-5)
        scores = [row[name] for name in names]
        said = np.array([*losses, *scores], float)
        mine, tolerance = numbers_of(found, row)
        if (np.abs(said - mine) > tolerance).any():  # Adam makes steps of roundings, where all is 0
            others = [numbers_of(found, row, nudge)[0] for nudge in range(1, NUDGES + 1)]
            tolerance += 20 * np.abs(np.array(others) - mine).max()
        assert (np.abs(said - mine) <= tolerance).all(), (row, said, mine, tolerance)


def check_diverged(found, row, trained):
    """It is the worst, and the reference's network of the trial is on its way out too."""
    assert row["validation_score"] == -np.inf
    population, history = retrained(found, row, trained, found.epochs)
    sizes = [np.nanmax(np.abs(found_loss), initial=0.0) for found_loss in history.loss]
    weights = np.abs(population.parameters.astype(np.float64)).max(axis=1)
    wild = history.diverged | (np.array(sizes) > 1e15) | (weights > 1e9)
    assert wild.any(), row


# --- the best one, the ranking, the study ---------------------------------------------------------


def check_ranking(found):
    """Rows are in the order of their scores, and these are means of their folds'."""
    scores = [row["validation_score"] for row in found.rows]
    assert all(score == score for score in scores), "no score is NaN"
    numbers = [(-score, row["network"]) for score, row in zip(scores, found.rows, strict=True)]
    assert numbers == sorted(numbers)
    for row in found.rows:
        assert row["diverged"] == (row["validation_score"] == -np.inf)
        splits = [value for name, value in row.items() if re.match(r"split\d+_", name)]
        if splits:
            assert np.isclose(row["validation_score"], np.mean(splits))
            if not row["diverged"]:
                assert np.isclose(row["validation_std"], np.std(splits), atol=1e-12)


def check_best(found):
    """The saved network has the first row's scores, by scikit-learn's metrics."""
    first = found.rows[0]
    if first["diverged"]:
        assert found.model is None
        return
    population = found.model.population
    raw, whole = found.asked.inputs, found.split.winner
    np.testing.assert_allclose(found.model.scaler.mean, StandardScaler().fit(raw[whole]).mean_)
    check_outputs(found, population, scale(raw, whole))
    parts = {"validation": found.split.folds[0].validation}
    if found.has_folds:  # the winner was trained anew, on these rows too
        parts = {}
    if len(found.split.test):
        parts["test"] = found.split.test
    else:
        assert "test_score" not in first
    beside = "accuracy" if found.classes else "r2"
    for name, part in parts.items():
        predict = found.model.predict_proba if found.classes else found.model.predict
        predicted, truth = predict(found.asked.frame)[part], found.targets[part]
        for column, metric in ((f"{name}_score", found.metric), (f"{name}_{beside}", beside)):
            said = first.get(column)
            if said is not None and np.isfinite(said):
                mine = score_by(metric, truth, predicted)
                assert np.isclose(said, mine, rtol=1e-4, atol=1e-5), column
    if found.has_folds:
        check_refit(found, first)


def check_outputs(found, population, X):
    """The network's outputs are what scikit-learn, and PyTorch, make of its parameters."""
    mine, X = population.predict(X)[0], X.astype(np.float32)
    others = []
    if find_spec("torch"):
        import torch

        with torch.no_grad():
            others.append(population.to_torch(0)(torch.from_numpy(X)).numpy())
    activations = {*population.mlp.activations}
    if activations <= LIKE_SCIKIT_LEARN and len(activations) < 2:
        estimator = population.to_sklearn(0)
        ask = estimator.predict_proba if found.classes else estimator.predict
        with np.errstate(all="ignore"):
            others.append(ask(X).reshape(mine.shape))
    for theirs in others:
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-3 * np.abs(mine).max())


def check_refit(found, first):
    """A cross-validation's winner is trained anew for the epochs that it was ranked at."""
    ran = [
        retrained(found, first, [found.split.winner], first["epochs"], nudge)
        for nudge in range(NUDGES + 1)
    ]
    mine, *others = (population.parameters[0] for population, _ in ran)
    if ran[0][1].diverged[0] or np.abs(mine).max() > TAME:
        return
    rounding = 20 * np.abs(np.array(others) - mine).max()
    there = found.model.population.parameters[0]
    np.testing.assert_allclose(there, mine, rtol=CLOSE, atol=CLOSE * np.abs(mine).max() + rounding)


def check_study(found):
    """Every trial is in the study, with its hyperparameters, and a value only if it is a score."""
    url = found.manifest["storage"] or f"sqlite:///{found.folder / 'study.db'}"
    study = optuna.load_study(study_name=found.manifest["study_name"], storage=url)
    trials = {trial.user_attrs["network"]: trial for trial in study.get_trials(deepcopy=False)}
    assert trials.keys() == {row["network"] for row in found.rows}
    for row in found.rows:
        trial = trials[row["network"]]
        for name, value in trial.params.items():
            assert str(row[name]) == str(value) or np.isclose(float(row[name]), float(value)), name
        whole = row["epochs"] == found.epochs and not row["diverged"]
        assert (trial.state.name == "COMPLETE") == whole
        if whole:
            assert np.isclose(trial.value, row["validation_score"])
    complete = [trial for trial in trials.values() if trial.state.name == "COMPLETE"]
    if complete:
        best = max(trial.value for trial in complete)
        assert np.isclose(study.best_value, best)


def check_manifest(found):
    """What the folder says of its table, and how many samples networks learned from."""
    said, options = found.manifest, found.asked.options
    assert (said["rows"], said["inputs"]) == found.asked.inputs.shape
    assert said["classes"] == found.classes
    asked, usual = options.get("metric"), "neg_root_mean_squared_error"
    if found.classes:
        usual = "neg_log_loss"
    score = "accuracy" if found.classes else "r2"
    assert said["metric"] == {None: usual, "score": score}.get(asked, asked)
    assert said["networks"] == len(found.rows) <= options["networks"]
    assert (said["epochs"], said["test"]) == (options["epochs"], options["test"])
    assert not said["interrupted"]
    learned = sum(len(fold.train) for fold in found.split.folds)
    if not any(row["diverged"] for row in found.rows):  # some of its folds may have gone on
        assert said["sample_updates"] == learned * sum(row["epochs"] for row in found.rows)


def check_words(found):
    """What the terminal said."""
    out, rows = " ".join(found.out.split()), found.rows
    (n, columns), count, metric = found.asked.X.shape, len(rows), named(found.metric)
    diverged = sum(row["diverged"] for row in rows)
    assert re.search(rf"\b{n} rows, {columns} columns?,", out)
    assert re.search(rf"\b{count} networks?( on each of \d folds)? in [\d.]+ (s|min)\b", out)
    assert f"; {diverged} diverged" in out
    assert not re.search(r"\bnan\b", out)
    if found.model is None:
        assert "learning rate" in out or "learning_rate" in out or "--learning-rate" in out
        assert "use it" not in out
        return
    assert metric.format(rows[0]["validation_score"]) in out
    tests = [row.get("test_score") for row in rows]
    tests = [score for score in tests if score is not None and np.isfinite(score)]
    said = re.search(rf"test {metric.label} of [^:]*: (-?\d[^\s;]*)", out)
    if tests:
        assert said, out
        assert said[1] == metric.format(max(tests))
    else:
        assert not said


def check_report(found):
    """What the report says first, and that it has a sentence for each figure."""
    read = read_run(found.folder)
    assert all(figure.caption(read).sentence.endswith(".") for figure in figures_of(read).values())
    words, first = report_leaderboard.sentence(read), found.rows[0]
    if found.model is None:
        assert words.startswith("No network has a score")
        return
    assert words.startswith(f"Network {first['network']} is first: ")
    assert named(found.metric).format(first["validation_score"]) in words
    assert ("no test part" in words) == (not len(found.split.test))


def check_predictions(found, data):
    """The saved network predicts for the table as its Python object does, also in the folder."""
    path = found.folder / "predictions.parquet"
    if found.model is None:
        assert not path.exists()
        return
    check_kept_predictions(found, path)
    code, out, err = run("predict", found.folder / "best.safetensors", data, "--output", "-")
    assert code == 0, err
    said = pl.read_csv(io.StringIO(out))["prediction"].to_numpy()
    np.testing.assert_array_equal(said, found.model.predict(found.asked.frame))


def check_kept_predictions(found, path):
    """What the best network predicts for rows that it was not trained on."""
    parts = {} if found.has_folds else {"validation": found.split.folds[0].validation}
    parts |= {"test": found.split.test} if len(found.split.test) else {}
    assert path.exists() == bool(parts)
    if not parts:
        return
    kept = pl.read_parquet(path)
    assert {*kept["part"]} == {*parts}
    for part, rows in parts.items():
        own = kept.filter(pl.col("part") == part)
        numbers = own["row"].to_numpy() - 1
        np.testing.assert_array_equal(np.sort(numbers), np.sort(rows))
        np.testing.assert_array_equal(own["truth"].to_numpy(), found.asked.y[numbers])
        predicted = found.model.predict(found.asked.frame)[numbers]
        if found.classes:
            np.testing.assert_array_equal(own["prediction"].to_numpy(), predicted)
            expected = found.model.predict_proba(found.asked.frame)[numbers]
            columns = [f"probability_{name}" for name in found.classes]
            np.testing.assert_allclose(own.select(columns).to_numpy(), expected, atol=1e-6)
        else:
            np.testing.assert_allclose(own["prediction"].to_numpy(), predicted, rtol=1e-6)


def check(found, data):
    """All of it; ``data`` is the table's file."""
    check_ranking(found)
    check_study(found)
    check_manifest(found)
    check_words(found)
    check_report(found)
    check_predictions(found, data)
    check_networks(found)
    check_best(found)

"""Who answers: bpfast, and its rivals at their defaults, each on what it takes best."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from .preparation import Filled, Native, Scaled, plain, text
from .tables import CLASSES, NUMBERS, Part

BPFAST, SINGLE = "bpfast", "bpfast, single winner"
MOST_CATEGORIES = 255  # of a column, that scikit-learn's trees take
# Of test rows, by the names of what answers: (rows, classes) probabilities, or (rows,) numbers.
Predict = Callable[[pd.DataFrame], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Runner:
    """A way to get from rows to predictions.

    Attributes
    ----------
    fit : makes it of the rows to train on, and of a seed
    packages : what has to be installed
    modules : what is imported before the clock runs
    answers : what its predictions are called
    tasks : what it is for
    """

    fit: Callable[[Part, int], Predict]
    packages: tuple[str, ...]
    modules: tuple[str, ...]
    answers: tuple[str, ...]
    tasks: tuple[str, ...] = (CLASSES, NUMBERS)


def _bpfast(train: Part, seed: int, **options: Any) -> Predict:
    """One sweep, as it is by default; its ensemble, and its best network."""
    bp = importlib.import_module("bpfast")
    task = "classification" if train.classes else "regression"
    table, target = train.X.assign(**{"(target)": train.y}), "(target)"
    result = bp.sweep(table, target, task=task, test=0.0, seed=seed, **options)
    answers = {BPFAST: result.ensemble, SINGLE: result.model}

    def predict(X: pd.DataFrame) -> dict[str, np.ndarray]:
        return {name: _ours(model, X, train.classes) for name, model in answers.items()}

    return predict


def _ours(model: Any, X: pd.DataFrame, classes: int) -> np.ndarray:
    if not classes:
        return model.predict(X)
    return _all_classes(model.predict_proba(X), [int(name) for name in model.classes], classes)


def _all_classes(probabilities: np.ndarray, found: Any, classes: int) -> np.ndarray:
    """A column for each class of the table, also for those that no training row had."""
    whole = np.zeros((len(probabilities), classes))
    whole[:, found] = probabilities
    return whole


@dataclass(frozen=True)
class Rival:
    """An estimator with scikit-learn's methods.

    Attributes
    ----------
    packages, module : what has to be installed, and where the estimator is
    estimators : its name, with ``{}`` for Classifier and Regressor
    prepare : makes a preparation of the rows to train on
    options : beside ``random_state``
    categories : whether it is told by ``cat_features`` which columns are words
    scale_target : whether it is given a target of numbers scaled, as it does not do so itself
    tasks : what it is for
    """

    packages: tuple[str, ...]
    module: str
    estimators: str
    prepare: Callable[[pd.DataFrame], Callable]
    options: dict[str, Any] = field(default_factory=dict)
    categories: bool = False
    scale_target: bool = False
    tasks: tuple[str, ...] = (CLASSES, NUMBERS)

    def named(self, name: str) -> Runner:
        """The runner whose answer has this name."""

        def fit(train: Part, seed: int) -> Predict:
            predict = self.fit(train, seed)
            return lambda X: {name: predict(X)}

        return Runner(fit, self.packages, (self.module,), (name,), self.tasks)

    def fit(self, train: Part, seed: int) -> Callable[[pd.DataFrame], np.ndarray]:
        """What predicts raw rows."""
        kind = "Classifier" if train.classes else "Regressor"
        estimator = getattr(importlib.import_module(self.module), self.estimators.format(kind))
        prepared = self.prepare(train.X)
        given = {"random_state": seed, **self.options}
        if self.categories:
            given["cat_features"] = [*plain(train.X)[1]]
        if train.classes:
            model = estimator(**given).fit(prepared(train.X), train.y)
            found, many = model.classes_, train.classes
            return lambda X: _all_classes(model.predict_proba(prepared(X)), found, many)
        mean, scale = (train.y.mean(), train.y.std()) if self.scale_target else (0.0, 1.0)
        model = estimator(**given).fit(prepared(train.X), (train.y - mean) / scale)
        return lambda X: np.ravel(model.predict(prepared(X))) * scale + mean


SKLEARN, PYTABKIT = ("scikit-learn",), ("pytabkit", "torch")
RIVALS = {
    "scikit-learn MLP": Rival(
        SKLEARN, "sklearn.neural_network", "MLP{}", Scaled, scale_target=True
    ),
    "HistGB": Rival(
        *(SKLEARN, "sklearn.ensemble", "HistGradientBoosting{}"),
        lambda X: Native(X, MOST_CATEGORIES),
    ),
    "LightGBM": Rival(("lightgbm",), "lightgbm", "LGBM{}", Native, {"verbose": -1}),
    "CatBoost": Rival(
        *(("catboost",), "catboost", "CatBoost{}", lambda _: text),
        {"verbose": False, "allow_writing_files": False},
        categories=True,
    ),
    "RealMLP": Rival(PYTABKIT, "pytabkit", "RealMLP_TD_{}", Filled),
    "TabM": Rival(PYTABKIT, "pytabkit", "TabM_D_{}", Filled),
    # By default both keep the epoch with the fewest wrong classes, and RealMLP smoothes labels.
    "RealMLP, told log loss": Rival(
        *(PYTABKIT, "pytabkit", "RealMLP_TD_{}", Filled),
        {"val_metric_name": "cross_entropy", "use_ls": False},
        tasks=(CLASSES,),
    ),
    "TabM, told log loss": Rival(
        *(PYTABKIT, "pytabkit", "TabM_D_{}", Filled),
        {"val_metric_name": "cross_entropy"},
        tasks=(CLASSES,),
    ),
}
RUNNERS: dict[str, Runner] = {
    BPFAST: Runner(_bpfast, ("bpfast", "numba"), ("bpfast",), (BPFAST, SINGLE)),
    **{name: rival.named(name) for name, rival in RIVALS.items()},
}

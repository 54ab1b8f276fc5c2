"""Who answers: bpfast, and its rivals at their defaults, each on what it takes best."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
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
    packages : what has to be installed, the first to be imported before the clock runs
    modules : what is imported then
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


def _of(
    name: str,
    module: str,
    estimators: str,
    prepare: Callable[[pd.DataFrame], Callable],
    options: dict[str, Any] | None = None,
    *,
    categories: bool = False,
    scale_target: bool = False,
) -> Callable[[Part, int], Predict]:
    """How an estimator with scikit-learn's methods answers.

    Parameters
    ----------
    name : what the answer is called
    module, estimators : where they are, and their name with ``{}`` for Classifier and Regressor
    prepare : makes a preparation of rows to train on
    options : beside ``random_state``
    categories : whether it is told by ``cat_features`` which columns are words, text in them
    scale_target : whether it is given a target of numbers scaled, as it does not do so itself
    """

    def fit(train: Part, seed: int) -> Predict:
        kind = "Classifier" if train.classes else "Regressor"
        estimator = getattr(importlib.import_module(module), estimators.format(kind))
        prepared = prepare(train.X)
        given = {"random_state": seed, **(options or {})}
        if categories:
            given["cat_features"] = [*plain(train.X)[1]]
        mean, scale = (train.y.mean(), train.y.std()) if scale_target else (0.0, 1.0)
        y = train.y if train.classes else (train.y - mean) / scale
        model = estimator(**given).fit(prepared(train.X), y)

        def predict(X: pd.DataFrame) -> dict[str, np.ndarray]:
            if not train.classes:
                return {name: np.ravel(model.predict(prepared(X))) * scale + mean}
            probabilities = model.predict_proba(prepared(X))
            return {name: _all_classes(probabilities, model.classes_, train.classes)}

        return predict

    return fit


def _rival(
    name: str, packages: tuple[str, ...], module: str, estimators: str, *given: Any, **more: Any
) -> tuple[str, Runner]:
    tasks = more.pop("tasks", (CLASSES, NUMBERS))
    fit = _of(name, module, estimators, *given, **more)
    return name, Runner(fit, packages, (module,), (name,), tasks)


_SKLEARN, _PYTABKIT = ("scikit-learn",), ("pytabkit", "torch")
# RealMLP and TabM keep the epoch with the fewest wrong classes, and RealMLP smoothes labels, unless
# they are told what is asked for.
_BY_LOG_LOSS = {"val_metric_name": "cross_entropy"}
RUNNERS: dict[str, Runner] = {
    BPFAST: Runner(_bpfast, ("bpfast", "numba"), ("bpfast",), (BPFAST, SINGLE)),
    **dict(
        (
            _rival(
                *("scikit-learn MLP", _SKLEARN, "sklearn.neural_network", "MLP{}", Scaled),
                scale_target=True,
            ),
            _rival(
                *("HistGB", _SKLEARN, "sklearn.ensemble", "HistGradientBoosting{}"),
                lambda X: Native(X, MOST_CATEGORIES),
            ),
            _rival(
                *("LightGBM", ("lightgbm",), "lightgbm", "LGBM{}", Native),
                {"verbose": -1},
            ),
            _rival(
                *("CatBoost", ("catboost",), "catboost", "CatBoost{}", lambda _: text),
                {"verbose": False, "allow_writing_files": False},
                categories=True,
            ),
            _rival("RealMLP", _PYTABKIT, "pytabkit", "RealMLP_TD_{}", Filled),
            _rival("TabM", _PYTABKIT, "pytabkit", "TabM_D_{}", Filled),
            _rival(
                *("RealMLP, told log loss", _PYTABKIT, "pytabkit", "RealMLP_TD_{}", Filled),
                _BY_LOG_LOSS | {"use_ls": False},
                tasks=(CLASSES,),
            ),
            _rival(
                *("TabM, told log loss", _PYTABKIT, "pytabkit", "TabM_D_{}", Filled),
                _BY_LOG_LOSS,
                tasks=(CLASSES,),
            ),
        )
    ),
}

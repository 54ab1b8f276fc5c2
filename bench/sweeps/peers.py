"""What people search hyperparameters with today: Optuna, with scikit-learn's estimators."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from ...errors import import_optional

if TYPE_CHECKING:
    from optuna import Trial

EPOCHS = 30  # as many as a sweep has


def trials_per_second(X: np.ndarray, y: np.ndarray, trials: int) -> float:
    """Trials a second of Optuna's TPE and Hyperband, over the usual space, as its manual has it."""
    optuna = import_optional("optuna", "sweep")
    train, held, targets, expected = train_test_split(X, y, test_size=0.2, random_state=0)
    classes = np.unique(y)

    def objective(trial: Trial) -> float:
        mlp = MLPClassifier(
            trial.suggest_categorical("hidden", (16, 32, 64)),
            batch_size=64,
            learning_rate_init=trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True),
            alpha=trial.suggest_float("l2", 1e-6, 1e-2, log=True),
            random_state=0,
        )
        for epoch in range(EPOCHS):
            mlp.partial_fit(train, targets, classes=classes)
            score = float(mlp.score(held, expected))
            trial.report(score, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return score

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.HyperbandPruner(1, EPOCHS, 3),
    )
    start = time.perf_counter()
    study.optimize(objective, n_trials=trials)
    optuna.logging.set_verbosity(level)
    return trials / (time.perf_counter() - start)


def epoch_seconds(X: np.ndarray, y: np.ndarray, hidden: int) -> float:
    """Seconds that an epoch of one of scikit-learn's classifiers takes."""
    mlp = MLPClassifier(hidden, batch_size=64, max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch on purpose
        start = time.perf_counter()
        mlp.fit(X, y)
        return time.perf_counter() - start

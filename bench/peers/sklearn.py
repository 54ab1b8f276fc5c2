"""scikit-learn: a loop over estimators."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from ..measure import Run
from ..workloads import Job, Workload
from .start import needed

TINY = 1e-12
STEPS = 1000  # about half a second; more networks take it as much longer


def few_networks(job: Job) -> Job:
    """A few of the networks; scikit-learn's always have biases, and its shuffle is its own.

    It adds Adam's epsilon before it corrects for the bias: a tiny one is the same in both places.
    """
    steps = sum(workload.steps * workload.epochs for workload in job.workloads)
    most = max(1, STEPS // steps)
    return replace(
        job,
        workloads=tuple(
            replace(w, networks=min(most, w.networks), bias=True, shuffle=False, epsilon=TINY)
            for w in job.workloads
        ),
    )


def build(workload: Workload) -> Run:
    """Estimators that go on from bpfast's weights."""
    library = needed("sklearn.neural_network", "scikit-learn")
    mse = workload.loss == "mse"  # scikit-learn's is half of it: twice the rate makes up for that
    make = library.MLPRegressor if mse else library.MLPClassifier
    factor = 2.0 if mse else 1.0
    population, (X, y) = workload.population(), workload.data()
    estimators = [
        make(
            hidden_layer_sizes=workload.layers[1:-1],
            activation=workload.activation,
            solver=workload.optimizer,
            alpha=0.0,
            batch_size=workload.batch_size,
            learning_rate_init=rate * factor,
            max_iter=workload.epochs,
            shuffle=False,
            tol=0.0,
            warm_start=True,  # fit goes on from the weights that are there
            momentum=workload.momentum,
            epsilon=workload.epsilon,
            nesterovs_momentum=False,
            n_iter_no_change=10**9,
        )
        for rate in workload.learning_rates
    ]
    y, rows = y.ravel(), [slice(None)] * workload.networks
    if workload.folds:
        rows = [workload.fold_rows[k] for k in workload.fold_of]
    for estimator in estimators:
        estimator.partial_fit(X, y, **({} if mse else {"classes": np.unique(y)}))

    def reset() -> None:
        for k, estimator in enumerate(estimators):
            estimator.coefs_ = [w[k].copy() for w in population.weights]
            estimator.intercepts_ = [b[k].copy() for b in population.biases]

    def train() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "not converged": this is meant to be short
            for estimator, own in zip(estimators, rows, strict=True):
                estimator.fit(X[own], y[own])
        return np.array([factor * estimator.loss_ for estimator in estimators])

    return Run(train, reset)

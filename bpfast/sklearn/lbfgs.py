"""solver="lbfgs": SciPy's L-BFGS-B over the fused gradients of all samples."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from sklearn.utils.optimize import _check_optimize_result

from ..arrays import samples_on_host
from ..training import dispatch
from ..training.population import Population
from ..training.samples import check_samples
from .fits import NOT_FINITE, Fit, population_of


def train(fits: list[Fit], X: np.ndarray) -> bool:
    """Minimise each fit's loss and penalty, one after the other."""
    for fit in fits:
        try:
            _minimise(fit, X[fit.rows])
        except Exception as error:
            fit.error = error
    return False


def _minimise(fit: Fit, X: np.ndarray) -> None:
    estimator = fit.estimator
    # float64, as the line search compares losses that are equal in float32
    network = population_of([estimator], "float64")
    result = minimize(
        _objective(fit, network, X),
        network.parameters[0].copy(),
        method="L-BFGS-B",
        jac=True,
        options={
            "maxfun": estimator.max_fun,
            "maxiter": estimator.max_iter,
            "gtol": estimator.tol,
        },
    )
    estimator.n_iter_ = _check_optimize_result("lbfgs", result, estimator.max_iter)
    estimator.loss_ = result.fun
    network.parameters = result.x[None]
    coefs, intercepts = network.arrays(0)
    dtype = fit.dtype
    estimator.coefs_ = [array.astype(dtype) for array in coefs]
    estimator.intercepts_ = [array.astype(dtype) for array in intercepts]
    if not np.isfinite(result.x).all():
        raise ValueError(NOT_FINITE)


def _objective(fit: Fit, network: Population, X: np.ndarray):
    """Loss with penalty, and its gradient, of one vector of all parameters."""
    mlp = network.mlp
    samples = samples_on_host(check_samples(X, fit.targets, fit.weights, mlp, np.float64))
    plan = dispatch.choose(mlp, 1, len(X), fit.estimator.device, dtype="float64")
    kernels = dispatch.kernels(plan.device)
    # dispatch may choose a strategy for many networks: here is one, with all samples in its batch
    strategy = plan.strategy if plan.device == "reference" else "large batch"
    decay = network.with_parameters(np.zeros_like(network.parameters))
    for weights in decay.weights:  # biases have no penalty
        weights += fit.estimator.alpha / samples.weights.sum()
    divisor = fit.loss_divisor

    def objective(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slopes = kernels.gradients(strategy, mlp.network, parameters[None], samples)
        shrink = decay.parameters[0] * parameters
        return float(loss[0]) / divisor + 0.5 * shrink @ parameters, slopes[0] + shrink

    return objective

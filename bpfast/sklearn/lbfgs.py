"""solver="lbfgs": SciPy's L-BFGS-B over the fused gradients of all samples."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from sklearn.utils.optimize import _check_optimize_result

from ..population import Population
from ..training import gradients
from .preparation import Fit


def train(fits: list[Fit], X: np.ndarray) -> bool:
    """Minimise each fit's loss and penalty, one after the other."""
    for fit in fits:
        try:
            _minimise(fit, X[fit.rows])
        except Exception as error:
            fit.error = error
    return False


def _minimise(fit: Fit, X: np.ndarray) -> None:
    estimator, weights = fit.estimator, fit.weights
    # The line search compares losses that differ by less than float32 can tell.
    network = Population.from_arrays(
        fit.mlp, estimator.coefs_, estimator.intercepts_, dtype="float64"
    )
    X = np.ascontiguousarray(X, np.float64)
    targets = fit.targets.astype(np.float64)
    total = len(X) if weights is None else weights.sum()
    # scikit-learn's squared error is the mean over outputs, whose slope it takes for the sum's
    outputs = targets.shape[1] if fit.mlp.loss == "half_squared_error" else 1

    def objective(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        network.parameters = parameters[None]
        loss, slopes, bias_slopes = gradients(network, X, targets, weights, estimator.device)
        parts, squares = [], 0.0
        for matrix, slope, bias_slope in zip(network.weights, slopes, bias_slopes, strict=True):
            parts += [(slope + estimator.alpha / total * matrix).ravel(), bias_slope.ravel()]
            squares += float((matrix**2).sum())
        penalty = 0.5 * estimator.alpha * squares / total
        return float(loss[0]) / outputs + penalty, np.concatenate(parts)

    result = minimize(
        objective,
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
    estimator.coefs_ = [array.astype(estimator.dtype) for array in coefs]
    estimator.intercepts_ = [array.astype(estimator.dtype) for array in intercepts]

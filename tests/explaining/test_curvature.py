"""bpfast.explaining.curvature: the greatest eigenvalue of the error's Hessian."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.explaining import explain
from bpfast.explaining.curvature import max_curvature


@pytest.mark.parametrize("layers", [(2, 3, 2), (3, 4, 2, 1)])
def test_curvature_is_that_of_the_error_along_its_own_direction(layers):
    """No direction curves more than λmax says, and some direction as much."""
    rng = np.random.default_rng(0)
    mlp = bp.MLP(layers, activation="tanh", loss="mse")
    start = bp.Population(mlp, 1, dtype="float64", init="torch")
    weights, biases = [w[0] for w in start.weights], [b[0] for b in start.biases]
    x, y = rng.normal(size=layers[0]), rng.normal(size=layers[-1])
    e = explain(mlp, weights, x, y, 0.1, biases, "reference")
    directions = np.vstack([rng.normal(size=(200, mlp.n_parameters)), np.eye(mlp.n_parameters)])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    h = 1e-3
    moved = np.vstack([start.parameters[0] + way * h * directions for way in (1, -1)])
    errors = bp.gradients(
        start[np.zeros(len(moved), int)].with_parameters(moved), [x], [y], device="reference"
    )[0]
    curvatures = (errors[: len(directions)] + errors[len(directions) :] - 2 * e.error) / h**2
    assert curvatures.max() <= max_curvature(e, e.population()) * (1 + 1e-4)
    assert curvatures.max() >= max_curvature(e, e.population()) / mlp.n_parameters

"""The loss of networks, and its gradient by backpropagation, as a fit takes them in each step."""

from __future__ import annotations

from ..arrays import samples_on_host
from ..kernels.task import DTYPE_NAMES
from . import dispatch
from .population import Population, check_population
from .samples import check_samples


def gradients(population: Population, X, y, sample_weight=None, device: str = "auto"):
    """Loss of every network on all samples, and its gradient.

    Parameters
    ----------
    population : Population
    X, y, sample_weight : as for :func:`fit`
    device : "auto", "cpu", "cuda" or "reference"

    Returns
    -------
    loss : (n,)
    weight_gradients : list of (n, d_in, d_out), like ``population.weights``
    bias_gradients : list of (n, d_out), like ``population.biases``
        All are CuPy's where ``X`` is on a GPU and the device is "cuda".

    Raises
    ------
    TypeError, ValueError, DeviceError
        Bad input, before any work.
    """
    check_population(population)
    mlp, dtype = population.mlp, population.dtype
    samples = check_samples(X, y, sample_weight, mlp, dtype)
    plan = dispatch.choose(
        mlp, len(population), len(samples.inputs), device, dtype=DTYPE_NAMES[dtype]
    )
    if plan.device != "cuda":
        samples = samples_on_host(samples)
    kernels = dispatch.kernels(plan.device)
    parameters = population.storage.readable(plan.device)
    loss, rows = kernels.gradients(plan.strategy, mlp.network, parameters, samples)
    like = population.with_parameters(rows)
    return loss, like.weights, like.biases

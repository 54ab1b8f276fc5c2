"""The fused kernels' gradients beside finite differences of the loss, for any network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..arrays import to_host
from ..checks import check_int
from ..training import dispatch
from ..training.backpropagation import gradients
from ..training.population import Population
from .differences import STEP, gradient_rows, neighbours
from .text_table import text_table

MOST = 200  # parameters of an array that are moved
TOLERANCES = {"float64": 1e-6, "float32": 1e-3}  # of an array's greatest gradient
ROUNDINGS = 8  # by which a loss may be off, in units of its last place


@dataclass(frozen=True)
class ArrayCheck:
    """One array of parameters, by the entry whose gradient is furthest from what is allowed.

    Attributes
    ----------
    name : "weights[0]", "biases[0]", ... as in :class:`Population`
    checked : how many parameters were moved, in each network
    index : the entry: network, then its place in the array
    gradient : ∂E/∂w there, from the kernel
    difference : (E(w + h) - E(w - h)) / 2h there, with E in float64
    error : how far the two are apart
    allowed : a share of the array's greatest gradient (1e-6 in float64, 1e-3 in float32); half of
        what the slopes ahead and behind differ by, for a corner (of relu, of mae) may lie there;
        and what rounding of E makes of the difference
    """

    name: str
    checked: int
    index: tuple[int, ...]
    gradient: float
    difference: float
    error: float
    allowed: float

    @property
    def passed(self) -> bool:
        """Whether the two agree as well as they can (NaN does not)."""
        return self.error <= self.allowed


@dataclass(frozen=True)
class GradientCheck:
    """What :func:`check_gradients` returns; ``str`` of it is a table.

    Attributes
    ----------
    arrays : tuple of ArrayCheck
    networks : how many there are
    device, strategy, dtype : what computed the gradients
    """

    arrays: tuple[ArrayCheck, ...]
    networks: int
    device: str
    strategy: str
    dtype: str

    @property
    def passed(self) -> bool:
        """Whether all arrays passed."""
        return all(array.passed for array in self.arrays)

    def __str__(self) -> str:
        titles = ("furthest apart", "checked", "gradient", "difference", "apart", "allowed", "")
        rows: list[tuple[str, ...]] = [titles]
        for a in self.arrays:
            network, *place = a.index
            where = f"network {network}: " if self.networks > 1 else ""
            rows.append(
                (
                    f"{where}{a.name}[{', '.join(map(str, place))}]",
                    str(a.checked * self.networks),
                    f"{a.gradient: .9g}",
                    f"{a.difference: .9g}",
                    f"{a.error:.1e}",
                    f"{a.allowed:.1e}",
                    "ok" if a.passed else "FAILED",
                )
            )
        failed = sum(not array.passed for array in self.arrays)
        verdict = (
            f"the gradients of {failed} of {len(self.arrays)} arrays are not those of the loss"
            if failed
            else "all gradients agree with finite differences"
        )
        networks = "1 network" if self.networks == 1 else f"{self.networks} networks"
        what = f"{networks} in {self.dtype} on {self.device} ({self.strategy})"
        return "\n".join([f"{what}: {verdict}", "", *text_table(rows)])


def check_gradients(
    population: Population,
    X,
    y,
    sample_weight=None,
    device: str = "auto",
    most: int = MOST,
    seed: int = 0,
) -> GradientCheck:
    """Compare gradients by backpropagation with finite differences of the loss.

    Use it after :func:`register_loss` or :func:`register_activation`: a slope that is not the
    derivative of its function shows here. Each chosen parameter is moved by 1e-6 both ways, in all
    networks at once. Losses are computed in float64 on the same device, also where the population
    is float32.

    Parameters
    ----------
    population : Population
    X, y, sample_weight : as for :func:`fit`
    device : "auto", "cpu", "cuda" or "reference"
    most : int
        How many parameters of each array to move; larger arrays are sampled, alike in all networks.
    seed : int
        What they are sampled from.

    Returns
    -------
    GradientCheck

    Raises
    ------
    TypeError, ValueError, DeviceError
        Bad input, before any work.
    """
    most, rng = check_int("most", most, 1), np.random.default_rng(check_int("seed", seed, 0))
    rows = gradient_rows(population, X, y, sample_weight, device)
    mlp, dtype = population.mlp, population.parameters.dtype.name
    plan = dispatch.choose(mlp, len(population), len(X), device, "sgd", dtype)
    exact = population.with_parameters(population.parameters.astype(np.float64))

    def losses(networks: Population) -> np.ndarray:
        return to_host(gradients(networks, X, y, sample_weight, device)[0])

    now, tolerance = losses(exact)[:, None], TOLERANCES[dtype]
    arrays = []
    for name, places in _places(population):
        columns = places.ravel()
        if columns.size > most:
            columns = np.sort(rng.choice(columns, most, replace=False))
        sides = [neighbours(losses, exact, _along(exact, column)) for column in columns]
        ahead, behind = np.array(sides).transpose(1, 2, 0)
        gradient = rows[:, columns].astype(np.float64)
        arrays.append(_furthest(name, places, columns, gradient, ahead, behind, now, tolerance))
    return GradientCheck(tuple(arrays), len(population), plan.device, plan.strategy, dtype)


def _places(population: Population) -> Iterator[tuple[str, np.ndarray]]:
    """The name of each array of parameters, and the columns of ``parameters`` in its shape."""
    numbers = population[0].with_parameters(np.arange(population.mlp.n_parameters)[None])
    for kind, arrays in (("weights", numbers.weights), ("biases", numbers.biases)):
        for layer, array in enumerate(arrays):
            yield f"{kind}[{layer}]", array[0]


def _along(population: Population, column: int) -> np.ndarray:
    direction = np.zeros_like(population.parameters)
    direction[:, column] = 1.0
    return direction


def _furthest(name, places, columns, gradient, ahead, behind, now, tolerance) -> ArrayCheck:
    """The entry of an array that is furthest from what is allowed; arguments are (n, columns)."""
    difference = (ahead - behind) / (2 * STEP)
    corner = np.abs(ahead - 2 * now + behind) / (2 * STEP)
    error = np.abs(gradient - difference)
    rounding = ROUNDINGS * np.finfo(np.float64).eps * np.abs(now) / STEP
    allowed = corner + rounding + tolerance * np.abs(gradient).max(axis=1, keepdims=True)
    beyond = error - allowed
    i, k = np.unravel_index(np.where(np.isnan(beyond), np.inf, beyond).argmax(), beyond.shape)
    place = np.argwhere(places == columns[k])[0]
    return ArrayCheck(
        name=name,
        checked=len(columns),
        index=(int(i), *place.tolist()),
        gradient=float(gradient[i, k]),
        difference=float(difference[i, k]),
        error=float(error[i, k]),
        allowed=float(allowed[i, k]),
    )

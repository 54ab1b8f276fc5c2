"""The kernels' gradients beside finite differences of the loss, for any network."""

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

MOST = 200  # parameters that are moved in each array
TOLERANCES = {"float64": 1e-6, "float32": 1e-3}  # of an array's greatest gradient
ROUNDINGS = 8  # by which a loss may be off, in units of its last place


@dataclass(frozen=True)
class ArrayCheck:
    """One array of parameters, shown by its entry that is furthest beyond what is allowed.

    Attributes
    ----------
    name : "weights[0]", "biases[0]", ... as in :class:`Population`
    checked : how many parameters were moved, in each network
    index : of the entry: the network, then the entry's index in the network's array
    gradient : ∂E/∂w there, from the kernel
    difference : (E(w + h) - E(w - h)) / 2h there, with E in float64
    error : how far the two are apart
    allowed : the sum of three: a share of the array's greatest gradient (1e-6 in float64, 1e-3 in
        float32); half the difference between the slopes ahead and behind, as between them may lie
        a corner of relu or mae; and the rounding of E, divided by h
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
            network, *entry = a.index
            where = f"network {network}: " if self.networks > 1 else ""
            rows.append(
                (
                    f"{where}{a.name}[{', '.join(map(str, entry))}]",
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

    before, arrays = losses(exact)[:, None], []
    for name, columns in _parameter_columns(population):
        chosen = columns.ravel()
        if chosen.size > most:
            chosen = np.sort(rng.choice(chosen, most, replace=False))
        sides = [neighbours(losses, exact, _direction(exact, column)) for column in chosen]
        difference, uncertainty = _differences(before, *np.array(sides).transpose(1, 2, 0))
        gradient = rows[:, chosen].astype(np.float64)
        tolerance = TOLERANCES[dtype] * np.abs(gradient).max(axis=1, keepdims=True)
        allowed = uncertainty + tolerance
        arrays.append(_check_array(name, columns, chosen, gradient, difference, allowed))
    return GradientCheck(tuple(arrays), len(population), plan.device, plan.strategy, dtype)


def _parameter_columns(population: Population) -> Iterator[tuple[str, np.ndarray]]:
    """Each array's name, and in its shape the columns of ``parameters`` that it is a view of."""
    numbers = population[0].with_parameters(np.arange(population.mlp.n_parameters)[None])
    for group, arrays in (("weights", numbers.weights), ("biases", numbers.biases)):
        for layer, array in enumerate(arrays):
            yield f"{group}[{layer}]", array[0]


def _direction(population: Population, column: int) -> np.ndarray:
    direction = np.zeros_like(population.parameters)
    direction[:, column] = 1.0
    return direction


def _differences(
    before: np.ndarray, ahead: np.ndarray, behind: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Central differences of losses, and how far off they may be by corners and by rounding."""
    corner = np.abs(ahead - 2 * before + behind) / (2 * STEP)
    rounding = ROUNDINGS * np.finfo(np.float64).eps * np.abs(before) / STEP
    return (ahead - behind) / (2 * STEP), corner + rounding


def _check_array(
    name: str,
    columns: np.ndarray,
    chosen: np.ndarray,
    gradient: np.ndarray,
    difference: np.ndarray,
    allowed: np.ndarray,
) -> ArrayCheck:
    """The entry of an array that is furthest beyond what is allowed.

    ``gradient``, ``difference`` and ``allowed`` are (n, chosen), of the columns that were moved.
    """
    error = np.abs(gradient - difference)
    beyond = error - allowed
    i, k = np.unravel_index(np.where(np.isnan(beyond), np.inf, beyond).argmax(), beyond.shape)
    return ArrayCheck(
        name=name,
        checked=len(chosen),
        index=(int(i), *np.argwhere(columns == chosen[k])[0].tolist()),
        gradient=float(gradient[i, k]),
        difference=float(difference[i, k]),
        error=float(error[i, k]),
        allowed=float(allowed[i, k]),
    )

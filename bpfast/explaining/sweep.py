"""The learning rate has to be guessed: what 10,000 guesses lead to, for an explained network."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..checks import check_int
from ..training.backpropagation import gradients
from ..training.history import History
from ..training.population import Population
from .curvature import max_curvature
from .explanation import Explanation
from .one_step import descend

RATES = 10_000
STEPS = 20  # updates with each of them
DECADES = 8  # how far each way from a first guess the range is sought


@dataclass(frozen=True)
class LearningRateSweep:
    """What each of many learning rates leads to; what :func:`sweep_learning_rate` returns.

    Attributes
    ----------
    steps : updates that each rate made
    learning_rates : ascending, evenly spaced on a logarithmic scale
    errors : error after the last update with each of them; infinite where the numbers overflowed
    start_error : error before the first
    crawls_below : the rate below which less than half is reached of what the best one reaches;
        None where no rate lowers the error, or the slowest is fast enough
    best_rate, best_error : of the rates below ``diverges_from`` the one that ends with the least
        error, and that error; None and ``start_error`` where none lowers it
    diverges_from : the least rate that ends with a greater error than it began with; None where
        none does
    diverges_above : the greatest rate that does not; every rate above it diverges. Between the
        two, rates that diverge and rates that do not lie mixed. None where the greatest rate of
        all does not diverge.
    curvature, best_curvature : λmax, the greatest eigenvalue of the error's Hessian, at the start
        and where the best rate ends
    border, best_border : 2/λmax at these two places: where gradient descent on a parabola of that
        curvature begins to diverge; None where no direction curves upwards
    seconds : what training with all rates took, once its kernel is compiled
    device : the device that trained them
    """

    steps: int
    learning_rates: tuple[float, ...]
    errors: tuple[float, ...]
    start_error: float
    crawls_below: float | None
    best_rate: float | None
    best_error: float
    diverges_from: float | None
    diverges_above: float | None
    curvature: float
    best_curvature: float
    border: float | None
    best_border: float | None
    seconds: float
    device: str

    def as_dict(self) -> dict[str, Any]:
        """Everything as a dictionary of numbers and tuples; None stands for an infinite error."""
        errors = tuple(error if math.isfinite(error) else None for error in self.errors)
        return asdict(self) | {"errors": errors}


def sweep_learning_rate(
    explanation: Explanation, steps: int = STEPS, n: int = RATES
) -> LearningRateSweep:
    """Train an explained network with many learning rates at once, in float64.

    The range of rates begins a factor of 10 below the rates that crawl and ends as far above those
    that diverge, as a first sweep over 16 decades found them; it holds the explained rate.

    On a parabola, gradient descent diverges above 2/λmax, whatever the number of steps (LeCun et
    al., Efficient BackProp, 1998). A network's error is no parabola: its curvature changes on the
    way, so that the border moves, and it is no clean cut (Sohl-Dickstein, The boundary of neural
    network trainability is fractal, 2024). The result has 2/λmax at the start and at the end.

    Parameters
    ----------
    explanation : Explanation
        Its network, sample and device are used.
    steps : int
        Updates that each rate makes.
    n : int
        Number of rates, at least 2.

    Returns
    -------
    LearningRateSweep

    Raises
    ------
    TypeError, ValueError
        A number that is too small or not an integer.
    """
    steps, n = check_int("steps", steps, 1), check_int("n", n, 2)
    curvature = max_curvature(explanation, explanation.population())
    border = _border(curvature)
    guess = math.log10(border or explanation.learning_rate or 1.0)
    wide = np.logspace(max(guess - DECADES, -300), min(guess + DECADES, 300), n)
    low, high = _range(explanation, wide, _train(explanation, wide, steps)[0])
    rates = np.geomspace(low, high, n)
    errors, trained, history = _train(explanation, rates, steps)
    start, diverged = explanation.error, errors > explanation.error
    best = _best(errors, start)
    best_curvature = curvature if best is None else max_curvature(explanation, trained[best])
    return LearningRateSweep(
        steps=steps,
        learning_rates=tuple(rates.tolist()),
        errors=tuple(errors.tolist()),
        start_error=start,
        crawls_below=_crawls_below(rates, errors, start),
        best_rate=None if best is None else float(rates[best]),
        best_error=start if best is None else float(errors[best]),
        diverges_from=_first(rates, diverged),
        diverges_above=_last_converging(rates, diverged),
        curvature=curvature,
        best_curvature=best_curvature,
        border=border,
        best_border=_border(best_curvature),
        seconds=history.seconds,
        device=explanation.device,
    )


def _border(curvature: float) -> float | None:
    return 2.0 / curvature if curvature > 0 else None


def _train(
    explanation: Explanation, rates: np.ndarray, steps: int
) -> tuple[np.ndarray, Population, History]:
    """Errors after all steps with each rate, infinite where they overflow; the trained networks."""
    population = explanation.population()[np.zeros(len(rates), int)]
    sample, device = explanation.sample(), explanation.device
    history = descend(population, sample, learning_rate=rates, steps=steps, device=device, tol=None)
    errors = np.array(gradients(population, *sample, device=device)[0], np.float64)
    errors[history.diverged | ~np.isfinite(errors)] = np.inf
    return errors, population, history


def _range(explanation: Explanation, rates: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """The range of the rates worth a look."""
    start = explanation.error
    best = _best(errors, start)
    middle = float(rates[len(rates) // 2 if best is None else best])
    slow = _crawls_below(rates, errors, start) or middle
    wild = _first(rates, errors > start) or middle
    low, high = min(slow, wild) / 10, max(slow, wild) * 10
    own = explanation.learning_rate or low
    return min(low, own), max(high, own)


def _best(errors: np.ndarray, start: float) -> int | None:
    """The index of the least error below the first rate that diverges: above it, luck decides."""
    diverged = errors > start
    below = errors[: diverged.argmax()] if diverged.any() else errors
    return int(below.argmin()) if below.size and below.min() < start else None


def _crawls_below(rates: np.ndarray, errors: np.ndarray, start: float) -> float | None:
    """The first rate with half of the best one's decrease, unless it is the first of all."""
    best = _best(errors, start)
    if best is None:
        return None
    fast = errors <= (start + errors[best]) / 2
    return None if fast[0] else _first(rates, fast)


def _first(rates: np.ndarray, chosen: np.ndarray) -> float | None:
    return float(rates[chosen.argmax()]) if chosen.any() else None


def _last_converging(rates: np.ndarray, diverged: np.ndarray) -> float | None:
    """The last rate that did not diverge, if all above it did."""
    others = np.flatnonzero(~diverged)
    return float(rates[others[-1]]) if others.size and diverged[-1] else None

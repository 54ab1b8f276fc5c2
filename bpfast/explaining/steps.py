"""What comes after an explained step: the steps that follow, until the error is close to zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..checks import check_int
from ..training.population import Population
from ..training.training import gradients
from .chain import floats
from .explanation import Explanation, descend, explain

CLOSE = 1e-6  # the error that counts as close to zero
EACH = 20  # so many steps are all reported, later ones at round numbers
MOST_STEPS = 1000  # if nothing is said


@dataclass(frozen=True)
class Step:
    """Where gradient descent is after so many steps.

    Attributes
    ----------
    step : number of updates so far, from the first step on
    prediction : of each output
    error : the loss E
    """

    step: int
    prediction: tuple[float, ...]
    error: float


def repeat(explanation: Explanation, steps: Sequence[int], close: float = 0.0) -> list[Step]:
    """Repeat the explained step, until the error is close to zero.

    Parameters
    ----------
    explanation : Explanation
    steps : the numbers of steps to report on, ascending; 0 is before the explained one
    close : the error at which to end early

    Returns
    -------
    list of Step, one for each of ``steps`` that was reached; where the error came close or the
    network diverged on the way to the next, the step where it did so ends the list.
    """
    population, device = explanation.population(), explanation.device
    inputs, targets = explanation.sample()
    table: list[Step] = []
    done, diverged = 0, False
    for step in steps:
        if step > done:
            more, diverged = _onward(explanation, population, step - done, close)
            done += more
        error = float(gradients(population, inputs, targets, device=device)[0][0])
        prediction = floats(population.predict(inputs, device=device)[0, 0])
        table.append(Step(explanation.step - 1 + done, prediction, error))
        if diverged or not close < error < math.inf:
            break
    return table


def until_close(explanation: Explanation, steps: int | None = None) -> list[Step]:
    """The steps of a table that is short enough to read.

    Parameters
    ----------
    explanation : Explanation
    steps : how many to make; if None, as many as bring the error close to zero, at most 1000
    """
    most = MOST_STEPS if steps is None else check_int("steps", steps, 1)
    rounds = [m * 10**k for k in range(1, len(str(most))) for m in (1, 2, 5)]
    later_on = [step for step in rounds if EACH < step < most]
    return repeat(
        explanation,
        [*range(min(EACH, most) + 1), *later_on, *[most] * (most > EACH)],
        CLOSE if steps is None else 0.0,
    )


def later(explanation: Explanation, steps: int) -> Explanation:
    """Explain the step that comes so many steps later.

    Raises
    ------
    TypeError, ValueError
        ``steps`` is no whole number of at least 0; the network diverges before that step.
    """
    population, step = explanation.population(), explanation.step + check_int("steps", steps, 0)
    done, diverged = _onward(explanation, population, steps) if steps else (0, False)
    if diverged:
        raise ValueError(
            f"step {step} cannot be explained: the network diverges in step "
            f"{explanation.step + done}; take a smaller learning_rate than "
            f"{explanation.learning_rate:g}"
        )
    weights, biases = (
        [array[0] for array in kind] for kind in (population.weights, population.biases)
    )
    after = explain(
        explanation.mlp,
        weights,
        explanation.x,
        explanation.y,
        explanation.learning_rate,
        biases,
        explanation.device,
    )
    return replace(after, step=step)


def _onward(
    explanation: Explanation, population: Population, steps: int, close: float = 0.0
) -> tuple[int, bool]:
    """Some more steps, in place: how many were made, and whether the network diverged."""
    sample, rate = explanation.sample(), explanation.learning_rate
    history = descend(population, *sample, rate, steps, explanation.device, close)
    return int(history.epochs_run[0]), bool(history.diverged[0])

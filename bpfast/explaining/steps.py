"""The steps that follow an explained one, until the error is close to zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..checks import check_int
from ..training.backpropagation import gradients
from ..training.population import Population
from .chain import floats
from .explanation import Explanation
from .one_step import descend, explain

CLOSE = 1e-6  # the error that counts as close to zero
EACH = 20  # up to this step each one is reported, later ones at round numbers
MOST_STEPS = 1000  # unless `steps` says how many


@dataclass(frozen=True)
class Step:
    """Prediction and error after some steps of gradient descent.

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
    list of Step
        One for each of ``steps`` that was reached. Where the error comes close or the network
        diverges between two of them, that step ends the list.
    """
    population, device = explanation.population(), explanation.device
    inputs, targets = explanation.sample()
    table: list[Step] = []
    done, diverged = 0, False
    for step in steps:
        if step > done:
            more, diverged = _continue(explanation, population, step - done, close)
            done += more
        error = float(gradients(population, inputs, targets, device=device)[0][0])
        prediction = floats(population.predict(inputs, device=device)[0, 0])
        table.append(Step(explanation.step - 1 + done, prediction, error))
        if diverged or not close < error < math.inf:
            break
    return table


def until_close(explanation: Explanation, steps: int | None = None) -> list[Step]:
    """The steps that follow, few enough for a table.

    Parameters
    ----------
    explanation : Explanation
    steps : how many to make; if None, until the error is close to zero, at most 1000
    """
    most = MOST_STEPS if steps is None else check_int("steps", steps, 1)
    round_numbers = [m * 10**k for k in range(1, len(str(most))) for m in (1, 2, 5)]
    later_steps = [step for step in round_numbers if EACH < step < most]
    return repeat(
        explanation,
        [*range(min(EACH, most) + 1), *later_steps, *[most] * (most > EACH)],
        CLOSE if steps is None else 0.0,
    )


def later(explanation: Explanation, steps: int) -> Explanation:
    """Explain the step that comes ``steps`` later.

    Raises
    ------
    TypeError, ValueError
        ``steps`` is not an integer of at least 0, or the network diverges before that step.
    """
    population, step = explanation.population(), explanation.step + check_int("steps", steps, 0)
    done, diverged = _continue(explanation, population, steps) if steps else (0, False)
    if diverged:
        raise ValueError(
            f"step {step} cannot be explained: the network diverges in step "
            f"{explanation.step + done}; take a smaller learning_rate than "
            f"{explanation.learning_rate:g}"
        )
    weights, biases = (
        [array[0] for array in arrays] for arrays in (population.weights, population.biases)
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


def _continue(
    explanation: Explanation, population: Population, steps: int, close: float = 0.0
) -> tuple[int, bool]:
    """Make more steps, in place; return how many were made and whether the network diverged."""
    history = descend(
        population,
        explanation.sample(),
        learning_rate=explanation.learning_rate,
        steps=steps,
        device=explanation.device,
        tol=close,
    )
    return int(history.epochs_run[0]), bool(history.diverged[0])

"""What comes after an explained step: the steps that follow, until the error is close to zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .explain import Explanation, descend
from .explain_chain import floats
from .training import gradients


@dataclass(frozen=True)
class Step:
    """Where gradient descent is after so many steps.

    Attributes
    ----------
    step : number of updates so far
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
    steps : the numbers of steps to report on, ascending; 0 is the start
    close : the error at which to end early

    Returns
    -------
    list of Step, one for each of ``steps`` that was reached; where the error came close or the
    network diverged on the way to the next, the step where it did so ends the list.
    """
    population = explanation.population()
    inputs, targets = explanation.sample()
    device = explanation.device
    table: list[Step] = []
    done, diverged = 0, False
    for step in steps:
        if step > done:
            history = descend(
                population, inputs, targets, explanation.learning_rate, step - done, device, close
            )
            done, diverged = done + int(history.epochs_run[0]), bool(history.diverged[0])
        error = float(gradients(population, inputs, targets, device=device)[0][0])
        table.append(Step(done, floats(population.predict(inputs, device=device)[0, 0]), error))
        if diverged or error <= close:
            break
    return table

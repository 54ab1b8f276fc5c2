"""``bpfast explain``: what is told, of which network, and as what."""

from __future__ import annotations

import io
import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..checks import check_int, check_number
from ..errors import missing_extra

try:
    from rich.console import Console, RenderableType
except ImportError:
    raise missing_extra("rich", "cli") from None

from ..explaining.explanation import Explanation, explain
from ..explaining.network import TUTORIAL, read_network
from ..explaining.steps import later, until_close
from ..explaining.sweep import STEPS, sweep_learning_rate
from ..explaining.sweep_terminal import render_sweep
from ..explaining.terminal import render
from ..explaining.weight import find_parameter, render_weight


@dataclass(frozen=True)
class Options:
    """What was asked for.

    Attributes
    ----------
    network : a JSON file; the tutorial's network if None
    learning_rate : instead of the network's own
    step : which step to explain, from 1
    steps : how many to repeat, or to make with each learning rate
    weight : name of the only weight or bias to tell of
    sweep : whether to train with many learning rates
    """

    network: Path | None = None
    learning_rate: float | None = None
    step: int = 1
    steps: int | None = None
    weight: str | None = None
    sweep: bool = False


def run(options: Options, console: Console | None = None) -> None:
    """Tell it in the terminal.

    Raises
    ------
    ValueError
        An option, or the file and the network in it, cannot be used: what was given, what was
        expected.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # a pipe's own code page may have no ∂
    console = console or Console(highlight=False)
    with console.status("The first run compiles the kernels, which takes a while ..."):
        story = _story(options)
    console.print(story)


def to_json(options: Options) -> str:
    """The same as JSON: the explanation, the steps that follow and, if asked for, the sweep.

    A number that is infinite or none is null.

    Raises
    ------
    ValueError
        As in :func:`run`.
    """
    explanation = explained(options)
    data = explanation.as_dict()
    if options.weight is not None:
        part = find_parameter(explanation, options.weight)
        paths = [[asdict(factor) for factor in path] for path in explanation.paths(part.name)]
        data |= {"weight": asdict(part) | {"paths": paths}}
    data["repeat"] = [asdict(step) for step in until_close(explanation, options.steps)]
    if options.sweep:
        data["sweep"] = sweep_learning_rate(explanation, options.steps or STEPS).as_dict()
    return json.dumps(_finite(data), ensure_ascii=False, indent=1, allow_nan=False)


def explained(options: Options) -> Explanation:
    """The step that was asked for.

    Raises
    ------
    ValueError
        As in :func:`run`.
    """
    step = check_int("--step", options.step, 1)
    if options.steps is not None:
        check_int("--steps", options.steps, 1)
    arguments = TUTORIAL if options.network is None else read_network(options.network)
    if options.learning_rate is not None:
        rate = check_number("--learning-rate", options.learning_rate, 0.0)
        arguments = arguments | {"learning_rate": rate}
    explanation = explain(**arguments)
    return explanation if step == 1 else later(explanation, step - 1)


def _story(options: Options) -> RenderableType:
    explanation = explained(options)
    if options.weight is not None:
        return render_weight(explanation, options.weight)
    if options.sweep:
        return render_sweep(explanation, sweep_learning_rate(explanation, options.steps or STEPS))
    return render(explanation, until_close(explanation, options.steps))


def _finite(data: Any) -> Any:
    """The same data with None for numbers that JSON has not."""
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data

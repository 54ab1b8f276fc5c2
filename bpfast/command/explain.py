"""``bpfast explain``: what is told, of which network, and as what."""

from __future__ import annotations

import io
import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

from ..checks import check_int, check_number
from ..explaining import page
from ..explaining.explanation import Explanation
from ..explaining.network import TUTORIAL, read_network
from ..explaining.one_step import explain as explain_step
from ..explaining.steps import later, until_close
from ..explaining.sweep import STEPS, sweep_learning_rate
from ..explaining.sweep_terminal import render_sweep
from ..explaining.terminal import render
from ..explaining.weight import find_parameter, render_weight
from .console import stdout_console
from .options import with_options


@dataclass(frozen=True)
class Options:
    """What can be typed after ``bpfast explain``: a field is an option."""

    network: Annotated[
        Path | None, typer.Option(help="A network as a JSON file; the tutorial's if not given.")
    ] = None
    learning_rate: Annotated[
        float | None, typer.Option(help="Instead of the network's own.", show_default=False)
    ] = None
    step: Annotated[int, typer.Option(help="The step to explain; 1 is the first.")] = 1
    steps: Annotated[
        int | None,
        typer.Option(help="How many to repeat; until the error is close to 0 if not given."),
    ] = None
    weight: Annotated[
        str | None, typer.Option(help="Only one weight or bias, such as w1.", show_default=False)
    ] = None
    sweep: Annotated[
        bool, typer.Option("--sweep", help="The error against 10,000 learning rates.")
    ] = False
    as_json: Annotated[bool, typer.Option("--json", help="Everything as data.")] = False
    html: Annotated[
        Path | None, typer.Option(help="An .html file: the same as a page to play with.")
    ] = None


@with_options(Options)
def explain(_: typer.Context, options: Options) -> None:
    """Backpropagation step by step, with all numbers."""
    asked = {"--html": options.html is not None, "--json": options.as_json}
    if not options.as_json:
        asked |= {"--weight": options.weight is not None, "--sweep": options.sweep}
    if sum(asked.values()) > 1:
        chosen = " and ".join(name for name, wanted in asked.items() if wanted)
        raise ValueError(f"{chosen} cannot be combined: choose one")
    if options.html is not None:
        path = page.write(_explained(options).page_data(), options.html)
        stdout_console().print(f"page: {path}", soft_wrap=True, highlight=False)
    elif options.as_json:
        typer.echo(_to_json(options))
    else:
        _print_story(options)


def _print_story(options: Options) -> None:
    """Tell it in the terminal."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # a pipe's own code page may have no ∂
    console = Console(highlight=False)
    with console.status("The first run compiles the kernels, which takes a while ..."):
        story = _story(options)
    console.print(story)


def _to_json(options: Options) -> str:
    """The same as JSON: the explanation, the steps that follow and, if asked for, the sweep.

    A number that is infinite or none is null.
    """
    explanation = _explained(options)
    data = explanation.as_dict()
    if options.weight is not None:
        part = find_parameter(explanation, options.weight)
        paths = [[asdict(factor) for factor in path] for path in explanation.paths(part.name)]
        data |= {"weight": asdict(part) | {"paths": paths}}
    data["repeat"] = [asdict(step) for step in until_close(explanation, options.steps)]
    if options.sweep:
        data["sweep"] = sweep_learning_rate(explanation, options.steps or STEPS).as_dict()
    return json.dumps(_finite(data), ensure_ascii=False, indent=1, allow_nan=False)


def _explained(options: Options) -> Explanation:
    """The step that was asked for."""
    step = check_int("--step", options.step, 1)
    if options.steps is not None:
        check_int("--steps", options.steps, 1)
    arguments = TUTORIAL if options.network is None else read_network(options.network)
    if options.learning_rate is not None:
        rate = check_number("--learning-rate", options.learning_rate, 0.0)
        arguments = arguments | {"learning_rate": rate}
    explanation = explain_step(**arguments)
    return explanation if step == 1 else later(explanation, step - 1)


def _story(options: Options) -> RenderableType:
    explanation = _explained(options)
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

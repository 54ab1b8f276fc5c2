"""``bpfast bench``: how fast this machine trains."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from .console import stdout_console


def bench(
    device: Annotated[str, typer.Option(help="Of cpu, cuda: one or several.")] = "cpu",
    peers: Annotated[
        bool, typer.Option("--peers", help="JAX, PyTorch and scikit-learn beside it, if there.")
    ] = False,
    workload: Annotated[str, typer.Option(help="Names such as W1,W3; all if not given.")] = "",
    turns: Annotated[int, typer.Option(help="How often each is timed: more, less noise.")] = 5,
    output: Annotated[Path | None, typer.Option(help="JSON file for the results.")] = None,
    plot: Annotated[Path | None, typer.Option(help="PNG or SVG file for a picture.")] = None,
) -> None:
    """Measure how fast this machine trains, against its limits and against other libraries."""
    from ..bench import command  # the other commands need none of it

    options = command.Options(
        device=device, workload=workload, peers=peers, turns=turns, output=output, plot=plot
    )
    if not command.bench(options, stdout_console(), Console(stderr=True)):
        raise typer.Exit(1)

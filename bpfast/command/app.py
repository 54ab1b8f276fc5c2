"""The commands of bpfast, in the order in which its help lists them."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command, get_group

from ..version import __version__

# Modules here, whose functions have the same names: what they do, as their own help begins.
COMMANDS = {
    "sweep": "Train many networks with drawn hyperparameters, and rank them.",
    "predict": "Predict with what a sweep found, in the units and classes of its target.",
    "report": "Write a page about a sweep: ranking, curves and what mattered, and its figures as "
    "files.",
    "explain": "Backpropagation step by step, with all numbers.",
    "verify": "Hold every device and kernel against the reference; the table can go into a bug "
    "report.",
    "bench": "Measure how fast this machine trains, against its limits and against other "
    "libraries.",
    "warmup": "Have every kernel compiled now, so that no first fit has to wait.",
    "devices": "What is here, and why a device cannot be used.",
}


class _OnDemand(TyperCommand):
    """A command whose module is imported when it is typed, not for the list of all commands."""

    def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:
        alone = typer.Typer(add_completion=False)
        alone.command(info_name)(getattr(import_module(f".{info_name}", __package__), info_name))
        return get_command(alone).make_context(info_name, args, parent, **extra)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bpfast {__version__}")
        raise typer.Exit


def _bpfast(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Train many small neural networks at once."""


app = get_group(typer.Typer(callback=_bpfast, add_completion=False, no_args_is_help=True))
for name, summary in COMMANDS.items():
    app.add_command(_OnDemand(name, help=summary))

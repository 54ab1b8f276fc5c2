"""The commands of bpfast, in the order in which its help lists them."""

from __future__ import annotations

from typing import Annotated

import typer

from ..version import __version__
from .bench import bench
from .devices import devices
from .explain import explain
from .predict import predict
from .report import report
from .sweep import sweep
from .verify import verify
from .warmup import warmup

COMMANDS = (sweep, predict, report, explain, verify, bench, warmup, devices)


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


app = typer.Typer(
    callback=_bpfast, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)
for command in COMMANDS:
    app.command()(command)

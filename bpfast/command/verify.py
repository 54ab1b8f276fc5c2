"""``bpfast verify``: whether this machine computes what the reference does."""

from __future__ import annotations

from typing import Annotated

import typer

from ..checking.verification import verify as run_verify


def verify(
    cases: Annotated[int, typer.Option(help="Trainings drawn per strategy and dtype.")] = 3,
    seed: Annotated[int, typer.Option(help="What they are drawn from.")] = 0,
) -> None:
    """Hold every device and kernel against the reference; the table can go into a bug report."""
    result = run_verify(cases, seed)
    typer.echo(str(result))
    if not result.passed:
        raise typer.Exit(1)

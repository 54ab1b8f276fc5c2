"""``bpfast sweep``: many networks trained and ranked."""

from __future__ import annotations

from time import perf_counter

import typer

from .options import typed_options, with_options
from .sweep_options import PANELS, SweepOptions


@with_options(SweepOptions, PANELS)
def sweep(context: typer.Context, options: SweepOptions) -> None:
    """Train many networks with drawn hyperparameters, and rank them."""
    begun = perf_counter()
    from .sweeping import run  # the help needs none of it

    run(options, typed_options(context), begun)

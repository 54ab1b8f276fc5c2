"""``bpfast warmup``: every kernel there ahead of the first fit."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from ..checks import check_choice
from ..training import dispatch
from ..training.population import DTYPES
from ..training.precompile import warmup as run_warmup


def warmup(dtype: Annotated[str, typer.Option(help="float32, float64, or both.")] = "both") -> None:
    """Have every kernel compiled now, so that no first fit has to wait."""
    check_choice("dtype", dtype, (*DTYPES, "both"))
    start = time.perf_counter()
    origins = run_warmup(DTYPES if dtype == "both" else (dtype,))
    seconds = time.perf_counter() - start
    typer.echo(f"processor: {dispatch.kernels('cpu').describe()}")
    counts = ", ".join(f"{count} {origin}" for origin, count in origins.items())
    typer.echo(f"all {sum(origins.values())} functions are there: {counts}; {seconds:.1f} s")
    typer.echo(f"kernels for GPUs: {dispatch.kernels('cuda').describe_kernels()}")

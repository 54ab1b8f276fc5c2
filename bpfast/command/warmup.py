"""``bpfast warmup``: every kernel compiled ahead of the first fit."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from ..checks import check_choice
from ..training.population import DTYPES
from ..training.precompile import warmup as run_warmup


def warmup(dtype: Annotated[str, typer.Option(help="float32, float64, or both.")] = "both") -> None:
    """Compile every kernel now, so that no first fit has to wait."""
    check_choice("dtype", dtype, (*DTYPES, "both"))
    start = time.perf_counter()
    run_warmup(DTYPES if dtype == "both" else (dtype,))
    typer.echo(f"all kernels are compiled: {time.perf_counter() - start:.1f} s")

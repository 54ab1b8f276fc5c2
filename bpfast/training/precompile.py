"""Having the CPU's kernels compiled on purpose, so that no first fit has to wait."""

from __future__ import annotations

from collections.abc import Sequence

from ..checks import check_choice
from . import dispatch
from .population import DTYPES


def warmup(dtypes: Sequence[str] = DTYPES) -> dict[str, int]:
    """Have every kernel for the CPU: one that did not come compiled is compiled, and kept.

    After it, no shape, activation, loss or optimiser compiles anything, in this process and, on
    this machine, in later ones; users' own functions are compiled in each. CUDA's kernels are made
    for an architecture when it is first trained, and found in the same cache from then on.

    Parameters
    ----------
    dtypes : which of float32 and float64

    Returns
    -------
    How many functions of this process "came compiled" with the package, "were compiled before" and
    "were compiled now".

    Raises
    ------
    RuntimeError
        If they cannot be compiled.
    """
    for dtype in dtypes:
        check_choice("dtypes", dtype, DTYPES)
    return dispatch.kernels("cpu").warm_up(tuple(dtypes))

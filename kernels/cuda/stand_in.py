"""A GPU that kernels are compiled for and that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from . import device, simulator

# Compute capabilities, and the most shared memory that a block can ask for there.
TARGETS = {(7, 5): 64 << 10, (8, 0): 163 << 10, (9, 0): 227 << 10, (12, 0): 99 << 10}


class Launch(NamedTuple):
    """A kernel as a strategy would start it."""

    kernel: Any
    threads: int
    shared_memory: int
    arguments: tuple

    def name(self) -> str:
        """The kernel's, or that of the function that makes kernels of its kind."""
        function = self.kernel.py_func
        if function.__name__ != "kernel":
            return function.__name__
        return function.__qualname__.partition(".")[0].strip("_")

    def types(self) -> tuple:
        """What Numba takes the arguments for."""
        from numba.cuda.typing.typeof import typeof

        return tuple(typeof(argument) for argument in self.arguments)


class Unloaded:
    """What Numba gets of the driver for machine code, module and function in one, to no avail."""

    initialized, handle, device = True, 0, SimpleNamespace(id=0)
    attrs = SimpleNamespace(shared=0)

    def __init__(self, *_machine_code: Any) -> None:
        self.module = self

    def get_function(self, _name: str) -> Unloaded:
        """The function by its name."""
        return self


@contextmanager
def gpu(target: tuple[int, int]) -> Iterator[list[Launch]]:
    """A GPU of some compute capability: NumPy's arrays lie on it, launches are noted.

    Sizes that a GPU would refuse are refused.
    """
    from numba.cuda import dispatcher
    from numba.cuda.cudadrv import devices

    launches: list[Launch] = []
    driver = simulator.Launches()

    def note(kernel, arguments, configured):
        sizes = configured.griddim, configured.blockdim, configured.sharedmem
        driver.check(kernel, *sizes, device.properties().shared_memory_per_block_optin)
        threads = int(np.prod(configured.blockdim))
        launches.append(Launch(kernel, threads, configured.sharedmem, arguments))

    one = SimpleNamespace(compute_capability=target, id=0)
    context = SimpleNamespace(device=one, create_module_image=Unloaded)
    most = TARGETS[target]
    taken = 1 << 10 if target >= (8, 0) else 0  # of each block's shared memory, by CUDA
    found = device.Properties("stand-in", target, 1, most + taken, most, 1 << 30, 1)
    with ExitStack() as stack:
        for place, name, value in (
            (devices._runtime, "get_or_create_context", lambda _=None: context),
            (dispatcher.CUDADispatcher, "call", note),
            (device, "problem", str),
            (device, "properties", lambda: found),
            (device, "gpus", lambda: (0,)),
            (device, "on", nullcontext),
            (device, "array_module", lambda: simulator),
            (device, "pinned", np.empty),
            (device, "kernel_array", _kernel_array),
            (device, "stream", lambda: 0),
        ):
            stack.enter_context(patch.object(place, name, value))
        yield launches


def _kernel_array(array: simulator.ndarray) -> np.ndarray:
    """Memory that Numba takes for what a GPU's is: it can be written, whatever NumPy repeats."""
    return np.require(array.memory, requirements="W")

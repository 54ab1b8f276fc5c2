"""What the compiler makes of every CUDA kernel: registers, spills and memory, without a GPU.

``python -m bpfast.bench.registers > FILE`` writes the table. Numba compiles kernels to PTX, and
ptxas, from the wheel ``nvidia-cuda-nvcc`` or a toolkit, to machine code.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from importlib import metadata
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

import bpfast as bp
from bpfast.kernels.cuda import device, simulator
from bpfast.training import dispatch, loop
from bpfast.training.optimizers import Optimizer

# Compute capabilities, and the most shared memory that a block can ask for there.
TARGETS = {(7, 5): 64 << 10, (8, 0): 163 << 10, (9, 0): 227 << 10, (12, 0): 99 << 10}


def capability(target: tuple[int, int]) -> tuple[int, int, str]:
    """What Numba compiles a launch for: from 9.0 on, also with what no other GPU understands."""
    return (*target, "a" if target >= (9, 0) else "")


def architecture(target: tuple[int, int]) -> str:
    """The same as ptxas has it."""
    return "sm_{}{}{}".format(*capability(target))


class Case(NamedTuple):
    """A fit whose kernels are looked at."""

    strategy: str
    layers: tuple[int, ...]
    optimizer: Optimizer
    activation: str = "tanh"
    loss: str = "mse"
    dtype: str = "float32"

    def name(self) -> str:
        """In words."""
        sizes = "-".join(map(str, self.layers))
        rule = type(self.optimizer).__name__
        return f"{self.strategy}, {sizes}, {self.activation}, {self.loss}, {rule}, {self.dtype}"


CASES = [
    Case("thread", (2, 2, 1), bp.SGD()),
    Case("thread", (2, 2, 1), bp.Adam()),
    Case("thread", (2, 2, 1), bp.Adam(), dtype="float64"),
    Case("thread", (4, 8, 1), bp.SGD()),
    Case("thread", (2, 4, 3), bp.Adam(), "gelu", "cross_entropy"),
    Case("block", (4, 16, 1), bp.Adam()),
    Case("block", (64, 64, 10), bp.SGD(), "relu", "cross_entropy"),
    Case("block", (64, 64, 10), bp.Adam(), "gelu", "cross_entropy"),
    Case("block", (64, 64, 10), bp.RMSprop(), "relu", "cross_entropy", "float64"),
    Case("block", (100, 200, 100, 10), bp.Adam(), "relu", "cross_entropy"),
    Case("large batch", (64, 256, 256, 1), bp.Adam(l1=0.1), "relu", "binary_cross_entropy"),
    Case("large batch", (784, 256, 128, 10), bp.SGD(momentum=0.9), "gelu", "cross_entropy"),
]


HEAD = """# What the compiler makes of the CUDA kernels

Made by `python -m bpfast.bench.registers`, which needs no GPU, with {versions}.
Registers are a thread's, and so is local memory, in bytes, of which spilled is what is written when
registers run out. Shared memory, in bytes, is a block's. What spills cost is not measured yet.
"""


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


class Usage(NamedTuple):
    """What a thread of a kernel takes, and a block of shared memory; bytes but for registers."""

    registers: int
    spilled: int
    local: int
    shared: int


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
def stand_in(target: tuple[int, int]) -> Iterator[list[Launch]]:
    """A GPU that is compiled for and is not there: NumPy's arrays lie on it, launches are noted.

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

    gpu = SimpleNamespace(compute_capability=target, id=0)
    context = SimpleNamespace(device=gpu, create_module_image=Unloaded)
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
            (device, "kernel_array", attrgetter("memory")),
            (device, "stream", lambda: 0),
        ):
            stack.enter_context(patch.object(place, name, value))
        yield launches


def launches(case: Case, target: tuple[int, int]) -> list[Launch]:
    """The kernels that a fit, gradients and predictions would start, each once."""
    mlp = bp.MLP(case.layers, case.activation, case.loss)
    population = bp.Population(mlp, 2, dtype=case.dtype)
    X = np.zeros((128, mlp.inputs))
    y = np.zeros(128, int) if case.loss == "cross_entropy" else np.zeros((128, mlp.outputs))
    plan = dispatch.Plan(case.strategy, "cuda", "is looked at")
    with (
        stand_in(target) as started,
        patch.object(dispatch, "choose", lambda *_, **__: plan),
        patch.object(loop, "check_trained", lambda *_: None),  # nobody is trained there
    ):
        bp.fit(
            population, X, y, case.optimizer, epochs=1, validation=(X, y), patience=1, tol=0.0,
            dropout=0.1, device="cuda", progress=False,
        )  # fmt: skip
        if case.strategy != "thread":  # which leaves these to blocks
            bp.gradients(population, X, y, device="cuda")
            population.predict(X, device="cuda")
    return list({launch.kernel: launch for launch in started}.values())


def compiled(launch: Launch, target: tuple[int, int]) -> Any:
    """What a launch compiles, or finds on disk: machine code by Numba's own way to a GPU."""
    from numba.cuda.typing.typeof import typeof

    with stand_in(target):
        return launch.kernel.compile(tuple(typeof(argument) for argument in launch.arguments))


def ptx(launch: Launch, target: tuple[int, int]) -> str:
    """A kernel's PTX, as it would be started."""
    from numba import cuda
    from numba.cuda.typing.typeof import typeof

    kernel = launch.kernel
    with stand_in(target):
        code, _ = cuda.compile_ptx(
            kernel.py_func,
            tuple(typeof(argument) for argument in launch.arguments),
            cc=capability(target),
            launch_bounds=kernel.targetoptions.get("launch_bounds"),
        )
    return code


def usage(launch: Launch, code: str, target: tuple[int, int]) -> Usage:
    """What a kernel takes, whose PTX is assembled."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "kernel.ptx")
        source.write_text(code)
        machine_code = str(source.with_suffix(""))
        arch = f"-arch={architecture(target)}"
        command = [str(ptxas()), arch, "-v", "-o", machine_code, str(source)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stderr

    def number(pattern: str) -> int:
        found = re.search(pattern, said)
        return int(found[1]) if found else 0

    stack = number(r"(\d+) bytes stack frame")
    spilled = number(r"(\d+) bytes spill stores")
    return Usage(
        registers=number(r"Used (\d+) registers"),
        spilled=spilled,
        local=stack,
        shared=number(r"(\d+) bytes smem") + launch.shared_memory,
    )


def ptxas() -> Path:
    """NVIDIA's assembler, from its wheel or a CUDA toolkit."""
    homes = [*_wheels(), os.environ.get("CUDA_HOME")]
    folders = [str(Path(home, "bin")) for home in homes if home]
    found = shutil.which("ptxas", path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    if not found:
        raise FileNotFoundError("ptxas is not installed: pip install nvidia-cuda-nvcc")
    return Path(found)


def _wheels() -> Iterable[str]:
    """Where NVIDIA's wheels lie."""
    if not importlib.util.find_spec("nvidia"):
        return ()
    package = importlib.util.find_spec("nvidia.cu13")
    return (package and package.submodule_search_locations) or ()


def table() -> Iterator[str]:
    """Lines of Markdown, as kernels are compiled."""
    yield "| Case | Kernel | Target | Threads | Registers | Spilled | Local | Shared a block |"
    yield "|---|---|---|--:|--:|--:|--:|--:|"
    for case in CASES:
        for target in TARGETS:
            for launch in launches(case, target):
                took = usage(launch, ptx(launch, target), target)
                yield (
                    f"| {case.name()} | {launch.name()} | {architecture(target)} "
                    f"| {launch.threads} | {took.registers} | {took.spilled} | {took.local} "
                    f"| {took.shared} |"
                )


def versions() -> str:
    """What compiled."""
    said = subprocess.run([ptxas(), "--version"], check=True, capture_output=True, text=True).stdout
    release = re.search(r"V[\d.]+", said)
    return f"numba-cuda {metadata.version('numba-cuda')}, ptxas {release[0] if release else '?'}"


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")  # Numba's, on launches too small to fill a GPU
    print(HEAD.format(versions=versions()))
    for line in table():
        print(line, flush=True)


if __name__ == "__main__":
    main()

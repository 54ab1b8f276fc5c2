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
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

import bpfast as bp
from bpfast.kernels.cuda import machine_code, stand_in
from bpfast.kernels.cuda.stand_in import Launch
from bpfast.training import dispatch, loop
from bpfast.training.optimizers import Optimizer


class Case(NamedTuple):
    """A fit whose kernels are looked at."""

    strategy: str
    layers: tuple[int, ...]
    optimizer: Optimizer
    activation: str = "tanh"
    loss: str = "mse"
    dtype: str = "float32"
    bias: bool = True

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


class Usage(NamedTuple):
    """What a thread of a kernel takes, and a block of shared memory; bytes but for registers."""

    registers: int
    spilled: int
    local: int
    shared: int


def launches(case: Case, target: tuple[int, int]) -> list[Launch]:
    """The kernels that a fit, gradients and predictions would start, each once."""
    mlp = bp.MLP(case.layers, case.activation, case.loss, case.bias)
    population = bp.Population(mlp, 2, dtype=case.dtype)
    X = np.zeros((128, mlp.inputs))
    y = np.zeros(128, int) if case.loss == "cross_entropy" else np.zeros((128, mlp.outputs))
    plan = dispatch.Plan(case.strategy, "cuda", "is looked at")
    with (
        stand_in.gpu(target) as started,
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
    with stand_in.gpu(target):
        return launch.kernel.compile(launch.types())


def ptx(launch: Launch, target: tuple[int, int]) -> str:
    """A kernel's PTX, as it would be started."""
    from numba import cuda

    kernel = launch.kernel
    with stand_in.gpu(target):
        code, _ = cuda.compile_ptx(
            kernel.py_func,
            launch.types(),
            cc=machine_code.target(target),
            launch_bounds=kernel.targetoptions.get("launch_bounds"),
        )
    return code


def usage(launch: Launch, code: str, target: tuple[int, int]) -> Usage:
    """What a kernel takes, whose PTX is assembled."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "kernel.ptx")
        source.write_text(code)
        assembled = str(source.with_suffix(""))
        arch = f"-arch={machine_code.architecture(target)}"
        command = [str(ptxas()), arch, "-v", "-o", assembled, str(source)]
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
        for target in stand_in.TARGETS:
            for launch in launches(case, target):
                took = usage(launch, ptx(launch, target), target)
                yield (
                    f"| {case.name()} | {launch.name()} | {machine_code.architecture(target)} "
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

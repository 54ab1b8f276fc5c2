"""What is installed, and whether it works together: ``python -m bpfast.bench.gpu.toolchain PART``.

"versions" starts nothing on a GPU; "kernels" compiles and launches the smallest ones; "limits" is
what the GPU can do.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...kernels.cuda import device
from .tell import check_all, need_a_gpu

PACKAGES = (
    *("numpy", "scipy", "numba", "llvmlite", "numba-cuda", "cupy-cuda13x", "cupy-cuda12x"),
    *("cuda-core", "cuda-bindings", "cuda-pathfinder", "cuda-toolkit", "nvidia-nvvm"),
    *("nvidia-nvjitlink", "nvidia-cuda-nvcc", "nvidia-cuda-nvcc-cu12"),
    *("nvidia-cuda-nvrtc", "nvidia-cuda-runtime", "nvidia-cuda-cccl"),
    *("jax", "jaxlib", "jax-cuda13-plugin", "torch", "triton"),
    *("scikit-learn", "pytest", "pytest-xdist", "hypothesis", "rich", "typer"),
)
LEAST_NUMBA_CUDA = (0, 30)
GPU_QUERY = ("nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.max.sm")
GIB = 1 << 30
SIZE = 8192  # rows and columns of the matrices
RUNS = 10
IN_CUDA_ALONE = ("raw_kernel", "matrix")  # the simulator knows neither C++ nor products


def installed() -> dict[str, str | None]:
    """Versions of Python and of packages; None for those that are not there."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def gpu() -> str:
    """The GPU and its driver, as the driver's own tool has them."""
    if device.simulated():
        return device.SIMULATOR.name
    return _said(*GPU_QUERY, "--format=csv,noheader")


def runtime() -> dict[str, int]:
    """CUDA's versions: the newest that the driver knows, and that of CuPy's library."""
    if device.simulated():
        return {}
    api = device.array_module().cuda.runtime
    return {"driver": api.driverGetVersion(), "runtime": api.runtimeGetVersion()}


def nvcc() -> dict[str, str | None]:
    """CUDA's folder, and the release of the compiler in it."""
    home = os.environ.get("CUDA_HOME")
    compiler = Path(home, "bin", "nvcc") if home else Path("nvcc")
    try:
        release = re.search(r"release ([\d.]+)", _said(str(compiler), "--version"))
    except OSError:
        release = None
    return {"CUDA_HOME": home, "release": release[1] if release else None}


def numba_cuda() -> str:
    """Its version, which has to have callbacks before a launch.

    Raises
    ------
    RuntimeError
        It is too old.
    """
    version = importlib.metadata.version("numba-cuda")
    if tuple(map(int, version.split(".")[:2])) < LEAST_NUMBA_CUDA:
        raise RuntimeError(f"numba-cuda is {version}: 0.30 or newer is needed")
    return version


def nvvm_and_linker() -> dict[str, str]:
    """Where Numba's compiler and linker come from; code of a newer one cannot be linked.

    Raises
    ------
    RuntimeError
        NVVM is newer than nvJitLink.
    """
    from cuda.bindings import nvjitlink
    from cuda.pathfinder import load_nvidia_dynamic_lib

    nvvm = load_nvidia_dynamic_lib("nvvm").abs_path
    linker = load_nvidia_dynamic_lib("nvJitLink").abs_path
    versions = installed()
    of_wheel = versions["nvidia-nvvm"] or versions["nvidia-cuda-nvcc-cu12"]
    compiled_by = of_wheel if "-packages" in nvvm else nvcc()["release"]
    linked_by = ".".join(map(str, nvjitlink.version()))
    found = {"NVVM": f"{compiled_by}, {nvvm}", "nvJitLink": f"{linked_by}, {linker}"}
    if _release(compiled_by) > _release(linked_by):
        raise RuntimeError(f"NVVM is newer than nvJitLink: {found}")
    return found


def _release(version: str | None) -> tuple[int, ...]:
    return tuple(map(int, (version or "0.0").split(".")[:2]))


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


# --- kernels --------------------------------------------------------------------------------------


def numba_kernel() -> str:
    """Add one to some numbers with Numba."""
    from .smallest import THREADS, add_one, compile

    numbers = device.to_device(np.arange(100, dtype=np.float32))
    compile.launch(add_one, 2, THREADS, 0, device.kernel_array(numbers))
    np.testing.assert_array_equal(device.to_host(numbers), np.arange(1, 101))
    return "ran"


def cupy_kernel() -> str:
    """Add and sum up with CuPy, which compiles for it."""
    numbers = device.to_device(np.arange(100, dtype=np.float32))
    assert (numbers + 1).sum().get() == 5050
    return "ran"


def raw_kernel() -> str:
    """A kernel in CUDA C++, which CuPy compiles."""
    source = 'extern "C" __global__ void twice(float *a) { a[threadIdx.x] *= 2.0f; }'
    numbers = device.to_device(np.arange(64, dtype=np.float32))
    module = device.array_module().RawModule(code=source)
    module.get_function("twice")((1,), (64,), (numbers,))
    np.testing.assert_array_equal(device.to_host(numbers), 2 * np.arange(64))
    return "ran"


def shared_memory() -> str:
    """A block that writes to the end of more shared memory than it gets without asking."""
    from .smallest import SHARED_BYTES, THREADS, compile, turn

    numbers = device.to_device(np.arange(THREADS, dtype=np.float32))
    compile.launch(turn, 1, THREADS, SHARED_BYTES, device.kernel_array(numbers))
    np.testing.assert_array_equal(device.to_host(numbers), np.arange(THREADS)[::-1])
    return f"{SHARED_BYTES} bytes"


# --- limits ---------------------------------------------------------------------------------------


def matrix() -> float:
    """Operations a second of cuBLAS's float32 product."""
    xp = device.array_module()
    a = xp.full((SIZE, SIZE), 0.5, np.float32)
    product = xp.empty_like(a)
    return 2.0 * SIZE**3 / _best(lambda: xp.matmul(a, a, out=product))


def memory() -> float:
    """Bytes a second of a copy that no cache holds, read and written."""
    here = device.array_module().zeros(_large() // 4, np.float32)
    return 2.0 * here.nbytes / _best(here.copy)


def transfer() -> dict[str, float]:
    """Bytes a second from the host's ordinary memory, and back."""
    here = np.zeros(_large() // 16, np.float32)
    there = device.to_device(here)
    up, down = _best(lambda: device.to_device(here)), _best(lambda: device.to_host(there))
    return {"up": here.nbytes / up, "down": here.nbytes / down}


def _large() -> int:
    """Bytes of a large array, which the simulator has none of."""
    return GIB >> 10 if device.simulated() else GIB


def _best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs, after one that loads kernels."""
    return min([_seconds(work) for _ in range(RUNS + 1)][1:])


def _seconds(work: Callable[[], object]) -> float:
    """Seconds between events on the GPU, or of Python in the simulator."""
    if device.simulated():
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    cuda = device.array_module().cuda
    start, end = cuda.Event(), cuda.Event()
    start.record()
    work()
    end.record()
    end.synchronize()
    return cuda.get_elapsed_time(start, end) / 1e3


PARTS: dict[str, tuple[Callable[[], Any], ...]] = {
    "versions": (installed, gpu, runtime, nvcc, numba_cuda, nvvm_and_linker),
    "kernels": (numba_kernel, cupy_kernel, raw_kernel, shared_memory),
    "limits": (matrix, memory, transfer),
}


def main() -> None:
    """Check a part."""
    part = sys.argv[1]
    if part != "versions":
        need_a_gpu()
    left_out = IN_CUDA_ALONE if device.simulated() else ()
    names = {check.__name__: check for check in PARTS[part]}
    check_all({name: check for name, check in names.items() if name not in left_out})


if __name__ == "__main__":
    main()

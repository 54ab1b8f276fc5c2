"""Which device and which kernel, and why: the only file that knows both users and kernels."""

from __future__ import annotations

import importlib
import logging
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_choice
from ..errors import DeviceError

if TYPE_CHECKING:
    from .network import MLP

DEVICES = ("auto", "cpu", "cuda", "reference")

# Up to so many parameters, 16 networks beside each other in registers take 0.4 to 0.8 of the time
# of tiles, and up to some thousand more still less. The limit was set when one network took as
# long as 16, and has not been measured since.
LANES_PARAMETERS, LANES_BATCH = 1300, 4096

FEW = 4  # networks a thread: more keep threads busy, whatever becomes of the last ones

# On a GPU a thread, and a block, have a share of the arithmetic that is fixed: of a larger batch,
# and of a larger step (parameters times samples), more of the GPU takes part. Not measured yet.
THREAD_BATCH, BLOCK_STEP = 4096, 1 << 26

logger = logging.getLogger("bpfast")


@dataclass(frozen=True)
class Plan:
    """What runs a fit.

    Attributes
    ----------
    strategy : "lanes", "tiles" or "large batch" on the CPU, "thread", "block" or "large batch" on
        CUDA, "one by one" on the reference
    device : "cpu", "cuda" or "reference"
    reason : why, in words
    """

    strategy: str
    device: str
    reason: str

    def __str__(self) -> str:
        return f"{self.device}, {self.strategy}: {self.reason}"


def choose(
    mlp: MLP,
    n: int,
    batch_size: int,
    device: str = "auto",
    rule: str = "sgd",
    dtype: str = "float32",
) -> Plan:
    """Choose the device and the kernel for n networks.

    The result's bits never depend on ``n``: on the CPU, tiles and large batch add in the same
    order, and so do lanes wherever they leave networks to these; on CUDA, whose strategies do not,
    ``n`` has no say.

    Parameters
    ----------
    mlp : MLP
    n : int
        Number of networks.
    batch_size : int
        Samples in a step.
    device : str
        "auto" takes the device that the environment variable ``BPFAST_DEVICE`` names, or else
        CUDA where it can be used, and else the CPU; the others are taken at their word.
    rule, dtype : str
        The optimiser's rule and the parameters' dtype: their memory can be too much for a kernel.

    Raises
    ------
    ValueError
        The device is not one of bpfast's.
    DeviceError
        The device was asked for by name and cannot be used here.
    """
    device = resolve_device(device)
    if device == "reference":
        return Plan("one by one", "reference", "float64 NumPy, the truth that others are held to")
    if device == "cpu":
        return _choose_on_cpu(mlp, n, batch_size)
    return _choose_on_cuda(mlp, batch_size, rule, dtype)


def _choose_on_cpu(mlp: MLP, n: int, batch_size: int) -> Plan:
    threads = _load("cpu").thread_count()
    if mlp.n_parameters <= LANES_PARAMETERS and batch_size <= LANES_BATCH:
        reason = (
            f"{mlp.n_parameters} parameters, up to {LANES_PARAMETERS}: 16 networks side by side, "
            "and one by one the few that are left over"
        )
        return Plan("lanes", "cpu", reason)
    are = f"{n} networks for {threads} threads"
    fills = n % threads == 0 or n >= FEW * threads
    if fills or not _load("cpu").cutting_pays(mlp.network, batch_size):
        return Plan("tiles", "cpu", f"{are}: one network a thread")
    reason = f"each batch of {batch_size} is cut over threads"
    if n > threads:
        reason = f"for the last {n % threads}, {reason}"
    return Plan("large batch", "cpu", f"{are}: {reason}")


def _choose_on_cuda(mlp: MLP, batch_size: int, rule: str, dtype: str) -> Plan:
    """The first strategy that can do it and gets enough of the GPU, and why not those before it."""
    step = batch_size * mlp.n_parameters
    limits = {
        "thread": (batch_size, THREAD_BATCH, "samples a batch are too many for one thread"),
        "block": (step, BLOCK_STEP, "parameters times samples a step are too many for one block"),
    }
    against: list[str] = []
    for strategy in ("thread", "block"):
        value, most, words = limits[strategy]
        refused = _load("cuda").refusal(strategy, mlp.network, rule, dtype)
        if not refused and value <= most:
            reason = f"one network a {strategy}"
            return Plan(strategy, "cuda", "; ".join([reason, *against]))
        against.append(f"not {strategy}: {refused or f'{value} {words} (over {most})'}")
    return Plan("large batch", "cuda", "; ".join(["a kernel for each layer", *against]))


def devices() -> dict[str, str]:
    """What is here: each device with what it is and would run, or why it cannot be used.

    Returns
    -------
    dict of device name to one line of words; usable ones begin with "usable".
    """
    cpu, cuda = _load("cpu"), _load("cuda")
    problem = cuda.device.problem()
    on_cpu = (
        f"lanes up to {LANES_PARAMETERS} parameters and {LANES_BATCH} samples a batch, tiles "
        "above, large batch for networks that leave threads idle"
    )
    on_cuda = (
        f"thread for networks that fit into its registers, up to {THREAD_BATCH} samples a batch, "
        f"block for those that fit into its shared memory, up to {BLOCK_STEP} parameters times "
        "samples a step, large batch above"
    )
    usable = f"usable: {cuda.describe()}; {on_cuda}" if not problem else ""
    return {
        "reference": "usable: float64 NumPy, for comparison",
        "cpu": f"usable: {cpu.describe()}; {on_cpu}",
        "cuda": usable or f"not usable: {problem}",
    }


def resolve_device(device: str) -> str:
    """The device that a name stands for here; a fall-back to the CPU logs a line that says why."""
    device, why = _resolve(device)
    if why:
        logger.info("device 'auto' falls back to the CPU: %s", why)
    return device


def _resolve(device: str) -> tuple[str, str]:
    """The device that a name stands for, and why it is not CUDA where "auto" is not."""
    check_choice("device", device, DEVICES)
    if device == "auto":
        device = os.environ.get("BPFAST_DEVICE") or "auto"
        check_choice("BPFAST_DEVICE", device, DEVICES)
    if device in ("reference", "cpu"):
        return device, ""
    problem = _load("cuda").device.problem()
    if problem and device == "cuda":
        raise DeviceError(f"device 'cuda' cannot be used: {problem}; use 'cpu' or 'auto'")
    return ("cpu", problem) if problem else ("cuda", "")


def concurrent_fits(device: str) -> int:
    """How many small fits at once keep a device busy: as many as the CPU has threads, else one."""
    if _resolve(device)[0] != "cpu":
        return 1
    return _load("cpu").thread_count()


def thread_limit(threads: int) -> AbstractContextManager[None]:
    """Let fits of this Python thread use so many threads, beside those of other Python threads."""
    return _load("cpu").at_most(threads)


def kernels_hash() -> str:
    """A hash of the code of all kernels: two copies of bpfast with the same give the same bits."""
    return _load("cpu").contents()


def kernels(device: str) -> Any:
    """A device's module: ``train(strategy, task, networks)``, ``gradients`` and ``predict``."""
    return _load(device)


def to_device(parameters: np.ndarray, device: str) -> Any:
    """Networks' (n, P) parameters where a device trains them."""
    return _load(device).place(parameters)


@cache
def _load(device: str) -> Any:
    return importlib.import_module(f"..kernels.{device}", __package__)

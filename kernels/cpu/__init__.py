"""Numba kernels for the CPU, a folder per strategy: what a device offers to the rest of bpfast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from ..cache import contents
from ..host import Placed, bring_back, emptied, place, resident, restore_best, with_rates
from ..task import ARCHITECTURES, DTYPE_NAMES, Network, Samples, State, Task
from . import functions, lanes, large_batch, library, processor, shuffling, tiles
from .arguments import Arguments, arguments, of_block
from .entry import Entry, Wanted
from .large_batch import pays as cutting_pays
from .shuffling import with_orders
from .threads import at_most, thread_count
from .whole_batch import whole_batch
from .workspace import kept

GRAIN = lanes.MOST_LANES  # networks that are trained together
STRATEGIES = {"lanes": lanes, "tiles": tiles, "large batch": large_batch}
TRAINS = {"lanes": lanes.TRAIN, "tiles": tiles.TRAIN, "large batch": tiles.TRAIN}
GRADIENTS = {"lanes": lanes.GRADIENTS, "tiles": tiles.GRADIENTS, "large batch": tiles.GRADIENTS}
SHUFFLES = True  # epochs' orders are made by compiled threads
FIRST_RATE = 1e10  # operations a second, assumed until some were timed
# Operations up to which other threads would wake up too late to be of use, and how many a step of a
# training takes the time of, besides its own.
ALONE, STEP = 1e7, 5000

__all__ = [
    "FIRST_RATE",
    "GRAIN",
    "SHUFFLES",
    "STRATEGIES",
    "at_most",
    "bring_back",
    "contents",
    "cutting_pays",
    "describe",
    "emptied",
    "gradients",
    "place",
    "predict",
    "resident",
    "restore_best",
    "thread_count",
    "train",
    "warm_up",
    "with_rates",
]


def describe() -> str:
    """The machine in a line."""
    import llvmlite.binding

    name = llvmlite.binding.get_host_cpu_name()
    return f"{thread_count()} threads, {name}, kernels for {processor.host().name}"


def train(strategy: str, task: Task, networks: np.ndarray) -> None:
    """Train some networks of the task's state, in place, by one of STRATEGIES.

    Raises
    ------
    ValueError
        If an array of the state is read-only: compiled functions would write to it all the same, or
        crash.
    """
    samples = task.epochs * task.order.shape[1] * len(networks)
    threads = _threads((6.0 * task.network.n_parameters + STEP / task.batch_size) * samples)
    kept(task, "writeable", lambda: _check_writeable(task.state))
    dtype = DTYPE_NAMES[task.state.parameters.dtype]
    _have(TRAINS[strategy], task.network, task.optimizer.rule, dtype, task.shuffle is not None)
    task = with_orders(task, threads)
    STRATEGIES[strategy].train(task, _arguments(task, networks), threads)


def _arguments(task: Task, networks: np.ndarray) -> Arguments:
    """Arguments for some epochs and networks; all that stays the same is the first call's."""
    if isinstance(task, Placed) and "arguments" in task.kept:
        return of_block(task.kept["arguments"], task, networks)
    return kept(task, "arguments", lambda: arguments(task, networks))


def gradients(strategy: str, network: Network, parameters: np.ndarray, samples: Samples):
    """Losses (n,) and gradients (n, P) of n networks on the same samples."""
    _have(GRADIENTS[strategy], network, "sgd", DTYPE_NAMES[parameters.dtype])
    task = whole_batch(network, parameters, samples)
    args = arguments(task, np.arange(len(parameters)))
    threads = _threads(6.0 * parameters.size * len(samples.inputs))
    results = STRATEGIES[strategy].gradients(task, args, threads)
    return task.state.loss[:, 0], results


def predict(network: Network, parameters: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Predictions (n, samples, outputs) of n networks for the same inputs."""
    _have(tiles.PREDICT, network, "", DTYPE_NAMES[parameters.dtype])
    threads = _threads(2.0 * parameters.size * len(inputs))
    return tiles.predict(network, parameters, inputs, threads)


def _threads(operations: float) -> int:
    """How many threads so many operations are worth."""
    return 1 if operations <= ALONE else thread_count()


def _check_writeable(state: State) -> None:
    for name, array in vars(state).items():
        if not array.flags.writeable:
            raise ValueError(
                f"the networks' {name} are read-only, and training writes to them: train a copy. "
                "Large arrays are read-only in joblib's workers unless max_nbytes is None"
            )


@lru_cache(maxsize=4 * ARCHITECTURES)
def _have(kernel: Entry, network: Network, rule: str, dtype: str, shuffles: bool = False) -> None:
    """Load what a kernel needs for an architecture; what is missing is compiled side by side."""
    wanted = [(kernel, dtype), *functions.wanted(network, rule, dtype)]
    if shuffles:
        wanted.append((shuffling.WRITE_ORDERS, "float64"))
    library.ensure(wanted)


def entries(dtype: str) -> Iterator[Wanted]:
    """All compiled functions for networks of a dtype, but for those made with users' own."""
    for entry in (
        lanes.TRAIN, lanes.GRADIENTS, tiles.TRAIN, tiles.GRADIENTS,
        tiles.PREDICT,
    ):  # fmt: skip
        yield entry, dtype
    yield shuffling.WRITE_ORDERS, "float64"
    yield from functions.built_in(dtype)


def warm_up(dtypes: Sequence[str]) -> dict[str, int]:
    """Load all compiled functions for some dtypes; what is nowhere is compiled.

    Returns how many came with the package, were compiled before, and were compiled now.
    """
    library.ensure(one for dtype in dtypes for one in entries(dtype))
    return library.origins()

"""Kernels compiled for GPUs that are not there, to come with the package.

``python -m bpfast.kernels.cuda.build FOLDER`` needs ``pip install "numba-cuda[cu13]"`` and no GPU.
Each kernel goes through Numba once, and through NVIDIA's compiler once for each kind of GPU.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import cache, tables
from ..task import RUNNING, Network, Optimizer, Samples, State, Task
from . import device, gradients, machine_code, place, predict, resident, stand_in, train
from .machine_code import PACKAGED, target
from .stand_in import Launch

TARGET = PACKAGED[0]  # whose launches are looked at: kernels do not depend on it
ROWS = 2  # of samples
MOST_PROCESSES = 8

# Inputs and hidden layers that make a block share parameters, gradient and moments with its
# threads; parameters and gradient; parameters. More is for large batch, with wide and narrow tiles.
IN_BLOCKS = ((4, 8), (100, 100), (256, 100))
LARGE, WIDE = (1024, 128, 16), (1024, 128, 32)
OF_TABLES = ("cross_entropy", "mse")
OF_ESTIMATORS = ("log_loss", "binary_log_loss", "half_squared_error")
DTYPE = "float32"


class Fits(NamedTuple):
    """Sets of functions whose kernels for blocks come compiled, and networks that blocks train."""

    activations: tuple[str, ...]
    losses: tuple[str, ...]
    rule: str
    networks: tuple[tuple[int, ...], ...]
    gradients: bool


# Blocks have a kernel for each set of functions, 720 of them, that take some ten seconds each for
# all GPUs. These are what sweeps take unless told, as ``fit`` does, and estimators that have more
# than 200 samples. Large batch has kernels for each activation, each loss and each rule: few are
# left out. Threads have one for each architecture: the tutorial's comes.
FITS = (
    Fits(("relu", "silu"), OF_TABLES, "adam", IN_BLOCKS, gradients=True),
    Fits(("relu",), ("binary_cross_entropy",), "adam", IN_BLOCKS[:1], gradients=True),
    Fits(("relu",), OF_ESTIMATORS, "adam_epsilon_hat", IN_BLOCKS[:1], gradients=False),
)
LARGE_ACTIVATIONS = ("relu", "silu", "tanh")
TUTORIAL = Network((2, 2, 1), False, ("identity",), "half_squared_error", 1.0)


class Case(NamedTuple):
    """A fit, gradients and predictions, whose kernels come compiled."""

    strategy: str
    network: Network
    rule: str = "sgd"
    gradients: bool = True


Job = list[tuple[Case, set[str]]]  # cases, and which of their kernels are to be compiled


def cases() -> Iterator[Case]:
    """All of them, the longest work first."""
    for activation in LARGE_ACTIVATIONS:
        yield Case("large batch", _network(LARGE, activation, "mse"))
    for loss in tables.LOSSES:
        yield Case("large batch", _network(LARGE, "relu", loss))
    for rule in tables.OPTIMIZERS:
        yield Case("large batch", _network(WIDE, "relu", "mse", outputs=32), rule)
    for fits in FITS:
        for activation, loss in product(fits.activations, fits.losses):
            for layers in fits.networks:
                network = _network(layers, activation, loss)
                yield Case("block", network, fits.rule, fits.gradients and layers == IN_BLOCKS[0])
    yield Case("thread", TUTORIAL, gradients=False)


def _network(layers: tuple[int, ...], activation: str, loss: str, outputs: int = 2) -> Network:
    return Network((*layers, outputs), True, (activation,) * (len(layers) - 1), loss, 1.0)


def launches(case: Case) -> list[Launch]:
    """The kernels that a case starts, each once."""
    task = _task(case)
    with stand_in.gpu(TARGET) as started:
        rows = place(task.state.parameters)
        train(case.strategy, resident(task, rows, fresh=True), np.arange(1))
        if case.gradients:
            gradients(case.strategy, case.network, rows, task.samples)
        if case.strategy != "thread":  # which leaves them to blocks
            predict(case.network, rows, task.samples.inputs)
    return list({launch.kernel: launch for launch in started}.values())


def names(case: Case) -> list[str]:
    """What the machine code of a case's kernels is kept as, for one kind of GPU."""
    return [launch.kernel._cache.name(launch.types(), TARGET) for launch in launches(case)]


def build(folder: Path) -> list[str]:
    """Compile what can be known before into a folder, and return the names of its files.

    Where that cannot be done here a line says why, and nothing is compiled.
    """
    if problem := _problem():
        print(f"no CUDA kernels are compiled: {problem}", file=sys.stderr)
        return []
    jobs = _jobs()
    workers = min(MOST_PROCESSES, os.cpu_count() or 1)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        futures = [pool.submit(_write, job, folder) for job in jobs]
        return sorted(name for future in futures for name in future.result())


def _jobs() -> list[Job]:
    """Cases whose kernels share functions, and which of their kernels no other case has."""
    jobs: dict[Any, Job] = {}
    met = set[str]()
    for case in cases():
        new = set(names(case)) - met
        met |= new
        own = (case.network.activations[0], case.network.loss) if case.strategy == "block" else ()
        jobs.setdefault((case.strategy, *own), []).append((case, new))
    return list(jobs.values())


def _write(job: Job, folder: Path) -> list[str]:
    """Compile some cases' kernels, each for all kinds of GPU."""
    done = []
    for case, wanted in job:
        for launch in launches(case):
            signature, own = launch.types(), launch.kernel._cache
            if own.name(signature, TARGET) not in wanted:
                continue
            for capability, content in _machine_codes(launch):
                done.append(own.name(signature, capability))
                cache.write(folder, done[-1], content)
    return done


def _machine_codes(launch: Launch) -> Iterator[tuple[tuple[int, int], bytes]]:
    """What is kept of a kernel, for each kind of GPU."""
    from numba.cuda.core.compiler_lock import global_compiler_lock
    from numba.cuda.dispatcher import _Kernel

    with stand_in.gpu(TARGET), global_compiler_lock:
        kernel = _Kernel(launch.kernel.py_func, launch.types(), **launch.kernel.targetoptions)
        library = kernel._codelibrary
        # NVIDIA's compiler would make the same of it for 9.0, by all but the name, in a second more
        library._ptx_cache[target((9, 0))] = library.get_asm_strs(target((8, 0)))
        for capability in PACKAGED:
            code = library.get_cubin(target(capability)).code
            yield capability, machine_code.written(kernel.entry_name, code)


def _problem() -> str:
    """Why nothing can be compiled here, in words; empty where it can."""
    if device.simulated():
        return "Numba's simulator takes the compiler's place (NUMBA_ENABLE_CUDASIM)"
    try:
        import numba_cuda  # noqa: F401

        from . import compile

        tried = Launch(compile.kernel(lambda: None, 1, 1), 1, 0, ())
        for _ in _machine_codes(tried):
            pass
    except Exception as error:  # what is missing, or does not fit together, may raise anything
        return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    return ""


def _task(case: Case) -> Task:
    """Two epochs of one network, with all that makes the large batch start another kernel."""
    network, rule = case.network, tables.OPTIMIZERS[case.rule]
    size, dtype = network.n_parameters, np.dtype(DTYPE)
    softmax = tables.LOSSES[network.loss].inverse_link == "softmax"
    samples = Samples(
        np.zeros((ROWS, network.layers[0]), dtype),
        np.zeros((ROWS, 1 if softmax else network.layers[-1]), dtype),
        np.ones(ROWS, dtype),
    )
    return Task(
        network=network,
        samples=samples,
        validation=samples,
        order=np.arange(ROWS)[None],
        fold_start=np.array([0, ROWS]),
        fold=np.zeros(1, np.int64),
        batch_size=ROWS,
        summed=False,
        first_epoch=0,
        epochs=2,
        record=np.array([False, True]),
        column=np.zeros(2, np.int64),
        optimizer=Optimizer(
            case.rule,
            rates=np.zeros((1, 1)),
            hyperparameters=np.zeros((1, len(rule.hyperparameters))),
            penalties=np.ones((1, 3)),
        ),
        tol=np.full(1, -np.inf),
        patience=np.ones(1, np.int64),
        dropout=np.zeros((1, 0)),
        keys=np.zeros(1, np.uint64),
        state=State(
            parameters=np.zeros((1, size), dtype),
            moments=np.zeros((1, rule.states, size), dtype),
            powers=np.ones((1, 2 if rule.powers else 0)),
            status=np.full(1, RUNNING, np.int8),
            epochs_run=np.zeros(1, np.int64),
            best=np.full(1, np.inf),
            best_epoch=np.full(1, -1),
            best_parameters=np.zeros((1, size), dtype),
            loss=np.zeros((1, 1)),
            validation_loss=np.zeros((1, 1)),
            penalty=np.zeros((1, 0)),
        ),
    )


if __name__ == "__main__":
    print("\n".join(build(Path(sys.argv[1]))))

"""Numba kernels for the CPU, one file per strategy: what a device offers to the rest of bpfast."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import llvmlite.binding
import numpy as np

from ..cache import contents
from ..host import SHUFFLES, Placed, bring_back, emptied, place, resident, restore_best, with_rates
from ..task import Network, Optimizer, Samples, State, Task
from . import functions, inference, lanes, large_batch, panels, tiles
from .arguments import Arguments, arguments, of_block
from .simd import INSTRUCTIONS
from .threads import SHARED_SIZE, at_most, run, thread_count
from .workspace import zeros

SLICE = panels.SLICE  # a batch of more rows can be cut over threads
GRAIN = lanes.MOST_LANES  # networks that are trained together
FIRST_RATE = 1e10  # operations a second, assumed until some were timed

__all__ = [
    "FIRST_RATE",
    "GRAIN",
    "SHUFFLES",
    "SLICE",
    "at_most",
    "bring_back",
    "contents",
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
    return f"{thread_count()} threads, {llvmlite.binding.get_host_cpu_name()}, {INSTRUCTIONS}"


def _kept(task: Task, name: Hashable, make: Callable[[], Any]) -> Any:
    """What the first call for a task has made under a name."""
    kept = task.kept if isinstance(task, Placed) else {}
    if name not in kept:
        kept[name] = make()
    return kept[name]


def train(strategy: str, task: Task, networks: np.ndarray) -> None:
    """Train some networks of the task's state, in place, by "lanes", "tiles" or "large batch"."""
    args = _arguments(task, networks)
    if strategy == "lanes":
        lo, places, groups = _lane_places(task, networks)
        run(lambda member: lanes.train(args, lo, places[member], groups), len(places))
        return
    kernel = large_batch.train if strategy == "large batch" else tiles.train
    panel_lo, panel_places = _panel_places(task, strategy == "large batch", len(networks))
    run(lambda member: kernel(args, panel_lo, panel_places[member]), len(panel_places))


def _arguments(task: Task, networks: np.ndarray) -> Arguments:
    """Arguments for some epochs and networks; all that stays the same is the first call's."""
    if isinstance(task, Placed) and "arguments" in task.kept:
        return of_block(task.kept["arguments"], task, networks)
    return _kept(task, "arguments", lambda: arguments(task, networks))


def gradients(strategy: str, network: Network, parameters: np.ndarray, samples: Samples):
    """Losses (n,) and gradients (n, P) of n networks on the same samples."""
    task = _whole_batch(network, parameters, samples)
    args = arguments(task, np.arange(len(parameters)))
    results = np.empty_like(parameters)
    if strategy == "lanes":
        lo, places, groups = _lane_places(task, args.networks)
        run(lambda k: lanes.gradients(args, lo, places[k], groups, results), len(places))
    else:
        panel_lo, panel_places = _panel_places(task, False, len(parameters))
        run(
            lambda k: inference.gradients(args, panel_lo, panel_places[k], results),
            len(panel_places),
        )
    return task.state.loss[:, 0], results


def predict(network: Network, parameters: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Predictions (n, samples, outputs) of n networks for the same inputs."""
    dtype = parameters.dtype
    nothing = np.zeros((len(inputs), network.layers[-1]), dtype)
    task = _whole_batch(network, parameters, Samples(inputs, nothing, nothing[:, 0]))
    task = replace(task, batch_size=1)
    args = arguments(task, np.arange(len(parameters)))
    link = functions.inverse_link(network.loss, dtype.name)
    results = np.empty((len(parameters), len(inputs), network.layers[-1]), dtype)
    # few networks: their samples are cut over threads
    threads = thread_count()
    size = len(inputs) if len(parameters) >= threads else -(-len(inputs) // threads)
    size = -(-size // panels.CHUNK) * panels.CHUNK
    lo, places = _panel_places(task, False, len(parameters) * -(-len(inputs) // size))
    run(
        lambda member: inference.predict(
            args.net, args.samples.inputs, args.memory, lo, places[member], link, size, results
        ),
        len(places),
    )
    return results


def warm_up(dtype: str) -> None:
    """Compile every loop over scalar functions, or read it from the cache."""
    functions.all_built_in(dtype)


def _groups(fold: np.ndarray, networks: np.ndarray, size: int) -> np.ndarray:
    """Where groups of networks with one fold each begin in ``networks``, and the last one's end."""
    changes = np.flatnonzero(np.diff(fold[networks] if fold.strides[0] else fold[:1])) + 1
    runs = pairwise([0, *changes, len(networks)])
    starts = [np.arange(first, last, size) for first, last in runs]
    return np.concatenate([*starts, [len(networks)]])


def _lane_places(
    task: Task, networks: np.ndarray
) -> tuple[lanes.Layout, list[lanes.Place], np.ndarray]:
    """Layout, the places of threads, and the bounds of the groups they share."""
    threads = thread_count()
    size = lanes.group_size(task.network, len(networks) // threads)
    groups = _groups(task.fold, networks, size)
    lo, shared = lanes.layout(task.network, size), np.zeros(SHARED_SIZE, np.int64)

    def make() -> lanes.Place:
        return lanes.Place(
            w=zeros(lo.size, task.state.parameters.dtype),
            f=np.zeros((lanes.F_ROWS, size)),
            who=np.zeros((lanes.WHO_ROWS, size), np.int64),
            shared=shared,
            lanes=size,
        )

    many = range(min(threads, len(groups) - 1))
    places = [_kept(task, (k, size), make)._replace(shared=shared) for k in many]
    return lo, places, groups


def _panel_places(
    task: Task, together: bool, networks: int
) -> tuple[panels.Layout, list[panels.Place]]:
    """Layout, and the places of threads that work alone, or of one team of them."""
    lo = _kept(task, "layout", lambda: _panel_layout(task))
    threads = thread_count() if together else min(thread_count(), networks)
    team = threads if together else 1
    shared = np.zeros(SHARED_SIZE, np.int64)

    def make() -> tuple[np.ndarray, np.ndarray]:
        return (
            zeros(lo.shared + team * lo.private, task.state.parameters.dtype),
            np.zeros(panels.F_COMMON + team * panels.F_OWN),
        )

    arrays: list[tuple[np.ndarray, np.ndarray]] = [
        _kept(task, (k, team), make) for k in range(threads // team)
    ]
    return lo, [
        panels.Place(
            *arrays[k // team],
            shared=shared,
            private=lo.shared + k % team * lo.private,
            common=0,
            own=panels.F_COMMON + k % team * panels.F_OWN,
            member=k % team,
            team=team,
        )
        for k in range(threads)
    ]


def _panel_layout(task: Task) -> panels.Layout:
    longest = int(np.diff(task.fold_start).max())
    return panels.layout(task.network, min(task.batch_size, longest))


def _whole_batch(network: Network, parameters: np.ndarray, samples: Samples) -> Task:
    """A task whose one batch holds all samples, for what needs no optimiser."""
    n, rows = len(parameters), len(samples.inputs)
    rule = Optimizer("sgd", np.zeros((n, 1)), np.zeros((n, 3)), np.zeros((n, 0)))
    state = State(
        parameters=parameters,
        moments=np.zeros((n, 0, 1), parameters.dtype),
        powers=np.zeros((n, 0)),
        status=np.zeros(n, np.int8),
        epochs_run=np.zeros(n, np.int64),
        best=np.zeros(0),
        best_epoch=np.zeros(0, np.int64),
        best_parameters=np.zeros((0, network.n_parameters), parameters.dtype),
        loss=np.zeros((n, 1)),
        validation_loss=np.zeros((n, 0)),
        penalty=np.zeros((n, 0)),
    )
    return Task(
        network=network,
        samples=samples,
        validation=None,
        order=np.arange(rows)[None],
        fold_start=np.array([0, rows]),
        fold=np.zeros(n, np.int64),
        batch_size=rows,
        summed=False,
        first_epoch=0,
        epochs=1,
        record=np.ones(1, bool),
        column=np.zeros(1, np.int64),
        optimizer=rule,
        tol=np.zeros(n),
        patience=np.ones(n, np.int64),
        dropout=np.zeros((n, 0)),
        keys=np.zeros(n, np.uint64),
        state=state,
    )

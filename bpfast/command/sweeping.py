"""What ``bpfast sweep`` does: train many networks, rank them, print and keep what was found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from ..checks import check_int
from ..sweeps.defaults import usual_space, usual_space_of
from ..sweeps.ensembles import Picking
from ..sweeps.options import Search
from ..sweeps.parts import SweepData
from ..sweeps.planning import check_time, search_of
from ..sweeps.space import Space
from ..sweeps.storage import located
from ..sweeps.sweeping import train_and_rank
from .baseline import print_baseline
from .columns import print_columns, print_reading
from .console import stdout_console
from .data import prepare, read_dataset, read_test_dataset
from .inspection import inspect_quickly, sample_of
from .leaderboard import print_ensemble, print_request, print_result, print_where
from .progress import SweepDisplay
from .request import Request, new_request, saved_in, space_of
from .results import describe_ensemble, write_result
from .resume import resumed
from .sweep_options import SweepOptions


def run(options: SweepOptions, typed: Mapping[str, Any], begun: float) -> None:
    """Do what was asked for since ``begun``, by ``perf_counter``.

    Parameters
    ----------
    options : all of them
    typed : those that the user typed, by name
    """
    request = new_request(options) if options.resume is None else resumed(options.resume, typed)
    with _dask_client(options.dask) as client:
        run_request(request, options, client, begun)


def _dask_client(address: str | None) -> AbstractContextManager[Any]:
    """A client of a Dask cluster, or None without an address."""
    if address is None:
        return nullcontext()
    from ..sweeps.cluster import connect  # without it, Dask need not be there

    return connect(address)


def run_request(request: Request, options: SweepOptions, client: Any, begun: float) -> None:
    """Train, print and write what was asked for since ``begun``, by ``perf_counter``."""
    memory, top = _bytes(options.memory), check_int("top", options.top, 1)
    picking = Picking.checked(options.members, options.milliseconds)
    check_int("seed", request.seed, 0)
    check_time(request.time)
    # the points of a grid are those that are typed
    has_base = options.resume is not None or options.space_file is not None
    has_base |= request.sampler == "grid" and bool(request.space)
    Space(request.space if has_base else space_of(vars(options), usual_space()))
    dataset = read_dataset(request)
    test_data = read_test_dataset(request, dataset)
    data = prepare(dataset, test_data, request)
    request = replace(request, cv=len(data.folds.rows) if data.refits else None)
    sample = sample_of(dataset, test_data, data.rows, request.seed)
    dataset, test_data = dataset.without_inputs(), None  # room for training
    console = stdout_console()
    if options.columns:
        print_reading(console, dataset, request.task)
        print_columns(console, data.encoding.describe())
        return
    if not has_base:
        request = replace(request, space=space_of(vars(options), usual_space_of(data)))
    search = _search(data, request)
    request = replace(request, epochs=search.epochs)
    if request.time is None:
        request = replace(request, networks=search.networks)
    folder = options.resume or options.output or _new_folder(dataset.name)
    print_request(console, dataset, request)
    print_reading(console, dataset, request.task)
    with saved_in(folder, request), SweepDisplay(Console(stderr=True)) as display:
        result = train_and_rank(
            data,
            search,
            begun=begun,
            storage=located(request.storage, folder),
            study_name=request.study_name,
            device=request.device,
            client=client,
            memory=memory,
            run=folder,
            resume=options.resume is not None,
            progress=display.show,
            picking=picking,
        )
    print_result(console, result, top)
    write_result(folder, result, data, dataset, request)
    inspect_quickly(folder, sample, request)
    print_ensemble(console, result, describe_ensemble(result))
    print_where(console, folder, result)
    if result.interrupted:
        console.print(
            f"[yellow]interrupted[/]: go on with bpfast sweep --resume {folder}", soft_wrap=True
        )
        raise typer.Exit(130)
    if options.baseline:
        print_baseline(console, result, data)


def _search(data: SweepData, request: Request) -> Search:
    """Which networks are tried."""
    return search_of(
        data,
        space=request.space,
        networks=request.networks,
        epochs=request.epochs,
        time=request.time,
        seed=request.seed,
        sampler=request.sampler,
        halving=request.halving,
    )


def _bytes(text: str | None) -> int | None:
    """The number of bytes that a user typed, such as 8G."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip().lower())
    if not found:
        raise ValueError(f"memory={text!r} is no size such as 8G or 500M")
    return int(float(found[1]) * 1024 ** " kmgt".index(found[2] or " "))


def _new_folder(dataset: str) -> Path:
    """The folder for results if none is given: the data's name, and the time."""
    return Path("bpfast-runs") / f"{dataset}-{datetime.now():%Y%m%d-%H%M%S}"

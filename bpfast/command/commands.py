"""The subcommands of bpfast, their options and what they print."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..checking.verification import verify as run_verify
from ..checks import check_choice, check_int
from ..explaining import page as explain_page
from ..files import make_folders, remove_empty, write_whole
from ..sweeps import space
from ..sweeps.halving import KINDS
from ..sweeps.run_folder import MANIFEST
from ..sweeps.storage import lasting, located
from ..sweeps.study import SAMPLERS, STUDY, planned
from ..sweeps.sweeping import sweep as run_sweep
from ..tables import reading, sources
from ..tables.model import Model
from ..tables.predictions import check_output, print_predictions, tabulate, write_predictions
from ..training.dispatch import devices as all_devices
from ..training.population import DTYPES
from ..training.precompile import warmup as run_warmup
from ..version import __version__
from . import explain as explain_command
from .leaderboard import (
    BEST,
    print_baseline,
    print_request,
    print_result,
    print_where,
    write_result,
)
from .progress import SweepDisplay
from .request import COMMAND, Request, from_anywhere, resumed, searched

FILE_WIDTH = 240
NETWORKS = 1024  # if nothing is said
_Values = Annotated[str | None, typer.Option(help="Range or numbers.", show_default=False)]
_Names = Annotated[
    str | None, typer.Option(help="One or several, with commas.", show_default=False)
]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Train many small neural networks at once.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bpfast {__version__}")
        raise typer.Exit


@app.callback()
def version(
    wanted: Annotated[
        bool, typer.Option("--version", callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Train many small neural networks at once."""


@app.command()
def sweep(
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help=f"A .csv, .parquet or .npz file, or {', '.join(sources.BUILT_IN)}.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="The folder of a sweep to go on with, as it was begun, instead of DATA."),
    ] = None,
    moved: Annotated[
        str | None,
        typer.Option("--data", help="With --resume: the data file, if it has moved since."),
    ] = None,
    target: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    task: Annotated[str, typer.Option(help="auto, classification or regression.")] = "auto",
    networks: Annotated[
        int | None, typer.Option(help=f"How many networks to train; {NETWORKS} if not given.")
    ] = None,
    epochs: Annotated[int, typer.Option(help="Epochs for each.")] = 30,
    space_file: Annotated[
        Path | None, typer.Option("--space", help="TOML file with ranges and choices.")
    ] = None,
    learning_rate: _Values = None,
    hidden: Annotated[
        str | None, typer.Option(help="Layer widths, such as 16,32,32x16.", show_default=False)
    ] = None,
    width: _Values = None,
    depth: _Values = None,
    activation: _Names = None,
    optimizer: _Names = None,
    batch_size: _Values = None,
    l1: _Values = None,
    l2: _Values = None,
    weight_decay: _Values = None,
    clip_norm: _Values = None,
    dropout: _Values = None,
    momentum: _Values = None,
    nesterov: _Names = None,
    beta1: _Values = None,
    beta2: _Values = None,
    alpha: _Values = None,
    epsilon: _Values = None,
    schedule: _Names = None,
    decay: _Values = None,
    minimum: _Values = None,
    warmup: _Values = None,
    init: _Names = None,
    sampler: Annotated[str, typer.Option(help=f"Optuna's: {', '.join(SAMPLERS)}.")] = "random",
    storage: Annotated[
        str | None,
        typer.Option(help="URL of Optuna's storage; study.db in the results if not given."),
    ] = None,
    study_name: Annotated[str, typer.Option(help="The study's name in the storage.")] = STUDY,
    validation: Annotated[float, typer.Option(help="Share of rows to rank by.")] = 0.2,
    test: Annotated[
        float, typer.Option(help="Share of rows to test with; 0 for no test part.")
    ] = 0.2,
    cv: Annotated[
        int | None, typer.Option(help="Folds to rank by, in place of --validation.")
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(help="With --cv: the column that says which rows stay together."),
    ] = None,
    halving: Annotated[
        str | None, typer.Option(help=f"Let the worst go early: {' or '.join(KINDS)}.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For everything that is drawn.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or reference.")] = "auto",
    memory: Annotated[
        str | None, typer.Option(help="For networks in training, such as 8G; half of what is free.")
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(
            help="Have a Dask cluster train: its scheduler's address or file, or local:4 for one "
            "of 4 processes here."
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
    top: Annotated[int, typer.Option(help="Rows of the table to print.")] = 10,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Time scikit-learn on one of the networks too.")
    ] = False,
) -> None:
    """Train many networks with drawn hyperparameters, and rank them."""
    given = _given(context)
    if resume is not None:
        request = resumed(resume, given)
    elif source is None or moved is not None:
        what = "DATA is missing" if source is None else f"--data {moved} is for --resume"
        raise ValueError(f"{what}: give a file, or one of {', '.join(sources.BUILT_IN)}, as DATA")
    else:
        asked: dict[str, Any] = {f.name: context.params.get(f.name) for f in fields(Request)}
        asked["source"] = from_anywhere(source)
        asked["space"] = searched(given)
        asked["networks"] = NETWORKS if networks is None else networks
        asked["storage"] = None if storage is None else lasting(storage, output)
        request = Request(**asked)
    with _cluster(dask) as client:
        _sweep(request, resume or output, resume is not None, _bytes(memory), client, top, baseline)


def _given(context: typer.Context) -> dict[str, Any]:
    """What was typed, by the names of parameters; nothing that is there by default."""
    origins = {name: context.get_parameter_source(name) for name in context.params}
    typed = [name for name, origin in origins.items() if origin and origin.name != "DEFAULT"]
    return {name: context.params[name] for name in typed}


def _sweep(
    request: Request,
    folder: Path | None,
    resume: bool,
    memory: int | None,
    client: Any,
    top: int,
    baseline: bool,
) -> None:
    """Train, print and write what was asked for."""
    tried = space.Space(request.space)
    request = replace(request, networks=planned(tried, request.sampler, request.networks))
    if request.groups is not None and request.cv is None:
        raise ValueError("--groups are kept together by folds: give --cv too")
    dataset = reading.read_dataset(request.source, request.target, request.task, request.groups)
    folder = folder or Path("bpfast-runs") / f"{dataset.name}-{datetime.now():%Y%m%d-%H%M%S}"
    console = _console()
    print_request(console, dataset, asdict(request))
    with _made(folder, request), SweepDisplay(Console(stderr=True)) as display:
        result = run_sweep(
            dataset.X,
            dataset.y if not dataset.classes else [dataset.classes[k] for k in dataset.y],
            tried,
            networks=request.networks,
            epochs=request.epochs,
            validation=request.validation,
            test=request.test,
            cv=request.cv,
            groups=dataset.groups,
            halving=request.halving,
            task="classification" if dataset.classes else "regression",
            seed=request.seed,
            sampler=request.sampler,
            storage=located(request.storage, folder),
            study_name=request.study_name,
            device=request.device,
            client=client,
            memory=memory,
            run=folder,
            resume=resume,
            progress=display.show,
        )
    print_result(console, result, top)
    write_result(folder, result, dataset, asdict(request))
    print_where(console, folder, result)
    if result.interrupted:
        console.print(
            f"[yellow]interrupted[/]: go on with bpfast sweep --resume {folder}", soft_wrap=True
        )
        raise typer.Exit(130)
    if baseline:
        print_baseline(console, result, dataset, request.networks, request.epochs)


def _cluster(address: str | None) -> AbstractContextManager[Any]:
    """A client of a Dask cluster, or None."""
    if address is None:
        return nullcontext()
    from ..sweeps.cluster import connect  # without it, Dask need not be there

    return connect(address)


def _bytes(text: str | None) -> int | None:
    """Bytes from what a user typed, such as 8G."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip().lower())
    if not found:
        raise ValueError(f"memory={text!r} is no size such as 8G or 500M")
    return int(float(found[1]) * 1024 ** " kmgt".index(found[2] or " "))


def _console() -> Console:
    """A terminal as wide as it is; a pipe or file wide enough for any table."""
    console = Console()
    return console if console.is_terminal else Console(width=FILE_WIDTH)


@contextmanager
def _made(folder: Path, request: Request) -> Iterator[None]:
    """A folder that knows its request; if the sweep is refused, all is left as it was."""
    command, made = folder / COMMAND, make_folders(folder)
    before = command.read_bytes() if command.exists() else None
    new = not (folder / MANIFEST).exists()
    text = json.dumps(asdict(request), indent=1) + "\n"
    try:
        if new:
            write_whole(command, lambda path: path.write_text(text, encoding="utf-8"))
        yield
        write_whole(command, lambda path: path.write_text(text, encoding="utf-8"))
    except BaseException:
        if new and not (folder / MANIFEST).exists():
            command.unlink(missing_ok=True)
            if before is not None:
                command.write_bytes(before)
            remove_empty(made)
        raise


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help=f"The {BEST} of a sweep.")],
    source: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A .csv, .parquet or .npz file with the columns that the model was trained with, "
            f"- for CSV from standard input, or {', '.join(sources.BUILT_IN)}.",
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(help="A .csv or .parquet file for all predictions, - for CSV to stdout."),
    ] = None,
    top: Annotated[int, typer.Option(help="Rows to print.")] = 10,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or reference.")] = "auto",
) -> None:
    """Predict with the best network of a sweep, in the units and classes of its target."""
    check_output(output)
    top = check_int("--top", top, 1)
    winner = Model.load(model)
    frame = tabulate(winner, reading.read_inputs(source, winner.columns), device)
    if output is not None:
        write_predictions(frame, output)
    if output != sources.STDIO:
        print_predictions(_console(), frame, top, output)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that a sweep wrote.")],
    output: Annotated[
        Path | None, typer.Option(help="The .html file; report.html in RUN if not given.")
    ] = None,
) -> None:
    """Write a page about a sweep: ranking, curves and what mattered, and its figures as files."""
    from ..reporting.report import write_report  # the other commands need no matplotlib

    page, figures = write_report(run, output)
    console = _console()
    console.print(f"report:  {page}", soft_wrap=True, highlight=False)
    if figures:
        console.print(f"figures: {figures[0].parent}", soft_wrap=True, highlight=False)


@app.command()
def explain(
    network: Annotated[
        Path | None, typer.Option(help="A network as a JSON file; the tutorial's if not given.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Instead of the network's own.", show_default=False)
    ] = None,
    step: Annotated[int, typer.Option(help="The step to explain; 1 is the first.")] = 1,
    steps: Annotated[
        int | None,
        typer.Option(help="How many to repeat; until the error is close to 0 if not given."),
    ] = None,
    weight: Annotated[
        str | None, typer.Option(help="Only one weight or bias, such as w1.", show_default=False)
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="The error against 10,000 learning rates.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as data.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="An .html file: the same as a page to play with.")
    ] = None,
) -> None:
    """Backpropagation step by step, with all numbers."""
    told = {"--html": html is not None, "--json": as_json}
    if not as_json:
        told |= {"--weight": weight is not None, "--sweep": sweep}
    if sum(told.values()) > 1:
        chosen = " and ".join(name for name, wanted in told.items() if wanted)
        raise ValueError(f"{chosen} tell different stories: choose one")
    options = explain_command.Options(network, learning_rate, step, steps, weight, sweep)
    if html is not None:
        page = explain_page.write(explain_command.explained(options), html)
        _console().print(f"page: {page}", soft_wrap=True, highlight=False)
    elif as_json:
        typer.echo(explain_command.to_json(options))
    else:
        explain_command.run(options)


@app.command()
def verify(
    cases: Annotated[int, typer.Option(help="Trainings drawn per strategy and dtype.")] = 3,
    seed: Annotated[int, typer.Option(help="What they are drawn from.")] = 0,
) -> None:
    """Hold every device and kernel against the reference; the table can go into a bug report."""
    result = run_verify(cases, seed)
    typer.echo(str(result))
    if not result.passed:
        raise typer.Exit(1)


@app.command()
def bench(
    device: Annotated[str, typer.Option(help="Of cpu, cuda: one or several.")] = "cpu",
    peers: Annotated[
        bool, typer.Option("--peers", help="JAX, PyTorch and scikit-learn beside it, if there.")
    ] = False,
    workload: Annotated[str, typer.Option(help="Names such as W1,W3; all if not given.")] = "",
    turns: Annotated[int, typer.Option(help="How often each is timed: more, less noise.")] = 5,
    output: Annotated[Path | None, typer.Option(help="JSON file for the results.")] = None,
    plot: Annotated[Path | None, typer.Option(help="PNG or SVG file for a picture.")] = None,
) -> None:
    """Measure how fast this machine trains, against its limits and against other libraries."""
    from ..bench import command  # the other commands need none of it

    options = command.Options(device, workload, peers, turns, output, plot)
    if not command.bench(options, _console(), Console(stderr=True)):
        raise typer.Exit(1)


@app.command()
def warmup(
    dtype: Annotated[str, typer.Option(help="float32, float64, or both.")] = "both",
) -> None:
    """Compile every kernel now, so that no first fit has to wait."""
    check_choice("dtype", dtype, (*DTYPES, "both"))
    start = time.perf_counter()
    run_warmup(DTYPES if dtype == "both" else (dtype,))
    typer.echo(f"all kernels are compiled: {time.perf_counter() - start:.1f} s")


@app.command()
def devices() -> None:
    """What is here, and why a device cannot be used."""
    table = Table("device", "state", box=None, pad_edge=False)
    for name, words in all_devices().items():
        table.add_row(name, escape(words))  # "bpfast[cuda]" is no markup
    Console().print(table)

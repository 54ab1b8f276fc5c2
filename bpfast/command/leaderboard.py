"""What ``bpfast sweep`` prints: what it will do, the best networks, and where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..plurals import many
from ..sweeps.metrics import Metric, named
from ..sweeps.result import SweepResult
from ..sweeps.words import (
    by_epoch,
    column_title,
    duration,
    ended_early,
    in_ensemble,
    listed,
    metric_in,
    no_score,
    ranked_by,
    to_predict,
    which_is_better,
)
from ..tables.dataset import Dataset
from .request import Request
from .results import BEST, ENSEMBLE

HIDDEN_COLUMNS = ("network", "stopped", "diverged")  # in networks.csv, but not on the terminal
PARTS = ("validation", "test")  # whose scores are shown
GAP = 2  # spaces between columns


def print_request(console: Console, dataset: Dataset, request: Request) -> None:
    """Tell what will be swept."""
    target = dataset.target
    folds = f" on each of {request.cv} folds" if request.cv else ""
    most = "" if request.halving is None else "up to "
    console.print(
        f"[bold]{escape(dataset.name)}[/]: {many(len(target.values), 'row')}, "
        f"{many(dataset.inputs.shape[1], 'column')}, {to_predict(target.kind, target.outputs)}; "
        f"{_networks(request, folds)}, {most}{many(request.epochs or 0, 'epoch')}"
    )


def _networks(request: Request, folds: str) -> str:
    """How many networks are asked for, and within which time."""
    if request.time is None:
        return many(request.networks or 0, "network") + folds
    most = "networks" if request.networks is None else f"up to {many(request.networks, 'network')}"
    return f"{most}{folds} within {duration(request.time)}"


def print_result(console: Console, result: SweepResult, top: int) -> None:
    """Print the best networks as a table, and how long all took."""
    scored = np.isfinite(result.table["validation_score"]).any()
    metric = named(result.metric)
    ranked = ranked_by(metric, _folds(result))
    title = f"best by {ranked}{which_is_better(metric)}" if scored else f"no network has a {ranked}"
    console.print(title, style="italic", highlight=False)
    rows = range(min(top, len(result.table["network"])))
    known = [name for name, values in result.table.items() if _is_shown(name, values)]
    cells = {
        name: [_header(name, metric), *(_cell(result, name, k) for k in rows)] for name in known
    }
    columns = _fitting(cells, console.width - len(str(len(rows))) - GAP)
    table = Table(box=None, padding=(0, GAP, 0, 0))
    table.add_column("", justify="right", vertical="bottom")
    for name in columns:
        header = cells[name][0]
        table.add_column(header, justify="right", overflow="fold", vertical="bottom")
    for row in rows:
        table.add_row(str(row + 1), *(cells[name][row + 1] for name in columns))
    console.print(table)
    if left := [column_title(name, metric) for name in known if name not in columns]:
        console.print(f"networks.csv also has {listed(left)}", style="dim", highlight=False)
    diverged = int(result.table["diverged"].sum())
    console.print(
        f"{_speed(result)}; {diverged:,} diverged{_ended_early(result)}{_test_score(result)}",
        highlight=False,
    )


def _header(name: str, metric: Metric) -> str:
    """What stands above a column: a part in a line of its own."""
    title = column_title(name, metric)
    return title.replace(" ", "\n", 1) if name.startswith(PARTS) else title


def _fitting(cells: Mapping[str, Sequence[str]], width: int) -> list[str]:
    """The columns for which there is room, in their order: scores before all others."""
    kept: set[str] = set()
    for name in sorted(cells, key=lambda name: not name.startswith(PARTS)):
        header, *values = cells[name]
        own = GAP + max(map(len, [*header.split("\n"), *values]))
        if name.startswith(PARTS) or own <= width:
            kept.add(name)
            width -= own
    return [name for name in cells if name in kept]


def _is_shown(name: str, values: np.ndarray) -> bool:
    """Whether a column is printed: scores always, another one if its values differ."""
    if name in HIDDEN_COLUMNS or name.startswith("split"):
        return False
    return name.startswith(PARTS) or len(np.unique(values)) > 1


def _cell(result: SweepResult, name: str, row: int) -> str:
    """A network's value in a column, or nothing where it has none."""
    value, metric = result.table[name][row], metric_in(name, named(result.metric))
    if isinstance(value, str):
        return value
    if metric is not None and result.table["diverged"][row]:
        return "diverged"
    if np.isnan(value):
        return ""
    return f"{value:.3g}" if metric is None else metric.format(value)


def _folds(result: SweepResult) -> int:
    """How many folds a cross-validation has; 0 without one."""
    return result.folds if "validation_std" in result.table else 0


def _speed(result: SweepResult) -> str:
    """How long the sweep took, and how fast it was; cut short, it has no networks a second."""
    count, seconds, folds = len(result.table["network"]), result.seconds, _folds(result)
    each = f" on each of {folds} folds" if folds else ""
    ended = not (result.interrupted or result.ended_by_time)
    networks = "" if not ended else f"{count * result.folds / seconds:,.0f} networks/s, "
    updates = f"{result.sample_updates / seconds / 1e6:.2f} M sample-updates/s"
    return f"{many(count, 'network')}{each} in {duration(seconds)}: {networks}{updates}"


def _ended_early(result: SweepResult) -> str:
    """How many networks had fewer epochs than others, and how many they had."""
    early = ended_early(result.table, result.losses.shape[1])
    if not early.any():
        return ""
    may_be_stopped = result.interrupted or result.ended_by_time
    how = "stopped or let go" if may_be_stopped else "let go"
    return f"; {early.sum():,} {how}: {by_epoch(result.table['epochs'][early])}"


def _test_score(result: SweepResult) -> str:
    """The best test score of any; after a cross-validation, that of the winner."""
    if "test_score" not in result.table:
        return ""
    scores, metric = result.table["test_score"], named(result.metric)
    if not _folds(result):
        finite = scores[np.isfinite(scores)]
        best = "lowest" if metric.sign < 0 else "highest"
        told = f"; {best} test {metric.label} of any: "
        return f"{told}{metric.format(finite.max())}" if len(finite) else ""
    tested = metric.format(scores[0]) if np.isfinite(scores[0]) else "none"
    return f"; test {metric.label} of the first, trained on all other rows: {tested}"


def print_ensemble(console: Console, result: SweepResult, ensemble: dict[str, Any] | None) -> None:
    """Tell how good an ensemble is beside the first network, as the manifest has it."""
    if not ensemble:
        return
    metric, told = named(result.metric), []
    ranked = {"score": ranked_by(metric, _folds(result)), "test_score": f"test {metric.label}"}
    for key, words in ranked.items():
        if ensemble[key] is not None:
            name = "validation_score" if key == "score" else key
            first = metric.format(result.table[name][0])
            told.append(f"{words} {metric.format(ensemble[key])} (the first network's {first})")
    networks = [own["network"] for own in ensemble["members"]]
    members = in_ensemble(networks, _folds(result))
    console.print(f"ensemble of {members}: {', '.join(told)}", soft_wrap=True, highlight=False)


def print_where(console: Console, folder: Path, result: SweepResult) -> None:
    """Tell where the results are, and how to use them, or why no network has a score."""
    console.print(f"results: {folder}", soft_wrap=True)
    if result.best is None:
        console.print(f"[yellow]{no_score(result.table)}[/]", soft_wrap=True, highlight=False)
        return
    if (folder / ENSEMBLE).is_file():
        console.print(f"use it:  bpfast predict {folder / ENSEMBLE} DATA", soft_wrap=True)
        console.print(f"         {BEST} there is the first network alone", soft_wrap=True)
    else:
        console.print(f"use it:  bpfast predict {folder / BEST} DATA", soft_wrap=True)

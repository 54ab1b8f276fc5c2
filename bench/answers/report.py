"""Results in words: tables for ``bench/results/README.md``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.stats import gmean

from ...plurals import many
from .runners import BPFAST
from .standings import Compared, compare, everywhere, names, times, won

Result = dict[str, Any]


def report(results: Sequence[Result], failed: Sequence[Result] = ()) -> list[str]:
    """Lines of Markdown: losses of each table, how runners stand, and what is missing.

    Parameters
    ----------
    results : that have a loss
    failed : that have an ``error``
    """
    return [*_losses(results), "", *_standings(results), "", *_notes(results, failed)]


def _losses(results: Sequence[Result]) -> Iterator[str]:
    """A line for each table; the least loss is bold."""
    runners = names(results)
    yield _row("Table", "rows", "loss", *runners)
    yield _row("---", "---:", "---", *["---:"] * len(runners))
    for table in sorted(names(results, "table"), key=lambda name: (_metric(results, name), name)):
        here = [one for one in results if one["table"] == table]
        means = {
            runner: np.mean([one["loss"] for one in here if one["runner"] == runner])
            for runner in names(here)
        }
        least = min(means.values())
        cells = [_loss(means[runner], least) if runner in means else "" for runner in runners]
        yield _row(table, f"{sum(here[0]['rows']):,}", here[0]["metric"], *cells)


def _metric(results: Sequence[Result], table: str) -> str:
    return next(one["metric"] for one in results if one["table"] == table)


def _loss(value: float, least: float) -> str:
    words = f"{value:.4f}" if value < 10 else f"{value:,.1f}"
    return f"**{words}**" if value == least else words


def _standings(results: Sequence[Result]) -> Iterator[str]:
    """A line for each runner, the least mean rank first."""
    groups = _groups(results)
    whole, runners = groups["all"], names(results)
    reference = BPFAST if BPFAST in runners else runners[0]
    yield _row(
        "",
        *(
            f"mean rank, {name}: {many(len(group.tables), 'table')}"
            for name, group in groups.items()
        ),
        f"tables on which {reference} has less loss",
        "gap to the least loss",
        "seconds a fit",
        f"time by {reference}'s",
        "processors' time",
    )
    yield _row("---", *["---:"] * (len(groups) + 5))
    gaps = dict(zip(whole.runners, whole.gaps.mean(axis=0), strict=True)) if whole.tables else {}
    for runner in sorted(runners, key=lambda name: _rank(whole, name)):
        taken = [one["seconds"] for one in results if one["runner"] == runner]
        yield _row(
            runner,
            *(_number(_rank(group, runner), "{:.2f}") for group in groups.values()),
            _won(results, reference, runner),
            _number(gaps.get(runner, np.inf), "{:.1%}"),
            _number(float(gmean(taken)), "{:.3g}"),
            *(
                _number(times(results, reference, runner, key), "{:.2f} x")
                for key in ("seconds", "cpu_seconds")
            ),
        )


def _groups(results: Sequence[Result]) -> dict[str, Compared]:
    """All tables, and those of each metric, with the runners that are for them."""
    groups = {"all": compare(results, everywhere(results))}
    metrics = names(results, "metric")
    if len(metrics) > 1:
        for metric in metrics:
            here = [one for one in results if one["metric"] == metric]
            groups[metric] = compare(here, names(here))
    return groups


def _rank(group: Compared, runner: str) -> float:
    """A runner's mean rank, infinity where it has none."""
    if runner not in group.runners or not group.tables:
        return np.inf
    return float(group.ranks[group.runners.index(runner)])


def _won(results: Sequence[Result], runner: str, other: str) -> str:
    if runner == other:
        return ""
    number, of = won(results, runner, other)
    return f"{number:g} of {of}" if of else ""


def _notes(results: Sequence[Result], failed: Sequence[Result]) -> Iterator[str]:
    """What the numbers were made on and of, and what has none."""
    splits = sorted({one["split"] for one in results})
    machines = sorted({one["machine"] for one in results})
    versions = {name: v for one in results for name, v in one["versions"].items()}
    yield (
        f"Means over {many(len(splits), 'split')} into 80% to train on and 20% to test with; "
        f"geometric means of seconds, from raw rows to a fitted model, on {', '.join(machines)}. "
        + ", ".join(f"{name} {versions[name]}" for name in sorted(versions))
        + "."
    )
    whole = _groups(results)["all"]
    for table in sorted({*names(results, "table")} - {*whole.tables}):
        here = {one["runner"] for one in results if one["table"] == table}
        lacking = [runner for runner in whole.runners if runner not in here]
        why = f"nothing of {', '.join(lacking)}" if lacking else "no split that all have"
        yield f"{table} is in no mean rank of all: {why}."
    for one in failed:
        yield f"{one['runner']}, {one['table']}, split {one['split']}: {one['error']}."


def _number(value: float, form: str) -> str:
    """A number in words, nothing where there is none."""
    return form.format(value) if np.isfinite(value) else ""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"

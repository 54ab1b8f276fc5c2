"""What the study found, as tables for people: see ``bench/results/answers/README.md``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import gmean

from .study_experiments import TUNED_ON
from .study_sweeps import SPACES

BOOSTED = "HistGB"


def told(found: Mapping[str, Any]) -> str:
    """All tables, in Markdown."""
    parts = {
        "tables": lambda: _tables(found["tables"]),
        "encodings": lambda: _encodings(found["encodings"]),
        "wide": lambda: "\n\n".join(_wide(found["wide"])),
        "sweeps": lambda: "\n\n".join(_sweeps(found["sweeps"], found["rivals"])),
    }
    return "\n\n".join(tell() for name, tell in parts.items() if found.get(name))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _tables(tables: list[dict[str, Any]]) -> str:
    rows = [
        (
            *(own["name"], own["task"], f"{own['rows']:,}", f"{own['columns'] - 1}"),
            f"{own['package']} {own['version']}, {own['path']}",
            "" if own["name"] in TUNED_ON else "yes",
        )
        for own in tables
    ]
    return _table(("table", "task", "rows", "columns", "from", "kept back"), rows)


def _encodings(tables: Mapping[str, Any]) -> str:
    """Geometric means over tables, and beside scaled inputs."""
    of_all = [own["encodings"] for own in tables.values()]
    rows = []
    for name in of_all[0]:
        if not all(name in own for own in of_all):
            continue
        means = (gmean([own[name][kind] for own in of_all]) for kind in (0, 1))
        pairs = {
            table: (own["encodings"][name][1], own["encodings"]["scaled"][1])
            for table, own in tables.items()
        }
        rows.append((name, *(f"{mean:.3f}" for mean in means), *_compared(pairs)))
    head = ("encoding", "single", "ensemble", "beside scaled", "tuned on", "kept back", "better on")
    return _table(head, rows)


def _wide(tables: Mapping[str, Any]) -> Iterable[str]:
    of_all = list(tables.values())
    rows: list[tuple[str, ...]] = []
    for setting, values in _merged(own["effects"] for own in of_all).items():
        for value, numbers in sorted(values.items(), key=lambda pair: _order(pair[0])):
            _, best, weight = np.mean(numbers, axis=0)
            effect = _with_error(*_mean([100 * own[0] for own in numbers]), "+.1f")
            rows.append((setting, value, f"{effect}%", f"{np.exp(best):.3f}", f"{weight:.2f}"))
    yield _table(("setting", "value", "effect", "best of four", "weight in ensembles"), rows)
    means = _merged(own["spaces"] for own in of_all)
    common = [own for own in of_all if len(own["spaces"]) == len(means)]
    rows = [
        (name, f"{gmean(losses):.3f}", f"{len(losses)}", f"{_mean_of(common, 'spaces', name):.3f}")
        for name, losses in means.items()
    ]
    yield _table(("space", "ensemble of 32", "tables", f"on the {len(common)} that have all"), rows)
    rows = []
    for epochs, numbers in _merged(own["patience"] for own in of_all).items():
        lost, length = np.mean(numbers, axis=0)
        rows.append((epochs, f"{100 * lost:+.1f}%", f"{length:.0f}"))
    yield _table(("patience", "validation loss", "epochs"), rows)
    ways = _merged(own["selection"] for own in of_all)
    rows = [(name, f"{gmean(losses):.3f}") for name, losses in ways.items()]
    yield _table(("picked from 128", "test loss"), rows)


def _mean_of(tables: Sequence[Mapping[str, Any]], part: str, name: str) -> float:
    return float(gmean([own[part][name] for own in tables])) if tables else np.nan


def _merged(of_all: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What tables have under each name; what is in dicts themselves likewise."""
    found: dict[str, list[Any]] = {}
    for own in of_all:
        for name, value in own.items():
            found.setdefault(name, []).append(value)
    return {
        name: _merged(values) if isinstance(values[0], dict) else values
        for name, values in found.items()
    }


def _order(value: str) -> tuple[float, str]:
    first = value.split()[0]
    try:
        return float(first), value
    except ValueError:
        return np.inf, value


def _sweeps(sweeps: list[dict[str, Any]], rivals: Mapping[str, Any]) -> Iterable[str]:
    losses = {(own["table"], own["space"], own["networks"]): own for own in sweeps}
    counts = sorted({own["networks"] for own in sweeps})
    for networks in counts:
        usual = {
            t: own for (t, space, n), own in losses.items() if (space, n) == (SPACES[0], networks)
        }
        rows = []
        for space in SPACES:
            for kind in ("loss", "single"):
                pairs = {
                    table: (losses[table, space, networks][kind], own["loss"])
                    for table, own in usual.items()
                    if (table, space, networks) in losses
                }
                if pairs and (space, kind) != (SPACES[0], "loss"):
                    name = space if kind == "loss" else f"{space}, single winner"
                    rows.append((name, *_compared(pairs)))
        if networks != counts[0]:
            pairs = {
                table: (losses[table, SPACES[0], counts[0]]["loss"], own["loss"])
                for table, own in usual.items()
                if (table, SPACES[0], counts[0]) in losses
            }
            rows.append((f"default with {counts[0]} networks", *_compared(pairs)))
        head = (f"{networks} networks", "beside the default", "tuned on", "kept back", "better on")
        yield _table(head, rows)
    yield _by_table(losses, rivals)


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """A mean and its standard error, NaN of a single value."""
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return float(np.mean(values)), float(error)


def _with_error(mean: float, error: float, form: str = ".3f") -> str:
    known = f" ± {error:{form.lstrip('+')}}" if np.isfinite(error) else ""
    return f"{mean:{form}}{known}"


def _compared(pairs: Mapping[str, tuple[float, float]]) -> Iterable[str]:
    """Losses beside others: geometric means over all tables and parts of them."""
    ratios = {table: one / other for table, (one, other) in pairs.items()}
    for belongs in ((True, False), (True,), (False,)):
        own = [ratio for table, ratio in ratios.items() if (table in TUNED_ON) in belongs]
        if own:
            mean, error = _mean([float(np.log(ratio)) for ratio in own])
            yield _with_error(np.exp(mean), np.exp(mean) * error)
        else:
            yield ""
    yield f"{sum(ratio < 1 for ratio in ratios.values())} of {len(ratios)}"


def _by_table(losses: Mapping[tuple[str, str, int], Any], rivals: Mapping[str, Any]) -> str:
    """The default and boosted trees, for each table and in the mean."""
    counts = sorted({networks for _, space, networks in losses if space == SPACES[0]})
    others = list(dict.fromkeys(n for own in rivals.values() for n in own if n != BOOSTED))
    rows, means = [], []
    for table, of_rivals in rivals.items():
        if BOOSTED not in of_rivals:
            continue
        own = [losses.get((table, SPACES[0], count), {}).get("loss", np.nan) for count in counts]
        numbers = [*own, *(of_rivals.get(name, np.nan) for name in others)]
        beside = np.array(numbers) / of_rivals[BOOSTED]
        means.append(beside)
        star = "" if table in TUNED_ON else " *"
        rows.append((table + star, *(_number(own) for own in beside), f"{of_rivals[BOOSTED]:.4g}"))
    every = np.array(means)
    complete = np.isfinite(every).all(axis=0)
    means_of_all = np.where(complete, gmean(every, axis=0), np.nan)
    rows.append(("geometric mean", *map(_number, means_of_all), ""))
    whole = every[np.isfinite(every).all(axis=1)]
    if not complete.all() and len(whole):
        name = f"of the {len(whole)} that have all"
        rows.append((name, *map(_number, gmean(whole, axis=0)), ""))
    head = ("table", *(f"{count} networks" for count in counts), *others, f"{BOOSTED}'s loss")
    return _table(head, rows)


def _number(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else ""

"""The tables that ``bpfast bench`` prints."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from .environment import cpu_of
from .measure import agrees
from .peak import Limits

COLUMNS = (
    "million\nupdates/s",
    "\nGFLOP/s",
    "of matrix\npeak",
    "bpfast\nis",
    "first\nresult",
    "\ncompile",
    "peak\nmemory",
    "losses\nwithin",
)


def print_job(console: Console, job: dict[str, Any], limits: Limits) -> None:
    """A workload: every mode of every runner, and what the figures mean."""
    title, _, description = job["description"].partition(": ")
    table = Table(
        title=f"[bold]{title}[/]  {description}",
        title_style="",
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("\nrunner", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for result in job["results"]:
        table.add_row(*_cells(job, result, limits), style="bold" if _is_ours(result) else "")
    console.print()
    console.print(table)
    for words in (_best_peer(job), _roofline(job, limits), _network(job)):
        if words:
            console.print(f"  {words}", highlight=False, soft_wrap=True)


def name(result: dict[str, Any]) -> str:
    """A runner with its mode."""
    return f"{result['runner']}, {result['mode']}"


def _is_ours(result: dict[str, Any]) -> bool:
    return result["runner"] == "bpfast"


def _cells(job: dict[str, Any], result: dict[str, Any], limits: Limits) -> list[str]:
    kernel = f": {result['kernel']}" if result["kernel"] else ""
    fewer = f" ({result['networks']} networks)" if result["networks"] < job["networks"] else ""
    losses = f"{result['loss_difference']:.0e}"
    return [
        name(result) + kernel + fewer,
        millions(result["sample_updates_per_second"]),
        f"{result['gflops']:.1f}",
        f"{result['gflops'] * 1e9 / limits.matrix:.0%}",
        times(result["bpfast_ratio"]),
        _seconds(result.get("first_result_seconds")),
        _seconds(result.get("compile_seconds")),
        size(result.get("memory_bytes")),
        losses if agrees(result) else f"[red]DIFFER {losses}[/]",
    ]


def _best_peer(job: dict[str, Any]) -> str:
    peers = [result for result in job["results"] if not _is_ours(result)]
    if not peers:
        return ""
    best = min(peers, key=lambda result: result["bpfast_ratio"])
    words = f"bpfast is {times(best['bpfast_ratio'])} the fastest peer: {name(best)}"
    later = first_results(job)
    return f"{words}; to the first result, {later}" if later else words


def first_results(job: dict[str, Any]) -> str:
    """How long peers on the same networks take to their first result, beside bpfast, in words."""
    ours, *others = job["results"]
    ratios = [
        f"{peer['runner']} takes {times(peer['first_result_seconds'] / first)}"
        for peer in others
        if not _is_ours(peer) and peer["networks"] == job["networks"]
        if (first := ours.get("first_result_seconds")) and "first_result_seconds" in peer
    ]
    return f"{', '.join(ratios)} as long" if ratios else ""


def _roofline(job: dict[str, Any], limits: Limits) -> str:
    """What memory allows, and how much of what is allowed is reached."""
    allowed = limits.reachable(job["intensity"])
    limit = "multipliers are" if allowed == limits.fma else "memory is"
    share = job["results"][0]["gflops"] * 1e9 / allowed
    return (
        f"memory moves {size(job['traffic_bytes'])} at least, {job['intensity']:,.0f} operations a "
        f"byte: {limit} the limit, {allowed / 1e9:.0f} GFLOP/s, of which bpfast has {share:.0%}"
    )


def _network(job: dict[str, Any]) -> str:
    if "network_cost_ratio" not in job:
        return ""
    busy = job["busy_threads"]
    return (
        f"a network costs {times(job['network_cost_ratio'])} one of {job['beside']}, in time of a "
        f"busy thread ({busy} {'is' if busy == 1 else 'are'} busy, idle cores aside)"
    )


def print_end(console: Console, report: dict[str, Any]) -> None:
    """What all was held against, where it was, and what is missing."""
    machine, limits = report["machine"], Limits(**report["limits"])
    lines = [
        f"{machine['processor']}, {cpu_of(machine)}; "
        f"caches {machine['caches']}; {machine['system']}",
        f"matrix peak {limits.matrix / 1e9:.0f} GFLOP/s (NumPy, 2048 x 2048, float32), fused "
        f"multiply-adds {limits.fma / 1e9:.0f} GFLOP/s, memory {limits.memory / 1e9:.0f} GB/s, "
        f"second-level caches {limits.l2 / 1e9:.0f} GB/s, all measured in this run",
        "updates: samples times networks that learned from them; first result: from the start of "
        "a new process, without reading samples; peers from after bpfast's import",
        *(found["words"] for found in report["crossings"]),
        *_skipped(report["skipped"]),
    ]
    console.print()
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _skipped(skipped: dict[str, str]) -> list[str]:
    """A line for each reason."""
    whys = dict.fromkeys(skipped.values())
    return [
        f"skipped {'; '.join(name for name in skipped if skipped[name] == why)}: {why}"
        for why in whys
    ]


def millions(rate: float) -> str:
    """A rate in millions, to three digits or to the last whole one."""
    return f"{rate / 1e6:.3g}" if rate < 999.5e6 else f"{rate / 1e6:,.0f}"


def times(ratio: float) -> str:
    """A ratio in words."""
    return f"{ratio:.2f} x" if ratio < 10 else f"{ratio:,.0f} x"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f} s"


def size(count: float | None) -> str:
    """Bytes in words."""
    if count is None:
        return ""
    return f"{count / 1e6:,.3g} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"

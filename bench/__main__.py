"""``python -m bench``: time the workloads, print a table, and keep it with ``--output FILE``."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import sys
from pathlib import Path
from typing import Any

from bpfast.verify import machine

from .measure import TOLERANCE, measure
from .peak import matrix_peak
from .peers import PEERS
from .workloads import WORKLOADS

TURNS = 5
PACKAGES = ("jax", "jaxlib", "torch", "scikit-learn")


def main() -> int:
    """Measure what was asked for; 1 where losses differ."""
    options = _options()
    peaks, results, skipped = [matrix_peak()], [], {}
    for workload in WORKLOADS:
        if options.workload and workload.name not in options.workload:
            continue
        measured, without = measure(workload, options.peers, options.turns)
        peaks.append(matrix_peak())
        print(_table(measured, max(peaks) / 1e9), flush=True)
        results += measured
        skipped.update({f"{workload.name}: {name}": why for name, why in without.items()})
    peak = max(peaks) / 1e9
    for result in results:
        result["share_of_peak"] = result["gflops"] / peak
    print(f"\nmatrix peak: {peak:.0f} GFLOP/s (NumPy, 2048 x 2048, float32)")
    for name, why in skipped.items():
        print(f"skipped {name}: {why}")
    if options.output:
        write(options.output, json.dumps(_report(peak, results, skipped), indent=1) + "\n")
    return int(any(result["loss_difference"] > TOLERANCE for result in results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--workload", choices=names, action="append", help="only this one")
    parser.add_argument(
        "--peers",
        action="store_const",
        const=PEERS,
        default=(),
        help="beside JAX, PyTorch and scikit-learn, as far as they are installed",
    )
    parser.add_argument("--turns", type=int, default=TURNS, metavar="N", help="more, less noise")
    parser.add_argument("--output", type=Path, metavar="FILE", help="JSON to write")
    options = parser.parse_args()
    if options.turns < 1:
        parser.error("--turns must be at least 1")
    return options


def _table(results: list[dict[str, Any]], peak: float) -> str:
    """A workload's rows, and how bpfast stands against the fastest peer."""
    lines = [
        f"\n{results[0]['description']:<47}{'sample-updates/s':>16}{'GFLOP/s':>9}{'of peak':>9}"
        f"{'bpfast is':>11}{'first':>9}{'losses within':>15}"
    ]
    lines += [
        f"  {result['runner'] + ', ' + result['mode']:<45}"
        f"{result['sample_updates_per_second']:>16.3g}{result['gflops']:>9.1f}"
        f"{result['gflops'] / peak:>9.0%}{result['bpfast_ratio']:>9.2f} x"
        f"{result['first_seconds']:>7.1f} s{result['loss_difference']:>15.0e}"
        + (" THEY DIFFER" if result["loss_difference"] > TOLERANCE else "")
        for result in results
    ]
    if peers := results[1:]:
        best = min(peers, key=lambda result: result["bpfast_ratio"])
        ratio = f"{best['bpfast_ratio']:.2f}"
        lines.append(f"  bpfast is {ratio} x the best peer: {best['runner']}, {best['mode']}")
    return "\n".join(lines)


def _report(peak: float, results: list[dict[str, Any]], skipped: dict[str, str]) -> dict[str, Any]:
    """What is written: all of the run, and where it was."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine() | versions,
        "matrix_peak_gflops": peak,
        "results": results,
        "skipped": skipped,
    }


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())

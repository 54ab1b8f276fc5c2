"""``python -m bench``: time the workloads, print a table, and keep it with ``--output FILE``."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

from bpfast.verify import machine

from .peak import matrix_peak
from .workloads import WORKLOADS, Workload

RUNS = 9


def measure(workload: Workload) -> dict[str, Any]:
    """Median of some whole calls of fit, after one that compiles or loads the kernels."""
    X, y = workload.data()
    population = workload.population()
    start = time.perf_counter()
    history = workload.fit(population, X, y)
    first = time.perf_counter() - start
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        workload.fit(population, X, y)
        times.append(time.perf_counter() - start)
    rate = workload.sample_updates / statistics.median(times)
    return {
        "workload": workload.name,
        "description": str(workload),
        "strategy": history.plan.strategy,
        "seconds": times,
        "first_seconds": first,
        "sample_updates_per_second": rate,
        "gflops": rate * workload.flops / 1e9,
    }


def main() -> None:
    """Measure what was asked for, and the machine's matrix peak before and after it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--workload", choices=names, action="append", help="only this one")
    parser.add_argument("--output", type=Path, help="JSON file to write")
    options = parser.parse_args()
    chosen = [w for w in WORKLOADS if not options.workload or w.name in options.workload]
    peaks = [matrix_peak()]
    results = [measure(workload) for workload in chosen]
    peaks.append(matrix_peak())
    peak = max(peaks) / 1e9
    for result in results:
        result["share_of_peak"] = result["gflops"] / peak
        print(
            f"{result['description']:<44} {result['strategy']:<12}"
            f"{result['sample_updates_per_second']:>10.3g} sample-updates/s"
            f"{result['gflops']:>8.1f} GFLOP/s {result['share_of_peak']:>5.0%} of peak"
        )
    print(f"matrix peak: {peak:.0f} GFLOP/s (NumPy, 2048 x 2048, float32)")
    if options.output:
        report = {"machine": machine(), "matrix_peak_gflops": peak, "results": results}
        write(options.output, json.dumps(report, indent=1) + "\n")


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
    main()

"""``python -m bpfast.bench gpu``: CUDA beside this machine's CPU, JAX and PyTorch, on one GPU.

All train the same networks on the same batches in float32, in one process, one after another. The
report that it writes has the GPU's name; ``python -m bpfast.bench.readme_table FILE`` makes a table
for README of it. The peers are those of the extra ``bench``, JAX with its own for CUDA.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..files import write_whole
from ..kernels.cuda import device
from ..verify import machine
from .command import now, versions
from .measure import agrees, bpfast, measure
from .peers import GPU_PEERS
from .table import millions, name, times
from .workloads import Job, Workload

RESULTS = Path(__file__).resolve().parent / "results"
SIZE = 8192  # rows and columns of the matrices, and a 256th of the numbers in a large array
RUNS = 10
TURNS = 2

WORKLOADS = (
    Workload("G1", "thread", (2, 2, 1), "identity", "mse", 1_000_000, 1, 1, 100, bias=False),
    Workload("G2", "thread", (4, 16, 1), "tanh", "mse", 65_536, 1024, 32, 1),
    Workload("G3", "block", (64, 64, 10), "relu", "cross_entropy", 4096, 1792, 64, 1, "adam"),
    Workload(
        *("G4", "large batch", (784, 256, 128, 10), "relu", "cross_entropy", 64, 2048, 128, 2),
        momentum=0.9,
    ),
    Workload("G5", "large batch", (64, 256, 256, 1), "relu", "mse", 1, 65_536, 65_536, 10),
)
JOBS = tuple(Job(workload.name, (workload,)) for workload in WORKLOADS)


def limits() -> dict[str, float]:
    """Operations a second of cuBLAS's float32 product, and bytes a second of a copy, measured."""
    xp = device.array_module()
    a = xp.full((SIZE, SIZE), 0.5, xp.float32)
    product = xp.empty_like(a)
    large, other = (xp.zeros(SIZE << 8 >> 2, xp.float32) for _ in range(2))
    return {
        "matrix": 2.0 * SIZE**3 / _best(lambda: xp.matmul(a, a, out=product)),
        "memory": 2.0 * large.nbytes / _best(lambda: xp.copyto(large, other)),
    }


def _best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs, after one that loads kernels."""
    seconds = []
    for _ in range(RUNS + 1):
        device.synchronize()
        start = time.perf_counter()
        work()
        device.synchronize()
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])


def report(say: Callable[[str], None] = print) -> dict[str, Any]:
    """Measure everything."""
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # others need memory, too
    runners = (bpfast("cuda"), bpfast("cpu"), *GPU_PEERS)
    reached, jobs = limits(), []
    skipped: dict[str, str] = {}
    for job in JOBS:
        results, without = measure(job, runners, TURNS, say)
        skipped |= {f"{job.name}: {runner}": why for runner, why in without.items()}
        jobs.append(
            {
                "name": job.name,
                "description": str(job),
                "sample_updates": job.sample_updates,
                "flops_per_sample_update": job.flops,
                "traffic_bytes": job.traffic,
                "results": results,
            }
        )
        for words in lines(jobs[-1], reached):
            say(words)
    return {
        "date": now(),
        "gpu": device.properties().name,
        "machine": machine(),
        "versions": versions(),
        "limits": reached,
        "jobs": jobs,
        "skipped": skipped,
    }


def lines(job: dict[str, Any], reached: dict[str, float]) -> list[str]:
    """A job's results in words."""
    words = [job["description"]]
    for result in job["results"]:
        rate = result["sample_updates_per_second"]
        bandwidth = job["traffic_bytes"] / result["median_seconds"]
        words.append(
            f"  {name(result)}: {millions(rate)} million updates/s, "
            f"{result['gflops'] * 1e9 / reached['matrix']:.0%} of the matrix peak, "
            f"{bandwidth / reached['memory']:.0%} of the bandwidth, "
            f"bpfast is {times(result['bpfast_ratio'])}"
            f"{'' if agrees(result) else ', LOSSES DIFFER'}"
        )
    return words


def main() -> None:
    """Measure, print and keep it."""
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench gpu", description=__doc__)
    parser.add_argument("--output", type=Path, help="bench/results/gpu-NAME.json")
    given = parser.parse_args()
    if problem := device.problem():
        raise SystemExit(f"CUDA cannot be used: {problem}")
    measured = report()
    slug = re.sub(r"\W+", "-", measured["gpu"].lower())
    path = given.output or RESULTS / f"gpu-{slug}.json"
    text = json.dumps(measured, indent=1, allow_nan=False) + "\n"
    write_whole(path, lambda whole: whole.write_text(text, encoding="utf-8"))
    print(f"written to {path}")


if __name__ == "__main__":
    main()

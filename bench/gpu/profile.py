"""``ncu`` on the launches of one epoch of a workload: ``... .profile WORKLOAD``.

With ``--inside`` it is the process that ``ncu`` watches: one epoch compiles, the next one shows how
much fits into a call, and the one after that is watched.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...kernels.cuda import device
from ..workloads import Workload
from .tell import missing, need_a_gpu, tell
from .workloads import BY_NAME

LAUNCHES = 80  # a few steps of large batch, and 50 or so that shuffle its samples
METRICS = {
    "gpu__time_duration.sum": "time",
    "sm__inst_issued.avg.pct_of_peak_sustained_active": "issue slots busy",
    "sm__warps_active.avg.pct_of_peak_sustained_active": "occupancy reached",
    "sm__maximum_warps_per_active_cycle_pct": "occupancy possible",
    "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum": "shared-memory wavefronts",
    "l1tex__data_bank_conflicts_pipe_lsu_mem_shared.sum": "shared-memory bank conflicts",
    "smsp__inst_executed_op_local_ld.sum": "loads from local memory",
    "smsp__inst_executed_op_local_st.sum": "stores to local memory",
    "launch__registers_per_thread": "registers a thread",
    "launch__occupancy_limit_registers": "blocks by registers",
    "launch__occupancy_limit_shared_mem": "blocks by shared memory",
}


def options(log: Path) -> list[str]:
    """What ncu is asked for; clocks stay as they are."""
    return [
        *("--clock-control", "none", "--profile-from-start", "off"),
        *("--launch-count", str(LAUNCHES), "--metrics", ",".join(METRICS)),
        *("--csv", "--print-units", "base", "--log-file", str(log)),
    ]


def launches(text: str) -> Iterator[dict[str, Any]]:
    """Each launch in what ncu wrote: its kernel, its size, and the metrics by their words."""
    lines = [line for line in text.splitlines() if line.startswith('"')]
    found: dict[str, dict[str, Any]] = {}
    for row in csv.DictReader(lines):
        size = {"grid": row["Grid Size"], "block": row["Block Size"]}
        launch = found.setdefault(row["ID"], {"kernel": row["Kernel Name"][:200], **size})
        if (words := METRICS.get(row["Metric Name"])) is not None:
            launch[words] = f"{row['Metric Value']} {row['Metric Unit']}".strip()
    yield from found.values()


def watched(workload: Workload) -> None:
    """Train two epochs, and one more while ncu watches."""
    training = workload.training(workload.population(), *workload.data(), "cuda")
    with training:
        training.advance(1)
        training.advance(2)
        if device.simulated():
            return
        device.synchronize()
        device.array_module().cuda.profiler.start()
        training.advance(3)
        device.synchronize()
        device.array_module().cuda.profiler.stop()


def main() -> None:
    """Let ncu watch, and tell what it saw."""
    name, *flags = sys.argv[1:]
    need_a_gpu()
    if "--inside" in flags:
        watched(BY_NAME[name])
        return
    if not (ncu := shutil.which("ncu")):
        missing("ncu is not installed")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        inside = [sys.executable, "-m", __spec__.name, name, "--inside"]
        done = subprocess.run([ncu, *options(log), *inside], check=False)
        text = log.read_text(errors="replace") if log.exists() else ""
    seen = list(launches(text))
    for launch in seen:
        tell(**launch)
    if done.returncode or not seen:
        complaints = [line for line in text.splitlines() if line.startswith("==")]
        sys.exit(complaints[-1] if complaints else f"ncu ended with {done.returncode}")


if __name__ == "__main__":
    main()

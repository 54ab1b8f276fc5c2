"""The memory that is free, and what does not fit into it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

ALWAYS_FREE = 1 << 24  # bytes; reading how many are free takes longer than allocating so few


def check_memory(what: str, size: int, dtype: str | np.dtype) -> None:
    """Raise ``MemoryError`` where ``size`` numbers cannot fit into the memory that is free."""
    wanted = size * np.dtype(dtype).itemsize
    if wanted > ALWAYS_FREE and wanted > (free := free_memory()):
        raise MemoryError(
            f"{what} take {wanted / 2**30:.1f} GiB, {free / 2**30:.1f} GiB are free: "
            "take fewer at a time"
        )


def free_memory() -> int:
    """Bytes that this process may still take: the machine's and the container's limit."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, StopIteration, ValueError):
        free = 1 << 62  # not Linux: the allocation itself will raise
    group = Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        statistics = (group / "memory.stat").read_text().split()
        cache = int(statistics[statistics.index("inactive_file") + 1])  # the kernel can drop it
        free = min(free, limit - used + cache)
    except (OSError, ValueError):
        pass  # no limit
    return free

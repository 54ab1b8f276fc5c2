"""What is timed on a GPU, and what a rehearsal takes in its place.

``strategy`` is what bpfast should choose, decided here by hand: a thread has too few registers for
a network of 4-16-1, though it is small.
"""

from __future__ import annotations

from ..workloads import Workload

WORKLOADS = (
    Workload("G1", "thread", (2, 2, 1), "identity", "mse", 1_000_000, 1, 1, 100, bias=False),
    Workload("G2", "block", (4, 16, 1), "tanh", "mse", 65_536, 1024, 32, 10),
    Workload("G3", "block", (64, 64, 10), "relu", "cross_entropy", 4096, 1792, 64, 10, "adam"),
    Workload(
        *("G4", "large batch", (784, 256, 128, 10), "relu", "cross_entropy", 64, 2048, 128, 10),
        momentum=0.9,
    ),
    Workload("G5", "large batch", (64, 256, 256, 1), "relu", "mse", 1, 65_536, 65_536, 10),
)
REHEARSAL = (
    Workload("R1", "thread", (2, 2, 1), "identity", "mse", 5, 1, 1, 10, bias=False),
    Workload("R2", "block", (4, 24, 3), "relu", "cross_entropy", 2, 16, 8, 2, "adam"),
)
BY_NAME = {workload.name: workload for workload in (*WORKLOADS, *REHEARSAL)}

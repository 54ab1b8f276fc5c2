"""Jobs and limits that take no time, for the tests of the benchmark."""

from dataclasses import replace

import numpy as np

from bpfast.bench import peak, workloads
from bpfast.bench.measure import Run, Runner, UnavailableError

SMALL = {"networks": 5, "samples": 256, "epochs": 2}
TINY = workloads.Job("W3", (replace(workloads.W3, **SMALL),))
ONE = replace(workloads.W3, name="W3x1", **SMALL | {"networks": 1})
FEW = workloads.Job("W3x1", (ONE,), beside="W3", has_peers=False)
MANY = workloads.Job(
    "mixed",
    tuple(replace(workload, **SMALL, digits=False) for workload in workloads.MIXED[::5][:2]),
)
LIMITS = peak.Limits(matrix=4e11, fma=5e11, memory=5e10, l2=4e11)
WRONG = Runner("PyTorch", "wrong", lambda workload: Run(lambda: np.ones(workload.networks)))
PNG = b"\x89PNG\r\n\x1a\n"


def missing(workload):
    raise UnavailableError("jax is not installed")

"""The workloads under pytest-benchmark: ``pytest bench --benchmark-json=FILE`` keeps the numbers.

Each reports sample-updates/s, GFLOP/s and the share of the matrix peak measured in the same run.
"""

from __future__ import annotations

import numpy as np
import pytest

from bpfast.bench.peak import matrix_peak
from bpfast.bench.workloads import WORKLOADS


@pytest.fixture(scope="session")
def peaks():
    """Matrix peak by dtype, measured once, before the workloads."""
    return {dtype: matrix_peak(dtype) for dtype in ("float32", "float64")}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_workload(benchmark, record_property, peaks, workload, dtype):
    """Whole calls of fit, after one that compiles or loads the kernels."""
    X, y = workload.data()
    population = workload.population(dtype)
    history = workload.fit(population, X, y)
    assert history.plan.strategy == workload.strategy
    benchmark.pedantic(workload.fit, (population, X, y), rounds=7, iterations=1)
    assert np.isfinite(population.parameters).all()
    rate = workload.sample_updates / benchmark.stats["median"]
    benchmark.extra_info |= {
        "workload": str(workload),
        "strategy": workload.strategy,
        "dtype": dtype,
        "sample_updates_per_second": rate,
        "gflops": rate * workload.flops / 1e9,
        "matrix_peak_gflops": peaks[dtype] / 1e9,
        "share_of_peak": rate * workload.flops / peaks[dtype],
    }
    record_property("bench", benchmark.extra_info)

"""The machine's limits."""

from dataclasses import replace

from small_jobs import LIMITS

from bpfast.bench import peak


def test_limits_are_measured(monkeypatch):
    monkeypatch.setattr(peak, "RUNS", 1)
    monkeypatch.setattr(peak, "LOOPS", 1000)
    monkeypatch.setattr(peak, "SIZE", 64)
    monkeypatch.setattr(peak, "LEAST_ARRAY", 2**16)
    monkeypatch.setattr(peak, "last_cache", lambda: 0)
    measured = peak.limits()
    assert min(measured.matrix, measured.fma, measured.memory, measured.l2) > 0


def test_limits_bound_each_other():
    assert LIMITS.reachable(1.0) == LIMITS.memory
    assert LIMITS.reachable(1000.0) == LIMITS.fma
    higher = replace(LIMITS, memory=9e10)
    assert LIMITS.best(higher) == higher == higher.best(LIMITS)

"""Warming up: the strategies that are compiled on purpose."""

from types import SimpleNamespace

import bpfast as bp
from bpfast.training import precompile


def test_every_strategy_of_the_cpu_is_warmed_up_for_a_dtype(monkeypatch):
    warmed = []
    kernels = SimpleNamespace(warm_up=warmed.append)
    plans = []

    def fit(population, *_, batch_size, **__):
        plans.append(bp.dispatch.choose(population.mlp, len(population), batch_size, "cpu"))
        return SimpleNamespace(plan=plans[-1])

    monkeypatch.setattr("bpfast.kernels.cpu.thread_count", lambda: 4)
    monkeypatch.setattr(precompile, "fit", fit)
    monkeypatch.setattr(precompile, "gradients", lambda *_, **__: None)
    monkeypatch.setattr(bp.Population, "predict", lambda *_, **__: None)
    monkeypatch.setattr(precompile.dispatch, "kernels", lambda plan: kernels)
    bp.warmup(("float64",))
    assert {plan.strategy for plan in plans} == {"lanes", "tiles", "large batch"}
    assert warmed == ["float64"] * len(plans)

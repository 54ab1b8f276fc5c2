"""Fits by online steps, beside those of all other networks."""

import numpy as np

import bpfast as bp
from bpfast.kernels.cpu.lanes import online


def train(monkeypatch, by_steps, mlp, options, n, samples, dtype="float32"):
    """Networks after a fit, by online steps or as all other networks are trained.

    Also its history, and of each call whether it could have been by online steps.
    """
    with monkeypatch.context() as patch:
        calls = []

        def applies(task, applies=online.applies):
            calls.append(applies(task))
            return calls[-1] and by_steps

        patch.setattr(online, "applies", applies)
        rng = np.random.default_rng(3)
        population = bp.Population(mlp, n, seed=5, dtype=dtype)
        X = rng.normal(size=(samples, mlp.inputs))
        y = rng.normal(size=(samples, 1))
        history = bp.fit(population, X, y, batch_size=1, device="cpu", progress=False, **options)
        assert history.plan.strategy == "lanes"
        return population.parameters, history, calls


def check(monkeypatch, mlp, options, n=19, samples=5, dtype="float32"):
    """Bits are equal, of what is trained and of what is reported."""
    got, history, calls = train(monkeypatch, True, mlp, options, n, samples, dtype)
    expected, general, _ = train(monkeypatch, False, mlp, options, n, samples, dtype)
    assert all(calls), "this task should be trained by online steps"
    np.testing.assert_array_equal(got, expected)
    for name in ("loss", "epochs_run", "stopped", "diverged"):
        np.testing.assert_array_equal(getattr(history, name), getattr(general, name))
    return history

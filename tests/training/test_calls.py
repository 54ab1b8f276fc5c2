"""How a training is cut into calls of a kernel."""

import pytest
from fits import MLP, VALIDATION, X, Y, fit, population
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.kernels import cpu


def test_trainings_cut_into_calls_are_the_same(monkeypatch):
    at_once, in_parts = population(2 * cpu.GRAIN), population(2 * cpu.GRAIN)
    options = {"dropout": 0.3, "validation": VALIDATION, "record": 2, "patience": 2}
    whole = fit(at_once, bp.Adam(schedule="cosine"), **options)
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
    calls = []
    parts = fit(in_parts, bp.Adam(schedule="cosine"), progress=calls.append, **options)
    assert len(calls) > 6
    assert_array_equal(in_parts.parameters, at_once.parameters)
    for name in ("loss", "validation_loss", "epochs_run", "stopped"):
        assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_a_kernel_that_leaves_a_network_behind_is_found_out(monkeypatch):
    """Whoever waits for an epoch would wait for ever."""
    monkeypatch.setattr(cpu, "train", lambda strategy, task, networks: None)
    with pytest.raises(RuntimeError, match="network 0 is at epoch 0 after it was trained to epoch"):
        bp.fit(bp.Population(MLP, 3), X, Y, bp.SGD(), device="cpu", progress=False)

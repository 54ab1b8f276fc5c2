"""Epochs of online steps, however they are cut, recorded and stopped: the bits of all others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from online_fits import check

import bpfast as bp
from bpfast.kernels.cpu.lanes import online


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_fit(data):
    """Odd numbers of networks, of samples, more than a call takes, and whatever is recorded."""
    n = data.draw(st.sampled_from([1, 15, 17, 130, 300]), "n")
    samples = data.draw(st.sampled_from([1, 2, 63, 64, 65, 130]), "samples")
    mlp = bp.MLP(
        (data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)), 1),
        data.draw(st.sampled_from(list(online.NEGATIVE_SLOPES))),
        data.draw(st.sampled_from(list(online.SLOPE_FACTORS))),
        data.draw(st.booleans()),
    )
    schedule = data.draw(st.sampled_from(["constant", "cosine"]))
    options = {
        "optimizer": bp.SGD(learning_rate=np.linspace(0.01, 0.1, n), schedule=schedule),
        "epochs": data.draw(st.sampled_from([1, 3, 70])),
        "record": data.draw(st.sampled_from(["epoch", "last", 2])),
        "shuffle": data.draw(st.booleans()),
        "sample_weight": data.draw(
            st.sampled_from([None, np.arange(samples) % 3 + 0.5, np.arange(samples) % 2 + 1])
        ),
    }
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    with pytest.MonkeyPatch.context() as monkeypatch:
        check(monkeypatch, mlp, options, n, samples, dtype)


def test_stopping_and_folds(monkeypatch):
    mlp = bp.MLP((2, 3, 1), "relu", "mse")
    fold = np.arange(19) % 2
    options = {
        "optimizer": bp.SGD(learning_rate=0.05),
        "epochs": 40,
        "tol": 0.3,
        "patience": 3,
        "rows": ([[0, 1, 2], [3, 4, 2, 2]], fold),
    }
    history = check(monkeypatch, mlp, options)
    assert history.stopped.any()


def test_divergence_leaves_the_last_finite_parameters(monkeypatch):
    mlp = bp.MLP((2, 2, 1), "identity", "mse")
    rates = np.where(np.arange(19) % 3, 0.01, 50.0)
    for record in ("epoch", "last"):
        options = {"optimizer": bp.SGD(learning_rate=rates), "epochs": 60, "record": record}
        history = check(monkeypatch, mlp, options)
        np.testing.assert_array_equal(history.diverged, rates > 1)

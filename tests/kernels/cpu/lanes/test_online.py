"""Online steps compute what lanes compute, to the last bit of every parameter and every loss."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpfast as bp
from bpfast.kernels.cpu.lanes import online
from bpfast.kernels.cpu.lanes.online import MOST_UNITS


def train(monkeypatch, by_steps, mlp, options, n, samples, dtype="float32"):
    """Networks after a fit, by online steps or as all other networks are trained."""
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


@pytest.mark.parametrize(("activation", "decay"), [("identity", 0.0), ("leaky_relu", 0.01)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("inputs", range(1, MOST_UNITS + 1))
@pytest.mark.parametrize("hidden", range(1, MOST_UNITS + 1))
def test_every_architecture(monkeypatch, inputs, hidden, bias, dtype, activation, decay):
    mlp = bp.MLP((inputs, hidden, 1), activation, "half_squared_error", bias)
    options = {
        "optimizer": bp.SGD(learning_rate=np.geomspace(1e-3, 0.1, 19), weight_decay=decay),
        "epochs": 7,
    }
    check(monkeypatch, mlp, options, dtype=dtype)


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


def test_weights_that_do_not_count_fully_are_trained_as_others_are(monkeypatch):
    """A sample of weight 49 counts 49 * (1 / 49) in its batch, which is less than 1 in float64."""
    mlp, weights = bp.MLP((2, 2, 1), "identity", "mse"), np.array([1.0, 49.0, 3.0, 2.0, 1.0])
    options = {"optimizer": bp.SGD(), "epochs": 3, "sample_weight": weights}
    assert all(train(monkeypatch, True, mlp, options, 3, 5, "float32")[2])
    assert not any(train(monkeypatch, True, mlp, options, 3, 5, "float64")[2])
    weights[2] = 0.0  # where a loss is infinite, 0 times it ends a network
    assert not any(train(monkeypatch, True, mlp, options, 3, 5, "float32")[2])


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

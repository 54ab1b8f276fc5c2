"""With patience a network ends with the parameters of its best epoch, wherever it was trained."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from patient import HUGE, Patient

import bpfast as bp
from bpfast.kernels import cpu

SHAPES = {  # strategy, layers, networks, rows, batch size
    "reference": ("reference", (3, 4, 1), 6, 9, 4),
    "lanes": ("lanes", (3, 4, 2), 40, 9, 4),
    "a step an epoch": ("lanes", (3, 4, 2), 20, 9, 9),
    "online": ("lanes", (3, 4, 1), 150, 7, 1),
    "tiles": ("tiles", (3, 40, 2), 6, 9, 9),
    "large batch": ("large batch", (3, 40, 2), 5, 600, 512),
}
EPOCHS = 7
LINE = bp.MLP((1, 1), loss="half_squared_error", bias=False)
every_device = pytest.mark.parametrize("device", ["reference", "cpu"])


@cache
def patient(shape, validated):
    strategy, *sizes = SHAPES[shape]
    return Patient("reference" if strategy == "reference" else "cpu", *sizes, EPOCHS, validated)


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_the_best_epoch_is_kept(forced, shape, data):
    """Whatever ends a network, and however its training is cut, paused and taken elsewhere."""
    with forced(SHAPES[shape][0], data.draw(st.integers(1, 3), "threads")):
        check_best_epochs(patient(shape, data.draw(st.booleans(), "validated")), data)


def check_best_epochs(fit, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 99), "seed"))
    record = data.draw(st.integers(1, 3), "record")
    options = {
        "patience": rng.integers(record, EPOCHS + 1, fit.n),
        "tol": rng.choice([0.0, *np.nanquantile(fit.free.loss, [0.1, 0.5])], fit.n),
        "record": record,
        "restore_best_weights": data.draw(st.booleans() | st.just(True), "restore_best_weights"),
    }
    pause = data.draw(st.integers(0, EPOCHS - 1), "pause")
    with pytest.MonkeyPatch.context() as patch, fit.training(**options) as training:
        if data.draw(st.booleans(), "in short calls"):
            patch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
        if pause:
            training.advance(pause)
            fit.check(training, pause, **options)
        if data.draw(st.booleans(), "elsewhere"):
            state, training = training.state_dict(), fit.training(**options)
            training.load_state_dict(state)
        training.advance()
        fit.check(training, EPOCHS, **options)


@every_device
@pytest.mark.parametrize("restores", [True, False])
def test_validation_loss_that_rises_again(device, restores):
    """A weight on its way from 0 to 1, by its rate of what is left, is best near 0.3."""
    rates = np.array([0.05, 0.1, 0.2])
    one, options = np.ones((1, 1)), {"epochs": 30, "device": device, "progress": False}
    networks, shorter = (bp.Population(LINE, 3, init="zeros", dtype="float64") for _ in "ab")
    history = bp.fit(
        networks, one, one, bp.SGD(learning_rate=rates), validation=(one, 0.3 * one), patience=2,
        restore_best_weights=restores, **options,
    )  # fmt: skip
    epochs = np.arange(1, 31)
    weights = 1.0 - (1.0 - rates[:, None]) ** epochs
    best = np.abs(weights - 0.3).argmin(axis=1) + 1
    assert_array_equal(history.best_epoch, best)
    assert_array_equal(history.epochs_run, best + 2)
    assert_array_equal(history.stopped, True)
    ended = best if restores else best + 2
    np.testing.assert_allclose(networks.parameters[:, 0], weights[range(3), ended - 1])
    np.testing.assert_allclose(history.best_loss, history.validation_loss[range(3), best - 1])
    np.testing.assert_array_equal(history.score(), history.validation_loss[range(3), ended - 1])
    for k, count in enumerate(ended):  # a fit of just so many epochs, bit for bit
        bp.fit(shorter, one, one, bp.SGD(learning_rate=rates), **options | {"epochs": int(count)})
        assert_array_equal(networks.parameters[k], shorter.parameters[k])
        shorter.parameters = 0.0


@every_device
def test_the_best_of_a_population_is_the_one_that_was_best(device):
    """Not the one whose last epoch was: the networks end with their best."""
    one = np.ones((1, 1))
    networks = bp.Population(LINE, 2, init="zeros")
    history = bp.fit(
        networks, one, one, bp.SGD(learning_rate=[0.3, 0.01]), validation=(one, 0.3 * one),
        epochs=9, patience=9, device=device, progress=False,
    )  # fmt: skip
    assert history.validation_loss[:, -1].argmin() == 1
    np.testing.assert_allclose(networks.best(history).parameters, [[0.3]], rtol=1e-6)


@every_device
def test_without_a_best_epoch_the_last_one_stays(device):
    """None was scored before ``tol`` was met; or no validation loss was finite."""
    X = np.ones((4, 1))
    for epochs, target, limits in (
        (1, X, {"record": 3, "patience": 3, "tol": 1e9}),
        (2, 1e200 * X, {"patience": 2}),
    ):
        networks, plain = (bp.Population(LINE, dtype="float64") for _ in "ab")
        options = {"device": device, "progress": False}
        history = bp.fit(networks, X, X, bp.SGD(), validation=(X, target), **limits, **options)
        bp.fit(plain, X, X, bp.SGD(), epochs=epochs, **options)
        assert_array_equal(networks.parameters, plain.parameters)
        assert history.epochs_run == epochs
        assert (history.best_epoch, history.restored, history.best_loss) == (0, False, np.inf)
        assert np.isfinite(history.score()) == (epochs == 1)


@every_device
def test_networks_that_are_dropped_have_their_best(device):
    fit = Patient(device, (3, 4, 2), 12, 9, 4, EPOCHS, True)
    options = {"patience": np.full(12, EPOCHS), "tol": np.zeros(12), "record": 1}
    dropped = np.array([2, 4, 11])
    with fit.training(**options) as training:
        training.advance(5)
        training.drop(dropped)
        there = training.history().best_epoch - 1
        for k in dropped:
            expected = fit.seen[there[k]] if fit.free.epochs_run[k] >= 5 else fit.seen[-1]
            assert_array_equal(training.parameters([k])[0], expected[k])
        training.advance()
    kept = np.setdiff1d(np.arange(12), dropped)
    for k in kept:
        end = fit.end(k, EPOCHS, patience=EPOCHS, tol=0.0, record=1)
        assert_array_equal(training.population.parameters[k], end.parameters)
    assert (there[dropped] < 4).any()


def test_nothing_is_kept_unless_it_is_wanted():
    fit = Patient("reference", (3, 4, 2), 4, 9, 4, 2, True)
    sizes = [
        len(fit.training(**options).state_dict()["best_parameters"])
        for options in ({}, {"patience": 2, "restore_best_weights": False}, {"patience": 2})
    ]
    assert sizes == [0, 0, 4]
    history = fit.training().history()
    assert history.best_epoch is history.best_loss is history.restored is None


def test_an_interrupt_leaves_the_best_of_those_that_ended():
    """Those that were still running are as they were trained so far."""
    fit = Patient("cpu", (3, 4, 2), 4 * cpu.GRAIN, 9, 4, EPOCHS, True)
    options = {"patience": np.resize([1, EPOCHS], fit.n), "tol": np.zeros(fit.n), "record": 1}
    with pytest.MonkeyPatch.context() as patch, fit.training(**options) as training:
        patch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
        calls = iter(range(5, -1, -1))
        with pytest.raises(ZeroDivisionError):
            training.advance(progress=lambda _: 1 / next(calls))
    history = training.history()
    running = ~(history.stopped | history.diverged)
    assert len(set(history.epochs_run[running])) == 2
    assert history.restored.any()
    for i, until in enumerate(history.epochs_run + history.diverged):
        end = fit.end(i, until, patience=options["patience"][i], tol=0.0, record=1)
        assert end.ended == history.restored[i]
        assert_array_equal(training.population.parameters[i], end.parameters)


def test_a_wild_neighbour_leaves_the_best_alone():
    """A group of lanes is run again for it, while the others, which have ended, run along."""
    rates = np.resize([0.3, 0.05, 0.6, 0.01], 48)
    wild = np.where(np.arange(48) % 7 == 3, HUGE, rates)
    results = []
    for chosen in (rates, wild):
        fit = Patient("cpu", (3, 4, 2), 48, 9, 4, 1, True)
        fit.rates = chosen
        with fit.training(epochs=EPOCHS, patience=2) as training:
            training.advance()
        results.append((training.parameters(), training.history().best_epoch))
    calm = wild < HUGE
    for one, other in zip(*results, strict=True):
        assert_array_equal(one[calm], other[calm])

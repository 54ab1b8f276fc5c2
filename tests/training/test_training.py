"""fit, gradients and History: what is recorded, what stops, what is shown, what is refused."""

import dataclasses
import os
import signal
import threading
import time
import warnings
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.training import calls
from bpfast.training.dispatch import Plan
from bpfast.training.optimizers import ScikitLearnAdam, ScikitLearnSGD
from bpfast.training.orders import Shuffled

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 2))
VALIDATION = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 2))
MLP = bp.MLP((3, 4, 2), activation="tanh")
DEEP = bp.MLP((3, 4, 5, 2), activation="tanh")
HUGE = 1e30  # a learning rate with which a network diverges in its second step

every_device = pytest.mark.parametrize("device", ["reference", "cpu"])


def population(n=4, mlp=MLP, **options):
    return bp.Population(mlp, n, init="torch", **options)


def fit(networks, optimizer=None, **options):
    """A short training with the options given; nothing is shown."""
    optimizer = optimizer or bp.SGD(learning_rate=0.05)
    arguments = {"X": X, "y": Y, "epochs": 6, "batch_size": 8, "device": "cpu", "progress": False}
    return bp.fit(networks, optimizer=optimizer, **arguments | options)


# --- what is recorded -----------------------------------------------------------------------------


@every_device
@pytest.mark.parametrize(
    ("record", "epochs", "numbers"),
    [
        ("epoch", 6, [1, 2, 3, 4, 5, 6]),
        ("last", 6, [6]),
        (1, 3, [1, 2, 3]),
        (2, 6, [2, 4, 6]),
        (2, 5, [2, 4, 5]),
        (4, 6, [4, 6]),
        (np.int64(4), 3, [3]),
        (99, 6, [6]),
    ],
)
def test_losses_of_the_asked_epochs_are_kept(record, epochs, numbers, device):
    all_of_them = fit(population(), epochs=epochs, validation=VALIDATION, device=device)
    networks = population()
    options = {"epochs": epochs, "validation": VALIDATION, "device": device}
    history = fit(networks, record=record, **options)
    assert_array_equal(history.epochs, numbers)
    columns = np.array(numbers) - 1
    assert_array_equal(history.loss, all_of_them.loss[:, columns])
    assert_array_equal(history.validation_loss, all_of_them.validation_loss[:, columns])
    assert history.loss.dtype == history.validation_loss.dtype == np.float64
    assert_array_equal(history.epochs_run, [epochs] * 4)


@every_device
def test_losses_are_those_before_and_after_an_epoch(device):
    """The training loss is taken before each update, the validation loss after the epoch."""
    networks = population(dtype="float64")
    before, after = (bp.gradients(networks, *part)[0] for part in ((X, Y), VALIDATION))
    history = fit(networks, epochs=1, batch_size=20, validation=VALIDATION, device=device)
    assert_allclose(history.loss[:, 0], before, rtol=1e-9)
    assert (history.validation_loss[:, 0] != after).all()
    after = bp.gradients(networks, *VALIDATION)[0]
    assert_allclose(history.validation_loss[:, 0], after, rtol=1e-9)


@every_device
def test_an_epochs_loss_is_the_weighted_mean_of_its_batches(device):
    networks, weights = population(), RNG.uniform(size=20)
    history = fit(networks, bp.SGD(learning_rate=0.0), sample_weight=weights, device=device)
    whole = bp.gradients(networks, X, Y, sample_weight=weights)[0]
    assert_allclose(history.loss, np.repeat(whole[:, None], 6, axis=1), rtol=1e-5)


@every_device
def test_validation_samples_may_have_weights(device):
    weights, networks = RNG.uniform(size=8), population()
    history = fit(networks, validation=(*VALIDATION, weights), device=device)
    expected = bp.gradients(networks, *VALIDATION, sample_weight=weights)[0]
    assert_allclose(history.validation_loss[:, -1], expected, rtol=1e-5)


@every_device
def test_a_history_tells_what_was_done(device):
    networks = population()
    history = fit(networks, device=device)
    assert isinstance(history, bp.History)
    assert isinstance(history.plan, Plan)
    assert history.plan.device == device
    assert history.validation_loss is None
    assert history.sample_updates == 4 * 6 * 20
    assert 0.0 < history.seconds < 60.0
    assert history.interrupted is False
    for flags in (history.stopped, history.diverged):
        assert_array_equal(flags, [False] * 4)
    assert np.isfinite(networks.parameters).all()
    with pytest.raises(dataclasses.FrozenInstanceError):
        history.loss = None


def test_sample_updates_count_each_networks_own_rows():
    rows = ([np.arange(5), np.arange(5, 20)], [0, 1, 1, 0])
    assert fit(population(), rows=rows).sample_updates == 6 * (5 + 15 + 15 + 5)


@every_device
def test_scores_are_the_last_losses_and_validation_comes_first(device):
    history = fit(population(), device=device)
    assert_array_equal(history.score(), history.loss[:, -1])
    history = fit(population(), validation=VALIDATION, device=device)
    assert_array_equal(history.score(), history.validation_loss[:, -1])


# --- going on -------------------------------------------------------------------------------------


@every_device
def test_a_second_fit_goes_on_where_the_first_ended(device):
    at_once, twice = population(), population()
    whole = fit(at_once, epochs=6, shuffle=False, device=device)
    first = fit(twice, epochs=2, shuffle=False, device=device)
    second = fit(twice, epochs=4, shuffle=False, device=device)
    assert_array_equal(twice.parameters, at_once.parameters)
    assert_array_equal(np.hstack([first.loss, second.loss]), whole.loss)


@every_device
def test_a_seed_gives_one_training_and_another_seed_another(device):
    def trained(**options):
        networks = population()
        fit(networks, device=device, **options)
        return networks.parameters

    for options in ({}, {"dropout": 0.5}):
        assert_array_equal(trained(**options), trained(**options, seed=0))
        assert (trained(**options) != trained(**options, seed=1)).any(axis=1).all()
    assert (trained(shuffle=False) != trained()).any(axis=1).all()
    assert_array_equal(trained(shuffle=False), trained(shuffle=False, seed=1))
    whole_batch = {"batch_size": 20}  # has no order
    assert_array_equal(trained(**whole_batch), trained(**whole_batch, seed=1, shuffle=False))
    assert_array_equal(trained(batch_size=10**9), trained(**whole_batch))


def test_trainings_cut_into_calls_are_the_same(monkeypatch):
    at_once, in_parts = population(2 * cpu.GRAIN), population(2 * cpu.GRAIN)
    options = {"dropout": 0.3, "validation": VALIDATION, "record": 2, "patience": 2}
    whole = fit(at_once, bp.Adam(schedule="cosine"), **options)
    monkeypatch.setattr(calls, "CALL_SECONDS", 1e-9)
    calls = []
    parts = fit(in_parts, bp.Adam(schedule="cosine"), progress=calls.append, **options)
    assert len(calls) > 6
    assert_array_equal(in_parts.parameters, at_once.parameters)
    for name in ("loss", "validation_loss", "epochs_run", "stopped"):
        assert_array_equal(getattr(parts, name), getattr(whole, name))


# --- stopping -------------------------------------------------------------------------------------


@every_device
def test_each_network_stops_by_its_own_tol(device):
    free = fit(population(), device=device)
    tol = free.loss[:, [2]].max(axis=1)  # met in the third epoch, or before
    tol[3] = 0.0
    networks = population()
    history = fit(networks, tol=tol, device=device)
    met = (free.loss <= tol[:, None]) | (np.arange(6) == 5)
    epochs = np.argmax(met, axis=1) + 1
    assert_array_equal(history.epochs_run, epochs)
    assert_array_equal(history.stopped, [True, True, True, False])
    for k, count in enumerate(epochs):
        assert_array_equal(history.loss[k, :count], free.loss[k, :count])
        assert np.isnan(history.loss[k, count:]).all()
        alone = population()[k]
        fit(alone, epochs=count, device=device)
        assert_array_equal(networks.parameters[[k]], alone.parameters)
    assert_array_equal(history.score(), history.loss[range(4), epochs - 1])


@every_device
def test_patience_counts_epochs_without_a_lower_loss(device):
    networks = population(5)
    still = bp.SGD(learning_rate=[0.0, 0.0, 0.0, 0.0, 0.01])  # the first epoch stays the best
    options = {"epochs": 9, "batch_size": 20, "device": device}
    history = fit(networks, still, patience=[1, 3, 8, 9, 1], **options)
    assert_array_equal(history.epochs_run, [2, 4, 9, 9, 9])
    assert_array_equal(history.stopped, [True, True, True, False, False])


@every_device
def test_patience_watches_the_validation_loss(device):
    """Targets of opposite signs: each step that helps in training harms in validation."""
    mlp = bp.MLP((1, 1), bias=False)
    networks = bp.Population(mlp, 3, init="zeros")
    one = np.ones((1, 1))
    optimizer = bp.SGD(learning_rate=0.01)
    options = {"X": one, "y": one, "patience": 2, "epochs": 9, "device": device}
    history = fit(networks, optimizer, validation=(one, -one), **options)
    assert_array_equal(history.epochs_run, [3, 3, 3])
    assert not fit(networks, optimizer, validation=(one, one), **options).stopped.any()
    assert not fit(networks, optimizer, **options).stopped.any()


@every_device
@pytest.mark.parametrize(("record", "columns"), [("last", 1), (4, 2), (2, 3)])
def test_who_stops_between_recorded_epochs_has_its_last_losses_in_the_next_column(
    record, columns, device
):
    still = bp.SGD(learning_rate=[0.0, 0.01, 0.0, 0.01])
    tol = [1e9, 0.0, 0.0, 1e9]  # met in the first epoch, or never
    options = {"tol": tol, "validation": VALIDATION, "device": device}
    history = fit(population(), still, record=record, **options)
    every = fit(population(), still, **options)
    assert_array_equal(history.epochs_run, [1, 6, 6, 1])
    for losses, all_losses in (
        (history.loss, every.loss),
        (history.validation_loss, every.validation_loss),
    ):
        assert losses.shape == (4, columns)
        assert_array_equal(losses[[0, 3], 0], all_losses[[0, 3], 0])
        assert np.isnan(losses[[0, 3], 1:]).all()
        assert not np.isnan(losses[[1, 2]]).any()
    assert_array_equal(history.score(), every.score())


@every_device
def test_who_diverges_is_frozen_and_others_never_notice(device):
    rates = np.array([0.05, HUGE, 0.01, HUGE])
    networks, calm = population(), population()[[0, 2]]
    history = fit(networks, bp.SGD(learning_rate=rates), validation=VALIDATION, device=device)
    expected = fit(calm, bp.SGD(learning_rate=rates[[0, 2]]), validation=VALIDATION, device=device)
    assert_array_equal(history.diverged, rates == HUGE)
    assert not history.stopped.any()
    assert np.isfinite(networks.parameters).all()
    assert_array_equal(networks.parameters[[0, 2]], calm.parameters)
    assert_array_equal(history.loss[[0, 2]], expected.loss)
    assert_array_equal(history.validation_loss[[0, 2]], expected.validation_loss)
    assert np.isnan(history.loss[[1, 3], -1]).all()
    assert np.isnan(history.validation_loss[[1, 3], -1]).all()
    assert (history.epochs_run[[1, 3]] < 6).all()
    assert_array_equal(np.isinf(history.score()), rates == HUGE)
    assert len(networks.best(history, 4)) == 4


def test_who_starts_with_nan_is_diverged():
    networks = population()
    networks.weights[0][2] = np.nan
    history = fit(networks)
    assert_array_equal(history.diverged, [False, False, True, False])
    assert_array_equal(history.epochs_run, [6, 6, 0, 6])
    assert history.score()[2] == np.inf


# --- dropout --------------------------------------------------------------------------------------


@every_device
@pytest.mark.parametrize(
    "same_as_two_tenths",
    [0.2, [0.2, 0.2], (0.2, [0.2] * 4), np.full(4, 0.2), [np.full(4, 0.2)] * 2, np.float32(0.2)],
)
def test_dropout_has_many_forms(same_as_two_tenths, device):
    def trained(dropout):
        networks = population(mlp=DEEP)
        fit(networks, dropout=dropout, device=device)
        return networks.parameters

    expected = trained([np.array([0.2, 0.2, 0.2, 0.2]), 0.2])
    assert_allclose(trained(same_as_two_tenths), expected, rtol=1e-6)
    assert (trained(0.0) != expected).any()


@every_device
def test_each_network_and_layer_has_its_own_dropout(device):
    def trained(dropout):
        networks = population(mlp=DEEP)
        fit(networks, dropout=dropout, device=device)
        return networks.parameters

    together = trained([[0.0, 0.5, 0.0, 0.5], [0.0, 0.0, 0.5, 0.5]])
    for network, dropout in enumerate([0.0, [0.5, 0.0], [0.0, 0.5], 0.5]):
        assert_array_equal(together[network], trained(dropout)[network])
    assert len(np.unique(together[:, 0])) == 4


def test_dropout_without_hidden_layers_is_none():
    networks = population(mlp=bp.MLP((3, 2)))
    assert np.isfinite(fit(networks, dropout=0.5).loss).all()
    assert np.isfinite(fit(networks, dropout=[]).loss).all()


# --- progress -------------------------------------------------------------------------------------


@every_device
def test_a_callable_is_told_how_far_it_is(device, monkeypatch):
    monkeypatch.setattr(calls, "CALL_SECONDS", 1e-9)
    calls, n = [], 2 * cpu.GRAIN
    history = fit(population(n), epochs=3, progress=calls.append, device=device)
    assert len(calls) >= 6
    assert all(isinstance(call, bp.Progress) for call in calls)
    done = [call.done for call in calls]
    assert done == sorted(set(done))
    assert {call.total for call in calls} == {3 * n} == {done[-1]}
    assert all(call.seconds > 0 and call.rate > 0 for call in calls)
    assert calls[0].loss.shape == (n,)
    assert np.isnan(calls[0].loss).any()  # some have not begun
    assert_array_equal(calls[-1].loss, history.loss[:, -1])


def test_who_stops_early_counts_as_done():
    calls = []
    fit(population(), tol=[1e9, 0, 1e9, 0], progress=calls.append)
    assert (calls[-1].done, calls[-1].total) == (24, 24)


@pytest.mark.parametrize("progress", [None, False])
def test_nothing_is_written_where_there_is_no_terminal(progress, capfd):
    fit(population(), progress=progress)
    assert capfd.readouterr() == ("", "")


def test_what_a_callable_raises_comes_through(monkeypatch):
    monkeypatch.setattr(calls, "CALL_SECONDS", 1e-9)
    handler = signal.getsignal(signal.SIGINT)

    def fail(progress):
        raise ZeroDivisionError

    networks = population()
    with pytest.raises(ZeroDivisionError):
        fit(networks, progress=fail)
    assert signal.getsignal(signal.SIGINT) is handler
    one_epoch = population()
    fit(one_epoch, epochs=1)
    assert_array_equal(networks.parameters, one_epoch.parameters)


# --- Ctrl-C ---------------------------------------------------------------------------------------


def press(*_):
    """Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


@every_device
def test_an_interrupt_gives_what_was_trained_so_far(device, monkeypatch):
    monkeypatch.setattr(calls, "CALL_SECONDS", 1e-9)
    handler = signal.getsignal(signal.SIGINT)
    n = 2 * cpu.GRAIN
    networks, untouched, one_epoch = population(n), population(n), population(n)
    history = fit(networks, progress=press, validation=VALIDATION, device=device)
    assert signal.getsignal(signal.SIGINT) is handler
    assert history.interrupted is True
    trained = history.epochs_run == 1
    assert 0 < trained.sum() < n
    assert (history.epochs_run[~trained] == 0).all()
    assert not history.stopped.any()
    assert not history.diverged.any()
    expected = fit(one_epoch, epochs=1, validation=VALIDATION, device=device)
    assert_array_equal(networks.parameters[trained], one_epoch.parameters[trained])
    assert_array_equal(networks.parameters[~trained], untouched.parameters[~trained])
    assert_array_equal(history.loss[trained, 0], expected.loss[trained, 0])
    assert np.isnan(history.loss[:, 1:]).all()
    assert np.isnan(history.validation_loss[~trained]).all()
    assert_array_equal(np.isinf(history.score()), ~trained)
    assert history.sample_updates == 20 * trained.sum()
    assert trained[: len(networks.best(history, int(trained.sum())))].any()


def test_an_interrupt_comes_through_while_kernels_run():
    networks = population(64, mlp=bp.MLP((3, 30, 2)))
    fit(networks, epochs=1)  # all is compiled
    timer = threading.Timer(0.5, press)
    start = time.perf_counter()
    timer.start()
    history = fit(networks, bp.SGD(learning_rate=1e-4), epochs=10**6, record="last")
    timer.join()
    assert history.interrupted
    assert time.perf_counter() - start < 10.0
    assert 0 < history.epochs_run.max() < 10**6
    assert np.isfinite(networks.parameters).all()
    again = fit(networks, epochs=1)
    assert not again.interrupted
    assert np.isfinite(again.loss).all()


def test_a_second_interrupt_does_not_wait():
    handler = signal.getsignal(signal.SIGINT)
    networks = population()
    with pytest.raises(KeyboardInterrupt):
        fit(networks, progress=lambda _: (press(), press()))
    assert signal.getsignal(signal.SIGINT) is handler
    assert np.isfinite(networks.parameters).all()


def test_interrupts_that_are_ignored_stay_so():
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert not fit(population(), progress=press).interrupted
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, handler)


def test_fit_works_outside_the_main_thread():
    networks, expected = population(), population()
    thread = threading.Thread(target=fit, args=(networks,))
    thread.start()
    thread.join()
    fit(expected)
    assert_array_equal(networks.parameters, expected.parameters)


# --- gradients ------------------------------------------------------------------------------------


@every_device
@pytest.mark.parametrize("bias", [True, False])
def test_gradients_have_the_shapes_of_the_parameters(bias, device):
    networks = population(mlp=bp.MLP((3, 4, 2), activation="tanh", bias=bias))
    before = networks.parameters.copy()
    loss, weights, biases = bp.gradients(networks, X, Y, device=device)
    assert loss.shape == (4,)
    assert [w.shape for w in weights] == [w.shape for w in networks.weights]
    assert [b.shape for b in biases] == [b.shape for b in networks.biases]
    assert_array_equal(networks.parameters, before)


@every_device
def test_gradients_are_what_a_step_of_sgd_goes_down(device):
    networks, moved = population(dtype="float64"), population(dtype="float64")
    _, weights, biases = bp.gradients(networks, X, Y, device=device)
    fit(moved, bp.SGD(learning_rate=0.5), epochs=1, batch_size=20, device=device)
    gradients = [*weights, *biases]
    before, after = ([*p.weights, *p.biases] for p in (networks, moved))
    for gradient, then, now in zip(gradients, before, after, strict=True):
        assert_allclose(now, then - 0.5 * gradient, rtol=1e-9, atol=1e-12)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"epochs": -3}, ValueError, "epochs must be at least 1, got -3"),
        ({"epochs": True}, TypeError, "epochs must be an integer, got True"),
        ({"epochs": 2.0}, TypeError, "epochs must be an integer, got 2.0"),
        ({"epochs": "2"}, TypeError, "epochs must be an integer, got '2'"),
        ({"epochs": None}, TypeError, "epochs must be an integer, got None"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": True}, TypeError, "batch_size must be an integer, got True"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be an integer, got 2.5"),
        ({"batch_size": None}, TypeError, "batch_size must be an integer, got None"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": 2**64}, ValueError, "seed must be at most"),
        ({"seed": 1.5}, TypeError, "seed must be an integer, got 1.5"),
        ({"seed": None}, TypeError, "seed must be an integer, got None"),
        ({"record": "x"}, ValueError, 'record must be "epoch", "last" or a number of epochs'),
        ({"record": 0}, ValueError, "record must be at least 1, got 0"),
        ({"record": 2.0}, TypeError, "record must be an integer, got 2.0"),
        ({"record": True}, TypeError, "record must be an integer, got True"),
        ({"record": None}, TypeError, "record must be an integer, got None"),
        ({"tol": -1}, ValueError, "tol must be at least 0 and finite, got -1"),
        ({"tol": np.nan}, ValueError, "tol must be at least 0 and finite, got nan"),
        ({"tol": [0.1] * 3}, ValueError, r"tol has shape \(3,\): .* each of the 4 networks"),
        ({"tol": "small"}, TypeError, "tol must be a number, .* got 'small'"),
        ({"patience": 0}, ValueError, "patience must be at least 1 and at most .*, got 0"),
        ({"patience": 1.5}, ValueError, "patience must be whole epochs, got 1.5"),
        ({"patience": [1, 2]}, ValueError, r"patience has shape \(2,\)"),
        ({"patience": np.inf}, ValueError, "patience must be at least 1 and at most .*, got inf"),
        ({"patience": "a"}, TypeError, "patience must be a number, .* got 'a'"),
        (
            {"patience": 2, "record": "last", "validation": VALIDATION},
            ValueError,
            "patience=2 would run out before the validation",
        ),
        (
            {"patience": [5, 3, 5, 5], "record": 4, "validation": VALIDATION, "epochs": 9},
            ValueError,
            "patience=3 .* leaves 4 epochs between scores",
        ),
        ({"shuffle": "no"}, TypeError, "shuffle must be True or False, got 'no'"),
        (
            {"restore_best_weights": 1},
            TypeError,
            "restore_best_weights must be True or False, got 1",
        ),
        ({"dropout": 1.0}, ValueError, "dropout must be at least 0 and below 1, got 1"),
        ({"dropout": -0.1}, ValueError, "dropout must be at least 0 and below 1, got -0.1"),
        ({"dropout": np.nan}, ValueError, "dropout must be at least 0 .* got nan"),
        ({"dropout": [0.1, 0.1]}, ValueError, "dropout has 2 entries for 1 hidden layers"),
        ({"dropout": np.full(3, 0.1)}, ValueError, r"dropout has shape \(3,\)"),
        ({"dropout": np.full((4, 1), 0.1)}, ValueError, r"dropout has shape \(4, 1\)"),
        ({"dropout": None}, TypeError, "dropout must be a number, .* got None"),
        ({"dropout": "0.5"}, TypeError, "dropout must be a number, .* got '0.5'"),
        ({"device": "gpu"}, ValueError, "device='gpu' is not known: choose from auto, cpu, cuda"),
        ({"device": None}, ValueError, "device=None is not known"),
        ({"progress": "bar"}, TypeError, "progress must be None, False or a callable, got 'bar'"),
        ({"progress": 5}, TypeError, "progress must be None, False or a callable, got 5"),
    ],
)
def test_bad_options_are_refused_in_words(options, error, words):
    networks = population()
    before = networks.parameters.copy()
    with pytest.raises(error, match=words):
        fit(networks, **{"progress": pytest.fail} | options)
    assert_array_equal(networks.parameters, before)


@pytest.mark.parametrize("what", [MLP, None, np.zeros((4, 3))])
def test_what_is_no_population_is_refused_in_words(what):
    with pytest.raises(TypeError, match=r"population must be a bpfast.Population, got"):
        bp.fit(what, X, Y, bp.SGD())


def test_options_that_do_not_exist_are_refused():
    with pytest.raises(TypeError, match="learning_rate"):
        fit(population(), learning_rate=0.1)


def test_losses_that_cannot_fit_are_refused():
    with pytest.raises(MemoryError):
        fit(population(1000), epochs=10**10)


# --- pausing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("pauses", [(1, 2, 3), (3, 3, 7), (2, 9)])
def test_a_training_that_pauses_is_a_fit(device, pauses):
    options = {"epochs": 9, "batch_size": 4, "validation": (X[:5], Y[:5]), "device": device}
    adam = bp.Adam(learning_rate=[0.01, 0.1, 1e-3], schedule="cosine", clip_norm=1.0)
    whole, paused = population(3), population(3)
    expected = bp.fit(whole, X, Y, adam, progress=False, **options)
    with bp.Training(paused, X, Y, adam, **options) as training:
        for until in (*pauses, None):
            training.advance(until)
            assert training.epoch == (until or 9)
    np.testing.assert_array_equal(paused.parameters, whole.parameters)
    np.testing.assert_array_equal(training.history().loss, expected.loss)
    np.testing.assert_array_equal(training.history().validation_loss, expected.validation_loss)


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_networks_that_are_dropped_stop_and_the_others_never_notice(device):
    options = {"epochs": 6, "batch_size": 4, "device": device}
    whole, paused = population(20), population(20)
    few = population(20)
    momentum = bp.SGD(learning_rate=np.geomspace(1e-3, 0.1, 20), momentum=0.9)
    bp.fit(whole, X, Y, momentum, progress=False, **options)
    bp.fit(few, X, Y, momentum, progress=False, **options | {"epochs": 2})
    dropped = np.array([0, 3, 19])
    with bp.Training(paused, X, Y, momentum, **options) as training:
        training.advance(2)
        training.drop(dropped)
        training.advance()
    history = training.history()
    kept = np.setdiff1d(np.arange(20), dropped)
    np.testing.assert_array_equal(paused.parameters[kept], whole.parameters[kept])
    np.testing.assert_array_equal(paused.parameters[dropped], few.parameters[dropped])
    np.testing.assert_array_equal(history.epochs_run[dropped], 2)
    np.testing.assert_array_equal(np.flatnonzero(history.stopped), dropped)


# --- rates that change, and orders from outside ---------------------------------------------------


@every_device
@pytest.mark.parametrize("kind", [bp.SGD, ScikitLearnSGD])
def test_rates_may_be_set_between_epochs(device, kind):
    rates = np.array([[0.1, 0.1, 0.02, 0.02, 0.02], [0.05] * 5, [0.2, 0.2, 0.2, 0.2, 0.01]])
    planned, paused = population(3), population(3)
    options = {"epochs": 5, "batch_size": 4, "device": device, "shuffle": False}
    momentum = kind(learning_rate=rates, momentum=0.9)
    expected = bp.fit(planned, X, Y, momentum, progress=False, **options)
    momentum = kind(learning_rate=rates[:, 0], momentum=0.9)
    with bp.Training(paused, X, Y, momentum, **options) as training:
        training.advance(2)
        training.set_learning_rate(0.02, np.array([0]))
        training.advance(4)
        training.set_learning_rate([0.02, 0.05, 0.01])
        training.advance()
    assert_array_equal(paused.parameters, planned.parameters)
    assert_array_equal(training.history().loss, expected.loss)


def test_rates_to_be_set_are_checked():
    training = bp.Training(population(3), X, Y, bp.SGD())
    with pytest.raises(ValueError, match=r"learning_rate must be at least 0 .* got -1"):
        training.set_learning_rate(-1)
    with pytest.raises(ValueError, match=r"shape \(2,\): .* each of the 1 networks"):
        training.set_learning_rate([0.1, 0.1], np.array([2]))


FOLDS = [np.arange(13), np.array([3, 1, 2]), np.arange(5, 15)]


@every_device
@pytest.mark.parametrize("rows", [None, (FOLDS, np.array([0, 2, 1, 2]))], ids=["", "folds"])
def test_orders_may_come_from_outside(rows, device, monkeypatch):
    """Those that bpfast would draw itself, a few epochs at a time."""
    monkeypatch.setattr("bpfast.training.orders.ORDER_ROWS", 60)
    folds = [np.arange(20)] if rows is None else FOLDS
    asked = []

    def orders(first, epochs):
        asked.append((first, epochs))
        return Shuffled(folds, True, 7, 4).of(first, epochs)

    own, given = population(), population()
    options = {"epochs": 8, "batch_size": 4, "device": device, "rows": rows}
    expected = bp.fit(own, X, Y, bp.Adam(), seed=7, progress=False, **options)
    with bp.Training(given, X, Y, bp.Adam(), orders=orders, **options) as training:
        training.advance(3)
        training.advance()
    assert_array_equal(given.parameters, own.parameters)
    assert_array_equal(training.history().loss, expected.loss)
    assert [first for first, _ in asked] == list(np.cumsum([0, *(n for _, n in asked)])[:-1])
    assert len(asked) >= 3


@pytest.mark.parametrize(
    ("orders", "error", "words"),
    [
        (np.arange(20), TypeError, "orders must be called with"),
        (lambda first, epochs: np.zeros((epochs, 20)), TypeError, "row numbers, got dtype float64"),
        (
            lambda first, epochs: np.zeros((epochs, 19), int),
            ValueError,
            r"orders have shape \(\d+, 19\), expected \(\d+, 20\)",
        ),
        (lambda first, epochs: np.full((epochs, 20), 20), ValueError, "from 20 to 20, X has rows"),
        (lambda first, epochs: np.full((epochs, 20), -1), ValueError, "from -1 to -1, X has rows"),
    ],
)
def test_orders_are_checked(orders, error, words):
    networks = population()
    before = networks.parameters.copy()
    with pytest.raises(error, match=words):
        bp.Training(networks, X, Y, bp.SGD(), orders=orders).advance()
    assert_array_equal(networks.parameters, before)


# --- scikit-learn's objective ---------------------------------------------------------------------

WEIGHTS = np.random.default_rng(5).uniform(0.1, 3.0, 20)


@every_device
@pytest.mark.parametrize("layers", [(3, 4, 2), (3, 200, 2)], ids=["lanes", "tiles"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_the_sum_of_losses_and_penalties_is_scikit_learns_objective(
    solver, weights, layers, device
):
    theirs = MLPRegressor(
        hidden_layer_sizes=layers[1], activation="tanh", solver=solver, alpha=0.3, batch_size=8,
        max_iter=4, learning_rate_init=0.01, shuffle=False, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(X, Y, weights)
    draw, arrays = np.random.RandomState(0).uniform, []  # scikit-learn's first weights
    for fans in pairwise(layers):
        bound = np.sqrt(6 / sum(fans))
        arrays.append((draw(-bound, bound, fans), draw(-bound, bound, fans[1])))
    mlp = bp.MLP(layers, "tanh", "half_squared_error")
    networks = bp.Population.from_arrays(mlp, *zip(*arrays, strict=True), dtype="float64")
    optimizer = {
        "sgd": ScikitLearnSGD(learning_rate=0.01, momentum=0.9, nesterov=True, l2=0.3),
        "adam": ScikitLearnAdam(learning_rate=0.01, l2=0.3),
    }[solver]
    options = {"epochs": 4, "batch_size": 8, "shuffle": False, "sample_weight": weights}
    with bp.Training(
        networks, X, Y, optimizer, **options, objective="sum", device=device
    ) as training:
        training.advance()
    history = training.history()
    curve = history.loss[0] / 2 + history.penalty[0]  # it averages errors over outputs in reports
    assert_allclose(curve, theirs.loss_curve_, rtol=1e-9)
    trained = [*networks.weights, *networks.biases]
    for ours, expected in zip(trained, [*theirs.coefs_, *theirs.intercepts_], strict=True):
        assert_allclose(ours[0], expected, rtol=1e-9, atol=1e-12)


@every_device
def test_penalties_are_kept_with_the_losses(device):
    """Those of networks that stop too; where nothing is penalised, they are 0."""
    options = {"epochs": 4, "batch_size": 8, "objective": "sum", "tol": [0, 9, 0, 0], "record": 2}
    sgd = bp.SGD(learning_rate=[0.0, 0.0, HUGE, 0.01], l1=0.5, l2=[1.0, 1.0, 1.0, 0.0])
    networks = population()
    first = networks.weights
    sizes = sum(np.abs(w).sum(axis=(1, 2)) for w in first)
    squares = sum((w**2).sum(axis=(1, 2)) for w in first)
    with bp.Training(networks, X, Y, sgd, device=device, **options) as training:
        training.advance()
    got = training.history().penalty
    still = (0.5 * sizes + 0.5 * squares) * 3 / 20  # three batches, by their rows
    assert_allclose(got[0], still[0], rtol=1e-5)
    assert_allclose(got[1], [still[1], np.nan], rtol=1e-5)
    assert np.isnan(got[2]).all()
    with bp.Training(population(), X, Y, bp.SGD(), device=device, **options) as training:
        training.advance()
    assert_array_equal(training.history().penalty[0], 0.0)
    assert fit(population(), device=device).penalty is None


def test_a_kernel_that_leaves_a_network_behind_is_found_out(monkeypatch):
    """Whoever waits for an epoch would wait for ever."""
    monkeypatch.setattr(cpu, "train", lambda strategy, task, networks: None)
    with pytest.raises(RuntimeError, match="network 0 is at epoch 0 after it was trained to epoch"):
        bp.fit(bp.Population(MLP, 3), X, Y, bp.SGD(), device="cpu", progress=False)

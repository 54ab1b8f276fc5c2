"""fit and Training: losses, stopping, pausing, and going on."""

import threading
import warnings
from itertools import pairwise

import numpy as np
import pytest
from fits import HUGE, MLP, VALIDATION, X, Y, every_device, fit, population
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

import bpfast as bp
from bpfast.training.optimizers import ScikitLearnAdam, ScikitLearnSGD

RNG = np.random.default_rng(5)
WEIGHTS = RNG.uniform(0.1, 3.0, 20)


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


def test_fit_works_outside_the_main_thread():
    networks, expected = population(), population()
    thread = threading.Thread(target=fit, args=(networks,))
    thread.start()
    thread.join()
    fit(expected)
    assert_array_equal(networks.parameters, expected.parameters)


@pytest.mark.parametrize("what", [MLP, None, np.zeros((4, 3))])
def test_what_is_no_population_is_refused_in_words(what):
    with pytest.raises(TypeError, match=r"population must be a bpfast.Population, got"):
        bp.fit(what, X, Y, bp.SGD())


def test_options_that_do_not_exist_are_refused():
    with pytest.raises(TypeError, match="learning_rate"):
        fit(population(), learning_rate=0.1)


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

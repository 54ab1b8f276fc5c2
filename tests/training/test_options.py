"""Options of a fit: their forms, and what is refused before any work."""

import numpy as np
import pytest
from fits import DEEP, VALIDATION, every_device, fit, population
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp


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

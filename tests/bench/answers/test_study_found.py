"""What made-up networks say."""

import numpy as np
import pytest

from bpfast.bench.answers import study_found
from bpfast.bench.answers.study_experiments import EXPERIMENTS
from bpfast.bench.answers.study_found import (
    SPACES,
    Trained,
    effects,
    encodings_found,
    greedy,
    settings,
    stopped,
    wide_found,
)
from bpfast.sweeps.metrics import metric

ROWS = 60


def trained(networks, noises, kind="numbers", seed=0):
    """Networks that predict the truth with errors of these sizes."""
    random = np.random.default_rng(seed)
    shape = (len(networks), ROWS, 1)
    truths = random.normal(size=(2, ROWS))
    said = [y[:, None] + np.reshape(noises, (-1, 1, 1)) * random.normal(size=shape) for y in truths]
    if kind == "classes":
        truths = (truths > 0).astype(int)
        ones = [1 / (1 + np.exp(-4 * own)) for own in said]
        said = [np.concatenate([1 - own, own], axis=2) for own in ones]
    curves = 1.0 / np.arange(1, 9) + np.zeros((len(networks), 1))
    return Trained(networks, tuple(said), tuple(truths), curves, metric(None, kind, 2), kind, 0.5)


@pytest.fixture
def networks():
    return EXPERIMENTS["wide"](np.random.default_rng(1))


def test_an_effect_is_found_among_others(networks):
    noises = [0.4 if own["activation"] == "silu" else 0.5 for own in networks]
    found = effects(trained(networks, noises))
    silu, relu = found["activation"]["silu"], found["activation"]["relu"]
    assert silu[0] - relu[0] == pytest.approx(np.log(0.8), abs=0.05)
    assert silu[1] < relu[1]
    assert abs(found["schedule"]["cosine"][0]) < 0.03
    for values in found.values():
        assert sum(own[0] for own in values.values()) == pytest.approx(0, abs=1e-9)


def test_weights_beside_shares_have_a_mean_of_1(networks):
    model = trained(networks, np.linspace(0.2, 1.0, len(networks)))
    found = effects(model)
    for name, values in found.items():
        shares = [np.mean([settings(own)[name] == value for own in networks]) for value in values]
        weights = [own[2] for own in values.values()]
        assert np.dot(shares, weights) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_losses_are_shares_of_the_reference(kind, networks):
    model = trained(networks[:3], [0.1, 0.5, 1.0], kind)
    validation, test = model.losses()
    assert validation[0] < validation[1] < validation[2]
    if kind == "numbers":
        own = model.predicted[1][1, :, 0] - model.truths[1]
        assert test[1] == pytest.approx(np.sqrt(np.mean(own**2)) / 0.5)


def test_the_weights_belong_to_the_networks(networks):
    model = trained(networks[:6], [1.0, 1.0, 0.1, 1.0, 1.0, 1.0])
    weights = model.weights(np.array([5, 2, 1]))
    assert weights.argmax() == 1
    assert weights.sum() == pytest.approx(1.0)
    assert model.ensemble(np.array([5, 2, 1])) == pytest.approx(
        model.loss_of(np.array([5, 2, 1]), weights)
    )


def test_encodings_are_compared(monkeypatch):
    networks = EXPERIMENTS["encodings"](np.random.default_rng(0))
    noises = [0.3 if own["encoding"] == "piecewise8" else 0.6 for own in networks]
    found = encodings_found(trained(networks, noises))["encodings"]
    assert min(found, key=lambda name: found[name][0]) == "piecewise8"
    for single, ensemble in found.values():
        assert ensemble < single


def test_a_wide_space_tells_its_parts(networks, monkeypatch):
    monkeypatch.setattr(study_found, "POOLS", 1)
    model = trained(networks, np.linspace(0.2, 1.0, len(networks)))
    found = wide_found(model)
    assert {"all", "scaled or quantile"} <= {*found["spaces"]} <= {*SPACES}
    assert found["patience"]["32"] == [0.0, 8.0]
    picked = found["selection"]
    assert picked["mean of the best 1"] == pytest.approx(model.losses()[1][0], rel=0.2)
    assert picked["the sweep's"] < picked["mean of the best 1"]


def test_patience_ends_a_curve():
    curve = np.array([5.0, 4.0, 4.5, 4.2, 3.0, 3.5, 3.5, 3.5, 1.0])
    assert [stopped(curve, epochs) for epochs in (1, 2, 3, 4)] == [3, 4, 8, 9]


def test_greedy_takes_one_as_often_as_it_helps(networks):
    truth = np.arange(4.0)
    said = np.array([truth + 1, truth + 1, truth - 3])[:, :, None]
    model = Trained(
        networks[:3], (said, said), (truth, truth), said, metric(None, "numbers", 1), "numbers", 1.0
    )
    np.testing.assert_allclose(greedy(model), [0.75, 0.0, 0.25])


def test_settings_are_in_classes(networks):
    plain = networks[0] | {"encoding": "piecewise7", "hidden": "64x64", "learning_rate": 1e-3}
    found = settings(plain | {"weight_decay": 5.0, "dropout": 0.25})
    assert found["encoding"] == "4 to 7 bins"
    assert (found["width"], found["depth"]) == ("64", "2")
    assert (found["learning_rate"], found["weight_decay"]) == ("0.001 to 0.002", "1.5 to 5.1")
    assert found["dropout"] == "0.25 to 0.5"
    assert settings(plain | {"encoding": "quantile", "dropout": 0.0})["encoding"] == "quantile"
    for network in networks:
        settings(network)

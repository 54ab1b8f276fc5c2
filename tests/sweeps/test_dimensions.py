"""What a hyperparameter may be, from text that a user types."""

import pytest

from bpfast.sweeps.dimensions import parse

optuna = pytest.importorskip("optuna")
FloatDistribution = optuna.distributions.FloatDistribution
IntDistribution = optuna.distributions.IntDistribution


@pytest.mark.parametrize(
    ("name", "text", "dimension"),
    [
        ("learning_rate", "1e-4:1e-1:log", FloatDistribution(1e-4, 1e-1, log=True)),
        ("momentum", "0:0.9", FloatDistribution(0.0, 0.9)),
        ("momentum", "0:0.9:linear", FloatDistribution(0.0, 0.9)),
        ("batch_size", "8:128:log", IntDistribution(8, 128, log=True)),
        ("l2", "0.1, 0.01", [0.1, 0.01]),
        ("l2", "0", 0.0),
        ("nesterov", "true,false", [True, False]),
        ("hidden", "16,32, 32x16,none", ["16", "32", "32x16", "none"]),
        ("activation", "relu, tanh", ["relu", "tanh"]),
        ("optimizer", "sgd", "sgd"),
    ],
)
def test_parse(name, text, dimension):
    assert parse(name, text) == dimension


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("learning_rate", "fast", "learning_rate='fast' is neither a range such as"),
        ("learning_rate", "1:2:cube", "is no range such as"),
        ("learning_rate", "", "neither a range"),
        ("learning_rate", "1e-1:1e-4:log", "learning_rate: .*low"),
        ("learning_rate", "0:1:log", "learning_rate: .*log"),
        ("batch_size", "8.5", "neither a range"),
    ],
)
def test_text_that_means_nothing_is_refused(name, text, words):
    with pytest.raises(ValueError, match=words):
        parse(name, text)

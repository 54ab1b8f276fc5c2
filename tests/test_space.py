"""The space of a sweep, and what is drawn from it."""

import numpy as np
import pytest

from bpfast.space import Categorical, Float, Space, default_space, parse


def draw(dimension, n=2000, seed=0):
    return dimension.draw(np.random.default_rng(seed), n)


@pytest.mark.parametrize("log", [False, True])
def test_ranges_are_filled_evenly_on_their_scale(log):
    drawn = np.array(draw(Float(1e-4, 1e-1, log)))
    assert drawn.min() >= 1e-4
    assert drawn.max() <= 1e-1
    middle = np.sqrt(1e-5) if log else 0.05
    assert abs((drawn < middle).mean() - 0.5) < 0.05


def test_choices_are_all_as_likely():
    drawn = draw(Categorical(("a", "b", "c")))
    shares = [drawn.count(name) / len(drawn) for name in "abc"]
    np.testing.assert_allclose(shares, 1 / 3, atol=0.05)


def test_points_have_every_name_and_come_from_the_generator():
    space = default_space()
    first, again = (space.draw(np.random.default_rng(5), 20) for _ in range(2))
    assert first == again
    assert all(point.keys() == space.dimensions.keys() for point in first)
    assert {point["hidden"] for point in first} <= {(16,), (32,), (64,)}


@pytest.mark.parametrize(
    ("name", "text", "dimension"),
    [
        ("learning_rate", "1e-4:1e-1:log", Float(1e-4, 1e-1, log=True)),
        ("momentum", "0:0.9", Float(0.0, 0.9)),
        ("momentum", "0:0.9:linear", Float(0.0, 0.9)),
        ("l2", "0.1,0.01", Categorical((0.1, 0.01))),
        ("l2", "0", Categorical((0.0,))),
        ("hidden", "16,32, 32x16,none", Categorical(((16,), (32,), (32, 16), ()))),
        ("activation", "relu, tanh", Categorical(("relu", "tanh"))),
    ],
)
def test_parse(name, text, dimension):
    assert parse(name, text) == dimension


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("learning_rate", "fast", "learning_rate='fast' is neither a range such as"),
        ("learning_rate", "1:2:cube", "neither a range"),
        ("learning_rate", "", "neither a range"),
        ("learning_rate", "1e-1:1e-4:log", "finite bounds in order"),
        ("learning_rate", "0:1:log", "must begin above 0"),
        ("learning_rate", "0:inf", "finite bounds"),
        ("hidden", "16,abc", "hidden='abc' is no layer width"),
        ("hidden", "0", "no layer width"),
        ("hidden", "32x", "no layer width"),
        ("hidden", "16,,32", "no layer width"),
    ],
)
def test_text_that_means_nothing_is_refused(name, text, words):
    with pytest.raises(ValueError, match=words):
        parse(name, text)


@pytest.mark.parametrize(
    ("dimensions", "words"),
    [
        ({"rate": Float(0.0, 1.0)}, "hyperparameter='rate' is not known"),
        ({"hidden": Float(1.0, 2.0)}, "hidden needs choices, not a range"),
        ({"activation": Categorical(("relux",))}, "activation='relux' is not known"),
        ({"optimizer": Categorical(("sgdd",))}, "optimizer='sgdd' is not known"),
        ({"l2": Categorical((0.1, -1.0))}, "l2 must be at least 0, got -1"),
        ({"l1": Float(-0.5, 1.0)}, "l1 must be at least 0, got -0.5"),
        ({"momentum": Float(0.0, 0.9)}, "momentum is for sgd and rmsprop"),
    ],
)
def test_spaces_that_mean_nothing_are_refused(dimensions, words):
    with pytest.raises(ValueError, match=words):
        Space(dimensions)


def test_no_choice_is_refused():
    with pytest.raises(ValueError, match="at least one value"):
        Categorical(())

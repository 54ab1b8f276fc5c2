"""The space of a sweep: what it takes, what it refuses, and what a trial is asked for."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bpfast.sweeps.hyperparameters import widths
from bpfast.sweeps.space import USUAL, Space, read
from bpfast.training.optimizers import OPTIMIZERS

optuna = pytest.importorskip("optuna")
CategoricalDistribution = optuna.distributions.CategoricalDistribution
FloatDistribution = optuna.distributions.FloatDistribution
IntDistribution = optuna.distributions.IntDistribution


def points(dimensions, n=200, seed=0):
    """Points of a space, drawn at random."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed))
    space = Space(dimensions)
    return [space.suggest(study.ask()) for _ in range(n)]


@pytest.mark.parametrize(
    ("dimensions", "error", "words"),
    [
        ({"rate": 0.1}, ValueError, "hyperparameter='rate' is not known"),
        ({"hidden": FloatDistribution(1, 2)}, ValueError, "hidden needs choices, not a range"),
        ({"hidden": "16,abc"}, ValueError, "hidden='abc' is no layer width"),
        ({"hidden": [0]}, ValueError, "no layer width"),
        ({"hidden": "32x"}, ValueError, "no layer width"),
        ({"hidden": "16,,32"}, ValueError, "no layer width"),
        ({"hidden": []}, ValueError, "at least one choice"),
        ({"activation": ["relux"]}, ValueError, "activation='relux' is not known"),
        ({"optimizer": "sgdd"}, ValueError, "optimizer='sgdd' is not known"),
        ({"l2": [0.1, -1.0]}, ValueError, "l2 must be at least 0, got -1"),
        ({"l1": FloatDistribution(-0.5, 1.0)}, ValueError, "l1 must be at least 0, got -0.5"),
        ({"l1": ["much"]}, TypeError, "l1 must be a number, got 'much'"),
        ({"batch_size": [16, 0]}, ValueError, "batch_size must be a whole number from 1, got 0"),
        ({"batch_size": FloatDistribution(1, 9)}, ValueError, "batch_size needs whole numbers"),
        ({"momentum": "0:0.9"}, ValueError, "momentum is for sgd and rmsprop: add one"),
        ({"beta1": 0.9, "optimizer": "sgd"}, ValueError, "beta1 is for adam and adamw"),
        ({"decay": 0.9}, ValueError, "decay is for the exponential schedule"),
        ({"width": 8}, ValueError, "width and depth belong together"),
        ({"width": 8, "depth": 1, "hidden": 8}, ValueError, "give the one or the others"),
    ],
)
def test_spaces_that_mean_nothing_are_refused(dimensions, error, words):
    with pytest.raises(error, match=words):
        Space(dimensions)


def test_usual_points_have_every_name():
    drawn = points(USUAL)
    assert all(USUAL.keys() <= point.keys() for point in drawn)
    assert {widths(point) for point in drawn} == {(16,), (32,), (64,)}


def test_typical_points_are_always_the_same_and_of_all_kinds():
    space = Space({"hidden": "16,64", "learning_rate": "1e-4:1e-1:log"})
    typical = space.typical()
    assert typical == space.typical()
    assert {point["hidden"] for point in typical} == {"16", "64"}
    assert all(1e-4 <= point["learning_rate"] <= 1e-1 for point in typical)


def test_settings_are_asked_for_where_they_matter():
    choices = {
        "optimizer": list(OPTIMIZERS),
        "momentum": "0:0.9",
        "nesterov": [True, False],
        "beta1": "0.8:0.9",
        "alpha": 0.9,
        "epsilon": [1e-8, 1e-4],
        "schedule": ["constant", "exponential", "cosine"],
        "decay": "0.9:1",
        "minimum": 0.1,
    }
    owners = {"momentum": {"sgd", "rmsprop"}, "nesterov": {"sgd"}, "beta1": {"adam", "adamw"}}
    owners |= {"alpha": {"rmsprop"}, "epsilon": {"adam", "adamw", "rmsprop"}}
    drawn = points(choices)
    for name, optimizers in owners.items():
        assert {point["optimizer"] for point in drawn if name in point} == optimizers
        assert all(name in point for point in drawn if point["optimizer"] in optimizers)
    assert {point["schedule"] for point in drawn if "decay" in point} == {"exponential"}
    assert {point["schedule"] for point in drawn if "minimum" in point} == {"cosine"}


def test_width_and_depth_are_layers():
    drawn = points({"width": IntDistribution(4, 32, log=True), "depth": [0, 1, 3]})
    assert {len(widths(point)) for point in drawn} == {0, 1, 3}
    assert all(set(widths(point)) <= {point["width"]} for point in drawn)


def test_a_grid_has_every_choice_and_step():
    space = Space({"l2": FloatDistribution(0.0, 0.4, step=0.1), "hidden": [4, "4x4"]})
    points = space.grid()
    assert len(points) == 10
    assert {point["hidden"] for point in points} == {"4", "4x4"}
    assert sorted({point["l2"] for point in points}) == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    points = Space({"optimizer": ["sgd", "adam"], "momentum": [0.0, 0.9]}).grid()
    assert [(p["optimizer"], p.get("momentum")) for p in points] == [
        ("sgd", 0.0),
        ("sgd", 0.9),
        ("adam", None),
    ]
    for count in (Space(USUAL).grid, Space(USUAL).grid_size):
        with pytest.raises(ValueError, match="learning_rate: a grid needs choices"):
            count()


@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "optimizer": st.sets(st.sampled_from(["sgd", "adam", "rmsprop"]), min_size=1),
            "schedule": st.sets(st.sampled_from(["constant", "cosine"]), min_size=1),
        },
        optional={
            "l2": st.just([0.0, 0.1, 0.2]),
            "depth": st.integers(0, 5).map(lambda most: IntDistribution(0, most)),
            "momentum": st.just([0.0, 0.9]),
            "beta1": st.just([0.8, 0.9, 0.95]),
            "minimum": st.just([0.0, 1e-3]),
        },
    )
)
def test_a_grid_is_counted_without_its_points(drawn):
    dimensions = {n: sorted(v) if isinstance(v, set) else v for n, v in drawn.items()}
    if "depth" in dimensions:
        dimensions["width"] = [2, 3]
    try:
        space = Space(dimensions)
    except ValueError:
        assume(False)  # what nothing uses
    assert space.grid_size() == len(space.grid())


def test_a_grid_that_memory_does_not_hold_is_counted():
    tenths = FloatDistribution(0.0, 0.9, step=0.1)
    names = ("l1", "l2", "weight_decay", "clip_norm", "dropout", "beta1", "beta2", "epsilon")
    space = Space(dict.fromkeys(names, tenths) | {"seed": IntDistribution(1, 10**9)})
    assert space.grid_size() == 10**17


def test_a_file_says_what_would_be_typed(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text('learning_rate = "1e-3:1:log"\nhidden = [16, "32x16"]\nl2 = 0.1\n')
    space = Space(read(path))
    assert space.dimensions == {
        "learning_rate": FloatDistribution(1e-3, 1.0, log=True),
        "hidden": CategoricalDistribution(("16", "32x16")),
    }
    assert space.fixed["l2"] == 0.1


@pytest.mark.parametrize(
    ("text", "words"),
    [("l2 = ", "is not TOML"), ("rate = 1", "hyperparameter='rate' is not known")],
)
def test_files_that_mean_nothing_are_refused(text, words, tmp_path):
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read(path)

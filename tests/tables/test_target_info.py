"""What a network's outputs mean: classes, labels, and numbers in the target's units."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bpfast import MLP, Scaler
from bpfast.tables.target_info import TargetInfo

LABELS = {"large": ["no", "yes"], "colour": ["blue", "red"]}
PRICES = np.array([1.0, 10.0, 100.0, 3.0])


def test_classes_are_named_by_the_greatest_probability():
    info = TargetInfo(classes=["cat", "dog"])
    assert info.predictions(np.array([[0.4, 0.6], [0.9, 0.1]])).tolist() == ["dog", "cat"]
    assert info.has_probabilities


def test_each_label_is_named():
    info = TargetInfo(labels=LABELS)
    said = info.predictions(np.array([[0.2, 0.7], [0.9, 0.5]]))
    assert said.tolist() == [["no", "red"], ["yes", "blue"]]
    assert info.has_probabilities
    assert info.output_names(2) == ["large", "colour"]


@pytest.mark.parametrize(
    ("transform", "forward"), [("", np.asarray), ("log", np.log), ("log1p", np.log1p)]
)
def test_numbers_come_back_in_their_units(transform, forward):
    trained_on = forward(PRICES)
    info = TargetInfo(scaler=Scaler.of(trained_on), transform=transform)
    outputs = info.scaler.apply(trained_on)[:, None]
    assert_allclose(info.predictions(outputs), PRICES, rtol=1e-12)
    assert not info.has_probabilities


def test_several_numbers_have_a_scale_each():
    numbers = np.stack([PRICES, 5.0 - PRICES**2], axis=1)
    scaler = Scaler.of(numbers)
    info = TargetInfo(names=("price", "loss"), scaler=scaler)
    assert_allclose(info.predictions(scaler.apply(numbers)), numbers)
    assert info.output_names(2) == ["price", "loss"]


def test_numbers_without_a_scale_or_names_stay_as_they_are():
    outputs = np.array([[1.5, 2.0]], np.float32)
    said = TargetInfo().predictions(outputs)
    assert_array_equal(said, outputs)
    assert said.dtype == np.float64
    assert TargetInfo().output_names(2) == ["1", "2"]


@pytest.mark.parametrize("known", [{"classes": ["cat", "dog"]}, {"labels": LABELS}])
def test_rows_without_probabilities_are_refused(known):
    outputs = np.array([[0.4, 0.6], [np.nan, 0.1], [np.nan, np.nan]])
    with pytest.raises(ValueError, match="row 1 of X, and 1 others, have no class"):
        TargetInfo(**known).predictions(outputs)


CLASSES = MLP((3, 2), loss="cross_entropy")
BOTH = MLP((3, 2), loss="binary_cross_entropy")
NUMBERS = MLP((3, 2), loss="mse")


@pytest.mark.parametrize(
    ("known", "mlp"),
    [
        ({"classes": ["cat", "dog"], "names": ("pet",)}, CLASSES),
        ({"labels": LABELS, "names": ("large", "colour")}, BOTH),
        ({}, BOTH),
        ({"names": ("price", "loss"), "transform": "log"}, NUMBERS),
        ({}, NUMBERS),
    ],
)
def test_what_fits_a_network_is_taken(known, mlp):
    TargetInfo(**known).check(mlp)


@pytest.mark.parametrize(
    ("known", "mlp", "words"),
    [
        ({"classes": ["cat"]}, CLASSES, "1 names, cross_entropy with 2 outputs needs 2"),
        ({"classes": ["cat", "dog"]}, NUMBERS, "2 names, mse with 2 outputs needs 0"),
        ({"labels": LABELS}, NUMBERS, "labels are 2 and need binary_cross_entropy .* got mse"),
        ({"labels": {"large": ["no", "yes"]}}, BOTH, "labels are 1 and need .* with 2"),
        ({"labels": {"a": ["x"], "b": ["y", "z"]}}, BOTH, "each of labels must have two names"),
        ({"names": ("price",)}, NUMBERS, "target_names has 1 names for 2 outputs"),
        ({"transform": "sqrt"}, NUMBERS, "transform='sqrt' is not known: choose from '', 'log'"),
    ],
)
def test_what_does_not_fit_a_network_is_refused_in_words(known, mlp, words):
    with pytest.raises(ValueError, match=words):
        TargetInfo(**known).check(mlp)

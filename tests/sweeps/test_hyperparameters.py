"""Hyperparameters that a sweep knows: what they may be, and when they matter."""

import pytest

from bpfast.sweeps.hyperparameters import (
    HYPERPARAMETERS,
    check_choices,
    matters,
    optimizers_with,
    widths,
)


@pytest.mark.parametrize(
    ("params", "layers"),
    [
        ({"hidden": "none"}, ()),
        ({"hidden": "32x16"}, (32, 16)),
        ({"width": 8, "depth": 2}, (8, 8)),
        ({"width": 8, "depth": 0}, ()),
    ],
)
def test_widths_are_layers(params, layers):
    assert widths(params) == layers


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("momentum", {"optimizer": "sgd"}, True),
        ("momentum", {"optimizer": "adam"}, False),
        ("l2", {"optimizer": "adam"}, True),
        ("decay", {"schedule": "exponential"}, True),
        ("decay", {}, False),
    ],
)
def test_a_setting_matters_where_something_has_it(name, params, expected):
    assert matters(name, params) == expected


def test_what_all_optimizers_have_is_no_ones_own():
    assert optimizers_with("learning_rate") == optimizers_with("hidden") == []
    assert optimizers_with("nesterov") == ["sgd"]
    assert len({*HYPERPARAMETERS}) == len(HYPERPARAMETERS)


@pytest.mark.parametrize(
    ("name", "choice", "words"),
    [
        ("hidden", "16x", "no layer width"),
        ("optimizer", "sgdd", "is not known"),
        ("width", 0, "whole number from 1"),
        ("l2", -1.0, "at least 0, got -1"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(name, choice, words):
    with pytest.raises(ValueError, match=words):
        check_choices(name, [choice])

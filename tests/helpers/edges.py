"""What PyTorch has at infinities, NaN, huge and tiny numbers, and how functions are held to it."""

import json
from pathlib import Path

import numpy as np

from bpfast.kernels.tables import ACTIVATIONS, LOSSES

NUMBERS = json.loads(
    Path(__file__).parents[1].joinpath("data").joinpath("pytorch_numbers.json").read_text()
)
CASES, EDGES = NUMBERS["at_edges"], np.array(NUMBERS["edges"])
TOLERANCE = {"float32": 1e-6, "float64": 1e-14}


def name(case):
    """Words for one of CASES."""
    words = [case["name"], *case["settings"].values(), case["target"], case["dtype"]]
    return "-".join(str(word) for word in words if word is not None)


def parameter(case):
    """Huber's delta, or the quantile's level."""
    return next(iter(case["settings"].values()), 0.0)


def one_by_one(case, number=float, of=lambda function: function):
    """Values and slopes at the edges by scalar functions, in place of which come those ``of`` them.

    They are called with numbers of the type ``number``.
    """
    table, t, c = ACTIVATIONS, case["target"], parameter(case)
    if case["kind"] == "loss":
        table, t, c = LOSSES, number(t), number(c)
    value, slope = map(of, table[case["name"]][:2])
    values, slopes = [], []
    for z in map(number, EDGES):
        values.append(number(value(z, t, c) if case["kind"] == "loss" else value(z)))
        slopes.append(slope(z, t, c) if case["kind"] == "loss" else slope(z, values[-1]))
    return np.array(values, float), np.array(slopes, float)


def agree(case, values, slopes):
    """What is a finite number in PyTorch is the same here, and a NaN stays one."""
    nan, tolerance = np.isnan(EDGES), TOLERANCE[case["dtype"]]
    absolute = tolerance * (1 + (case["target"] or 0))
    for ours, theirs in ((values, case["value"]), (slopes, case["slope"])):
        sound = np.isfinite(theirs) & ~nan
        np.testing.assert_allclose(
            ours[sound], np.array(theirs)[sound], rtol=10 * tolerance, atol=absolute
        )
    assert np.isnan(values[nan]).all()


def agree_on_logits(case, loss, slopes):
    """The same for cross entropy of two classes, to the last places of numbers around 1."""
    tolerance = TOLERANCE[case["dtype"]]
    for ours, theirs in ((loss, case["value"]), (slopes, case["slope"])):
        sound = np.isfinite(theirs)
        np.testing.assert_allclose(
            np.asarray(ours)[sound],
            np.asarray(theirs)[sound],
            rtol=10 * tolerance,
            atol=tolerance / 5,
        )
    assert np.isfinite(loss) == np.isfinite(case["value"])

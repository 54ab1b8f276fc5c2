"""Explanations for tests, and how they look in the terminal."""

import io
import math
from itertools import pairwise

import numpy as np
import pytest

import bpfast as bp
from bpfast.explaining import explain
from bpfast.explaining.network import TUTORIAL


def tutorial(**changes):
    return explain(**TUTORIAL | {"device": "reference"} | changes)


def drawn(layers, seed=0, y=None, device="reference", **options):
    """An explanation of a network with drawn weights, biases and sample."""
    mlp, rng = bp.MLP(layers, **options), np.random.default_rng(seed)
    weights = [rng.normal(size=shape) for shape in pairwise(layers)]
    biases = [rng.normal(size=width) for width in layers[1:]] if mlp.bias else []
    x, drawn_y = rng.normal(size=layers[0]), rng.uniform(size=layers[-1])
    return explain(mlp, weights, x, drawn_y if y is None else y, 0.1, biases, device)


def parameters(explanation):
    return (*explanation.weights, *explanation.biases)


def check_chain_rules(explanation):
    """Chain rules, path by path and in short, multiply out to what the trainer computed."""
    for part in parameters(explanation):
        short = math.prod(factor.value for factor in part.factors)
        paths = sum(math.prod(f.value for f in path) for path in explanation.paths(part.name))
        assert short == pytest.approx(part.gradient, rel=1e-9, abs=1e-12), part.name
        assert paths == pytest.approx(part.gradient, rel=1e-9, abs=1e-12), part.name
        moved = part.value - explanation.learning_rate * part.gradient
        assert part.new_value == pytest.approx(moved, rel=1e-12, abs=1e-15)


def printed(content, width=80, colour=False):
    """What the terminal shows."""
    from rich.console import Console

    system = {"force_terminal": True, "color_system": "standard"} if colour else {}
    console = Console(width=width, file=io.StringIO(), highlight=False, **system)
    with console.capture() as capture:
        console.print(content)
    return capture.get()

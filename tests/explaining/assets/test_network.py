"""network.js and model.js: every number of a step is that of the reference."""

import math
from itertools import pairwise

import pytest
from explanations import drawn, parameters

import bpfast as bp
from bpfast.explaining import explain
from bpfast.kernels.tables import ACTIVATIONS
from bpfast.training.network import loss_names

pytestmark = pytest.mark.xdist_group("browser")
VIEW = """
(explanation) => {
  const model = new Model(explanation);
  const setup = model.setup();
  const { error, gradient, prediction, delta, next } = model.view(setup.start, setup);
  const byName = (row) => Object.fromEntries(model.parts.map((p) => [p.name, row[p.index]]));
  const [gradients, moved] = [gradient, next.parameters].map(byName);
  return { error, prediction, delta: delta[0], gradients, moved };
}
"""


def test_arithmetic_is_that_of_the_reference(in_javascript):
    activations = (*ACTIVATIONS, "identity")
    explanations = [
        drawn((3, 4, 2, 2), seed, activation=pair, loss=loss, bias=bias, delta=0.4, quantile=0.8)
        for seed, pair in enumerate(pairwise(activations))
        for loss in loss_names()
        for bias in (True, False)
    ]
    results = in_javascript("model", VIEW, [e.page_data() for e in explanations])
    assert len(results) == len(ACTIVATIONS) * len(loss_names()) * 2
    for explanation, result in zip(explanations, results, strict=True):
        assert result["error"] == pytest.approx(explanation.error, rel=1e-12), explanation.mlp
        assert result["prediction"] == pytest.approx(explanation.prediction, rel=1e-12)
        assert result["delta"] == pytest.approx(explanation.deltas[0], rel=1e-11, abs=1e-15)
        assert result["gradients"] == pytest.approx(explanation.gradients, rel=1e-11, abs=1e-15)
        moved = {part.name: part.new_value for part in parameters(explanation)}
        assert result["moved"] == pytest.approx(moved, rel=1e-11, abs=1e-15)


def test_small_errors_of_large_numbers_keep_their_digits(in_javascript):
    """By the reference, by what is told of each output, and by the page."""
    near = math.log(3.0) + 1e-6
    cases = [
        ("cross_entropy", [1e4, 1e4], [1.0, 0.0], math.log(2.0), 1e-15),
        ("poisson", [near], [3.0], 1.5 * (near - math.log(3.0)) ** 2, 1e-6),
    ]
    explanations = [
        explain(bp.MLP((1, len(z)), loss=loss, bias=False), [[z]], [1.0], y, 0.0, [], "reference")
        for loss, z, y, _, _ in cases
    ]
    results = in_javascript("model", VIEW, [e.page_data() for e in explanations])
    for explanation, result, (*_, expected, rel) in zip(explanations, results, cases, strict=True):
        for error in (explanation.error, sum(explanation.error_terms), result["error"]):
            assert error == pytest.approx(expected, rel=rel, abs=0.0)

"""descent.js: training is that of the kernels."""

import numpy as np
import pytest
from explanations import drawn, tutorial

import bpfast as bp
from bpfast.explaining.steps import until_close

pytestmark = pytest.mark.xdist_group("browser")
RATES = (0.01, 0.1, 0.7)


@pytest.mark.parametrize(
    "make", [tutorial, lambda: drawn((3, 4, 2), activation="tanh", loss="cross_entropy")]
)
def test_errors_are_those_of_the_kernels(make, in_javascript):
    explanation = make()
    function = """([explanation, rate]) => {
  const model = new Model(explanation);
  return errorAfter(model.network, { ...model.setup(), rate }, 3);
}"""
    arguments = [(explanation.page_data(), rate) for rate in RATES]
    errors = in_javascript("model descent", function, arguments)
    population = explanation.population()[np.zeros(len(RATES), int)]
    sgd = bp.SGD(learning_rate=np.array(RATES))
    sample = explanation.sample()
    bp.fit(population, *sample, sgd, epochs=3, device="reference", progress=False)
    expected = bp.gradients(population, *sample, device="reference")[0]
    assert errors == pytest.approx(expected, rel=1e-10)


def test_training_ends_where_the_error_is_close_to_zero_or_overflows(in_javascript):
    function = """(explanation) => {
  const model = new Model(explanation);
  return train(model.network, model.setup(), 1000).map(({ error }) => error);
}"""
    explanations = [tutorial(), tutorial(learning_rate=0.8)]
    close, wild = in_javascript("model descent", function, [e.page_data() for e in explanations])
    assert close == pytest.approx([step.error for step in until_close(explanations[0])], rel=1e-9)
    assert len(wild) < 20
    assert wild[-1] is None  # Infinity, as JSON

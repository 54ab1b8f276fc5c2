"""curvature.js: the curvature is that of bpfast."""

import pytest
from explanations import drawn, tutorial

from bpfast.explaining.curvature import max_curvature

pytestmark = pytest.mark.xdist_group("browser")


def test_curvature_is_that_of_the_kernels(in_javascript):
    explanations = [tutorial(), drawn((3, 4, 2), activation="tanh", loss="cross_entropy")]
    function = """(explanation) => {
  const model = new Model(explanation);
  return largestEigenvalue(hessian(model.network, model.setup()));
}"""
    curvatures = in_javascript("model curvature", function, [e.page_data() for e in explanations])
    expected = [max_curvature(e, e.population()) for e in explanations]
    assert curvatures == pytest.approx(expected, rel=1e-5)

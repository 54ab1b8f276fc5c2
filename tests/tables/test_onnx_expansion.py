"""Expansions in an ONNX graph give what they give in NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from bpfast.tables.encoding.expansion import Expansion, Line
from bpfast.tables.onnx_expansion import SINGLE, add_expansion
from bpfast.training.onnx_graph import Graph

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")


def expanded(expansion, X):
    """What ONNX makes of scaled inputs."""
    graph = Graph()
    value = add_expansion(graph, expansion, graph.input("X", SINGLE, X.shape[1]))
    proto = graph.model(value, SINGLE, len(expansion.lines)).SerializeToString()
    session = runtime.InferenceSession(proto, providers=["CPUExecutionProvider"])
    return session.run(None, {"X": X})[0]


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["quantile", "piecewise1", "piecewise4", "piecewise30"]),
    st.lists(st.booleans(), min_size=1, max_size=4),
    st.integers(0, 99),
)
def test_it_gives_what_numpy_gives(name, bounded, seed):
    """At knots, where ties are, below all of them and above, and in between."""
    rng = np.random.default_rng(seed)
    X = rng.lognormal(size=(300, len(bounded))).round(seed % 4).astype(np.float32)
    expansion = Expansion.fit(name, X, bounded)
    far = np.full((1, len(bounded)), 1e30, np.float32)
    new = np.concatenate([X, rng.normal(size=X.shape).astype(np.float32), far, -far])
    # np.interp may fuse a product and a sum on some processors: one rounding less
    assert_allclose(expanded(expansion, new), expansion.apply(new), rtol=1e-6, atol=1e-7)


def test_lines_of_all_kinds_stay_in_their_order():
    lines = (
        Line(1, (0.0, 1.0, 3.0), (0.0, 2.0, 3.0)),
        Line(0),
        Line(0, (1.0, 2.0), (-1.0, 1.0)),
        Line(0, (0.0, 1.0, 2.0, 3.0, 4.0, 5.0), (0.0, 1.0, 1.0, 1.0, 2.0, 4.0)),
        Line(1),
    )
    X = np.array([[0.5, 0.5], [1.5, 2.0], [4.5, 9.0]], np.float32)
    expected = [[1, 0.5, -1, 0.5, 0.5], [2.5, 1.5, 0, 1, 2], [3, 4.5, 1, 3, 9]]
    assert_allclose(expanded(Expansion("own", lines), X), expected)

"""layout.js: all is inside the drawing, and labels do not overlap."""

from itertools import combinations

import pytest
from explanations import drawn

pytestmark = pytest.mark.xdist_group("browser")
LAYOUT = """
([explanation, width]) => {
  const model = new Model(explanation);
  const layout = layOut(model, width);
  return { ...layout, labels: [...labelPoints(layout, model).values()] };
}
"""


@pytest.mark.parametrize("width", [390, 1100])
@pytest.mark.parametrize("layers", [(2, 1), (2, 2, 1), (3, 4, 3, 2), (8, 8, 8, 8, 8)])
def test_everything_has_its_room(layers, width, in_javascript):
    explanation = drawn(layers, activation="tanh", loss="mse")
    (layout,) = in_javascript("model layout", LAYOUT, [(explanation.page_data(), width)])
    radius, nodes = layout["radius"], [node for layer in layout["nodes"] for node in layer]
    assert len(nodes) == sum(layers)
    for node in nodes:
        assert radius <= node["x"] <= layout["error"]["x"] - radius
        assert radius <= node["y"] <= layout["height"] - radius
    for a, b in combinations(nodes, 2):
        assert abs(a["x"] - b["x"]) >= 2 * radius or abs(a["y"] - b["y"]) >= 2 * radius
    for a, b in combinations(layout["labels"], 2):
        assert abs(a["x"] - b["x"]) > 50 or abs(a["y"] - b["y"]) > 12


def test_a_small_network_has_all_its_labels(in_javascript):
    arguments = [(drawn((2, 2, 1), loss="mse").page_data(), 1100)]
    assert len(in_javascript("model layout", LAYOUT, arguments)[0]["labels"]) == 9

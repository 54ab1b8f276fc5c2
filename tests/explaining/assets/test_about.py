"""about.js: the network in words, and how far the page's numbers are from bpfast's."""

import pytest
from explanations import drawn, tutorial

pytestmark = pytest.mark.xdist_group("browser")


def test_a_network_is_described(in_javascript):
    deep = drawn((2, 3, 2, 1), activation=("tanh", "relu"), loss="half_squared_error")
    explanations = [tutorial().page_data(), deep.page_data()]
    function = "(explanation) => shapeWords(new Model(explanation))"
    assert in_javascript("about model", function, explanations) == [
        "2 inputs → 2 hidden (identity) → 1 output; error: half squared error",
        "2 inputs → 3 hidden (tanh) → 2 hidden (relu) → 1 output; error: half squared error",
    ]


def test_a_gradient_that_differs_is_told(in_javascript):
    right, wrong = tutorial().page_data(), tutorial().page_data()
    wrong["weights"][0]["gradient"] += 0.5
    function = "(explanation) => agreementWords(new Model(explanation))"
    texts = in_javascript("about model", function, [right, wrong])
    assert "(device: reference)" in texts[0]
    assert texts[1].endswith("agrees with them to 0.5.")

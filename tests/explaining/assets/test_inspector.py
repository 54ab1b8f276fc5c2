"""inspector.js: the chain rule of a weight that is chosen."""

import pytest
from explained_page import followed, written
from explanations import drawn

pytestmark = pytest.mark.xdist_group("browser")


def test_a_weight_can_be_chosen_from_the_list(show, pages):
    page = show(pages["classes"])
    page.select_option("#weight", "w5")
    assert "w5" in followed(page)
    page.select_option("#weight", "b4")
    explanation = drawn((3, 4, 3, 2), activation=("tanh", "gelu"), loss="cross_entropy")
    gradient = explanation["b4"].gradient
    assert written(gradient, 10) in page.locator("#chain").text_content()

"""curve.js: the error from step to step, to press and in words."""

import pytest
from explained_page import sentence, title

pytestmark = pytest.mark.xdist_group("browser")


def test_the_curve_can_be_pressed(page):
    box = page.locator("#curve").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 20, box["y"] + 60)
    assert title(page) == "After 20 steps"
    assert page.locator("#step").input_value() == "20"


def test_a_rate_that_is_too_large_is_said_to_be(page):
    page.fill("#rate", "5")
    words = page.locator("#curve-says").text_content()
    assert "overflow" in words
    assert "too large" in words
    page.click("#phases button:text('Again')")
    assert "too large" in sentence(page)

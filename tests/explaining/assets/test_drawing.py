"""drawing.js: what the drawing knows, and weights that are pointed at, tabbed to and kept."""

import pytest
from explained_page import TITLES, followed, title, written

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.xdist_group("browser")


def test_the_drawing_knows_what_the_stage_knows(page):
    unknown = page.locator("#network .node.unknown")
    expect(unknown).to_have_count(4)  # h1, h2, prediction, error
    page.keyboard.press("ArrowRight")
    expect(unknown).to_have_count(3)
    node = page.locator("#network .node.lit").nth(-1)
    assert node.get_attribute("aria-label") == "h1: 0.85"
    page.click("#phases button:text('Gradients')")
    label = page.locator("#network .edge[data-name=w5]").get_attribute("aria-label")
    assert label == "w5, from h1 to prediction: 0.14, gradient " + written(-0.68765)
    page.click("#phases button:text('Update')")
    label = page.locator("#network .edge[data-name=w5]").get_attribute("aria-label")
    assert label == "w5, from h1 to prediction: 0.1743825"


def test_a_weight_that_is_pointed_at_lights_its_path(page):
    page.hover("#network .edge[data-name=w3] .hit", force=True)
    assert followed(page) == ["w3", "w6"]
    chain = page.locator("#chain").text_content()
    for number in (-0.809, 0.15, -0.2427, 0.132135):
        assert written(number) in chain
    page.mouse.move(0, 0)
    assert followed(page) == []


def test_a_weight_can_be_tabbed_to_and_kept(page):
    page.focus("#phases li:last-child button")
    page.keyboard.press("Tab")
    assert followed(page) == ["w1", "w5"]
    page.keyboard.press("Tab")
    assert followed(page) == ["w2", "w5"]
    assert page.locator("#weight").input_value() == "w2"
    assert written(-0.33978) in page.locator("#chain").text_content()
    page.keyboard.press("ArrowRight")
    assert title(page) == TITLES[1]  # arrows go through stages here too
    page.keyboard.press("Enter")
    page.focus("#next")
    assert followed(page) == ["w2", "w5"]
    page.keyboard.press("Escape")
    assert followed(page) == []

"""The page of an explanation in headless Chromium: what people press, type, point at and see."""

import re
from itertools import pairwise

import numpy as np
import pytest

import bpfast as bp
from bpfast.explaining import explain
from bpfast.explaining.network import TUTORIAL
from bpfast.explaining.page import write
from bpfast.explaining.sweep import max_curvature

pytestmark = pytest.mark.xdist_group("browser")

NUMBERS = """
    0.11 0.21 0.12 0.08 0.14 0.15 0.85 0.48 0.191 0.3272405 -0.809
    -0.22652 -0.33978 -0.2427 -0.36405 -0.68765 -0.38832 -0.11326 -0.12135
    0.121326 0.226989 0.132135 0.0982025 0.1743825 0.169416 0.2557457808
"""
TITLES = [
    "A network that guesses",
    "Forward: h1",
    "Forward: h2",
    "Forward: prediction",
    "The error: how wrong is that?",
    "Which way is down?",
    "Backward: prediction",
    "Backward: h1",
    "Backward: h2",
    "Gradients: the weights into prediction",
    "Gradients: the weights into h1 and h2",
    "The update: one step downhill",
    "Forward again: is it better?",
    "After 1 step",
]
MINUS = "\N{MINUS SIGN}"


def tutorial(**changes):
    return explain(**TUTORIAL | {"device": "reference"} | changes)


def drawn(layers, **options):
    """An explanation of a network with drawn weights, biases and sample."""
    mlp, rng = bp.MLP(layers, **options), np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in pairwise(layers)]
    biases = [rng.normal(size=width) for width in layers[1:]]
    x, y = rng.normal(size=layers[0]), rng.uniform(size=layers[-1])
    return explain(mlp, weights, x, y, 0.1, biases, "reference")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Files with the tutorial's network, others of odd shapes, and the largest there may be."""
    folder = tmp_path_factory.mktemp("pages")
    classes = {"activation": ("tanh", "gelu"), "loss": "cross_entropy"}
    explanations = {
        "tutorial": tutorial(),
        "flat": drawn((2, 1), loss="mse"),
        "quantile": drawn((2, 6, 1), activation="elu", loss="quantile", quantile=0.9),
        "probability": drawn((3, 3, 1), activation="leaky_relu", loss="binary_cross_entropy"),
        "classes": drawn((3, 4, 3, 2), **classes),
        "largest": drawn((8, 8, 8, 8, 8), activation="silu", loss="mse"),
    }
    return {name: write(e, folder / f"{name}.html") for name, e in explanations.items()}


@pytest.fixture
def page(show, pages):
    return show(pages["tutorial"])


def title(page):
    return page.locator("#title").text_content()


def sentence(page):
    return page.locator("#sentence").text_content()


def wait_for_sweep(page):
    """It begins when it comes into view."""
    page.locator("#sweep").scroll_into_view_if_needed()
    page.wait_for_selector("#sweep-plot[aria-busy=false] svg")


def written(value, digits=7):
    """A number as the page writes it, with a real minus."""
    return f"{value:.{digits}g}".replace("-", MINUS)


# --- going through the stages ---------------------------------------------------------------------


def test_buttons_lead_through_every_stage_and_number(page):
    assert page.locator("#back").is_disabled()
    shown = page.locator("main :is(p, td, .right, text)")
    seen, text = [title(page)], shown.all_text_contents()
    while len(seen) < len(TITLES):
        page.click("#next")
        seen.append(title(page))
        text += shown.all_text_contents()
    assert seen == TITLES
    for number in NUMBERS.split():
        pattern = rf"(?<![\d.]){number.replace('-', MINUS)}(?!\d)"
        assert any(re.search(pattern, words) for words in text), number
    page.click("#back")
    assert title(page) == TITLES[-2]


def test_arrow_keys_slider_and_parts_do_the_same(page):
    page.keyboard.press("ArrowRight")
    assert title(page) == TITLES[1]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert title(page) == TITLES[0]
    page.focus("#stage")
    page.keyboard.press("ArrowRight")
    assert title(page) == TITLES[1]  # by one, not by two
    page.keyboard.press("End")
    assert title(page) == TITLES[12]
    assert page.locator("#stage").get_attribute("aria-valuetext").startswith("13 of 13: Forward")
    page.click("#phases button:text('Backward')")
    assert title(page) == TITLES[6]
    assert page.locator("#phases [aria-current=step]").text_content() == "Backward"


def test_the_drawing_knows_what_the_stage_knows(page):
    unknown = page.locator("#network .node.unknown")
    assert unknown.count() == 4  # h1, h2, prediction, error
    page.keyboard.press("ArrowRight")
    assert unknown.count() == 3
    node = page.locator("#network .node.lit").nth(-1)
    assert node.get_attribute("aria-label") == "h1: 0.85"
    page.click("#phases button:text('Gradients')")
    label = page.locator("#network .edge[data-name=w5]").get_attribute("aria-label")
    assert label == "w5, from h1 to prediction: 0.14, gradient " + written(-0.68765)
    page.click("#phases button:text('Update')")
    label = page.locator("#network .edge[data-name=w5]").get_attribute("aria-label")
    assert label == "w5, from h1 to prediction: 0.1743825"


def test_the_matrices_are_there(page):
    page.click("#phases button:text('Gradients')")
    page.keyboard.press("ArrowRight")
    page.click("summary")
    cells = page.locator("details[open] mtd").all_text_contents()
    values = [float(cell.replace(MINUS, "-")) for cell in cells]
    assert values[:6] == pytest.approx([2, 3, 0.11, 0.12, 0.21, 0.08])
    assert values[-4:] == pytest.approx([-0.22652, -0.2427, -0.33978, -0.36405])


# --- looking at a weight --------------------------------------------------------------------------


def followed(page):
    return page.locator("#network .edge.followed").evaluate_all(
        "all => all.map(e => e.dataset.name)"
    )


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


def test_a_weight_can_be_chosen_from_the_list(show, pages):
    page = show(pages["classes"])
    page.select_option("#weight", "w5")
    assert "w5" in followed(page)
    page.select_option("#weight", "b4")
    explanation = drawn((3, 4, 3, 2), activation=("tanh", "gelu"), loss="cross_entropy")
    gradient = explanation["b4"].gradient
    assert written(gradient, 10) in page.locator("#chain").text_content()


# --- editing --------------------------------------------------------------------------------------


EDITS = [
    ("learning rate", 0.1, {"learning_rate": 0.1}),
    ("i2", -1.5, {"x": [2.0, -1.5]}),
    ("target", 0.25, {"y": [0.25]}),
    ("w2", 0.7, {"weights": [[[0.11, 0.12], [0.7, 0.08]], [[0.14], [0.15]]]}),
]


def test_all_follows_an_edit(page):
    for field, value, changes in EDITS:
        page.fill(f"#fields input[name='{field}']", str(value))
        page.click("#phases button:text('Update')")
        explanation = tutorial(**changes)
        table = page.locator("#formulas table").inner_text()
        for part in explanation.weights:
            for number in (part.value, part.gradient, part.new_value):
                assert written(number) in table, field
        page.click("#phases button:text('Again')")
        assert written(explanation.next_prediction[0], 10) in sentence(page)
        page.click("#reset")
        page.click("#phases button:text('Update')")
        assert "0.121326" in page.locator("#formulas table").inner_text()


def test_what_is_no_number_changes_nothing(page):
    field = page.locator("#rate")
    for text in ("", "-1", "1e300"):
        field.fill(text)
        assert field.get_attribute("aria-invalid") == "true"
    page.click("#phases button:text('Update')")
    assert "0.121326" in page.locator("#formulas table").inner_text()
    field.fill("0.2")
    assert field.get_attribute("aria-invalid") == "false"


def test_a_rate_that_is_too_large_is_said_to_be(page):
    page.fill("#rate", "5")
    words = page.locator("#curve-says").text_content()
    assert "overflow" in words
    assert "too large" in words
    page.click("#phases button:text('Again')")
    assert "too large" in sentence(page)


# --- repeating ------------------------------------------------------------------------------------


def test_playing_ends_where_the_error_is_close_to_zero(show, pages):
    page = show(pages["tutorial"], 1200)  # a tab of its own: its clock is held
    page.clock.install(time=0)
    page.reload()
    page.clock.pause_at(3600)  # seconds; else it runs on by itself
    page.click("#play")
    assert page.locator("#play").text_content() == "Pause"
    page.clock.run_for(700)
    assert title(page) == "After 2 steps"
    page.clock.run_for(10_000)
    assert title(page) == "After 20 steps"
    prediction = float(re.search(r"prediction is ([\d.]+)", sentence(page))[1])
    assert prediction == pytest.approx(0.99907, abs=5e-6)
    assert "close to zero" in sentence(page)
    assert page.locator("#play").text_content() == "Play again"
    page.focus("#step")
    page.keyboard.press("Home")
    assert title(page) == TITLES[0]


def test_the_curve_can_be_pressed(page):
    box = page.locator("#curve").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 20, box["y"] + 60)
    assert title(page) == "After 20 steps"
    assert page.locator("#step").input_value() == "20"


# --- the sweep ------------------------------------------------------------------------------------


def test_the_sweep_finds_what_there_is_to_find(page):
    wait_for_sweep(page)
    words = page.locator("#sweep-says").text_content()
    found = re.search(r"Best is ([\d.]+).*Below ([\d.]+) it crawls.*From ([\d.]+) on", words)
    best, crawls, diverges = map(float, found.groups())
    assert crawls < 0.05 < best < diverges
    explanation = tutorial()
    border = 2 / max_curvature(explanation, explanation.population())
    assert f"2/λmax = {border:.3g}" in words
    assert re.search(r"10,000 trainings took [\d.]+ s", words)
    page.click("#take-best")
    assert float(page.locator("#rate").input_value()) == pytest.approx(best, rel=5e-3)
    assert "close to zero" in page.locator("#curve-says").text_content()


def test_the_sweep_can_be_zoomed_and_a_rate_taken(page):
    wait_for_sweep(page)
    plot = page.locator("#sweep-plot")

    def limits():
        wait_for_sweep(page)
        return [float(plot.get_attribute(f"aria-value{end}")) for end in ("min", "max")]

    whole = limits()
    page.click("#zoom-in")
    near = limits()
    assert whole[0] < near[0] < 0.05 < near[1] < whole[1]
    box = plot.bounding_box()
    y = box["y"] + 100
    page.mouse.move(box["x"] + 300, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 600, y)
    page.mouse.up()
    nearer = limits()
    assert near[0] < nearer[0] < nearer[1] < near[1]
    page.click("#zoom-all")
    assert limits() == pytest.approx(whole)
    page.mouse.click(box["x"] + 400, y)
    rate = float(page.locator("#rate").input_value())
    assert whole[0] < rate < whole[1]
    assert rate != 0.05
    plot.focus()
    page.keyboard.press("ArrowRight")
    assert float(page.locator("#rate").input_value()) > rate
    assert title(page) == TITLES[0]
    page.keyboard.press("+")
    assert limits()[0] > whole[0]


def test_more_steps_sweep_anew(page):
    wait_for_sweep(page)
    for text in ("", "0", "2.5"):
        page.fill("#sweep-steps", text)
        assert page.locator("#sweep-steps").get_attribute("aria-invalid") == "true"
    page.fill("#sweep-steps", "3")
    page.wait_for_function("document.getElementById('sweep-says').textContent.includes('3 steps')")


# --- how it looks, for everyone -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "theme", "part"),
    [
        (390, "light", "Backward"),
        (390, "dark", "Update"),
        (1440, "light", "Gradients"),
        (1440, "dark", "Error"),
    ],
)
def test_a_page_fits_and_has_no_barriers(show, pages, width, theme, part):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = show(pages["tutorial"], width, theme)
    wait_for_sweep(page)
    page.click(f"#phases button:text('{part}')")
    page.select_option("#weight", "w3")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.run(page)
    assert found.violations_count == 0, found.generate_report()


# Stages in turn: the width that each takes, and what stands in it.
WALK = """
(stride) => {
  const slider = document.getElementById("stage");
  return Array.from({ length: Number(slider.max) / stride + 1 }, (_, k) => {
    slider.value = stride * k;
    slider.dispatchEvent(new Event("input"));
    const text = (id) => document.getElementById(id).textContent;
    return [document.documentElement.scrollWidth, text("says"), text("network")];
  });
}
"""


@pytest.mark.parametrize("name", ["flat", "quantile", "probability", "classes", "largest"])
def test_every_stage_of_any_network_fits_a_phone(show, pages, name):
    walked = show(pages[name], 390).evaluate(WALK, 4 if name == "largest" else 1)
    assert len(walked) >= 8
    for width, says, network in walked:
        assert width <= 390, says
        assert not re.search("NaN|undefined|null|not a number", says + network), says


def test_the_theme_can_be_changed(page):
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    assert page.locator("#theme").text_content() == "Dark"
    page.click("#theme")
    assert page.evaluate(colour) != light
    page.click("#theme")
    assert page.evaluate(colour) == light


def test_a_screen_reader_is_told_the_stage(page):
    assert page.locator("#live").get_attribute("aria-live") == "polite"
    page.click("#play")
    assert page.locator("#live").get_attribute("aria-live") == "off"
    page.click("#play")
    assert page.locator("#live").get_attribute("aria-live") == "polite"

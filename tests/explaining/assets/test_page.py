"""page.js and how it looks: stages, steps and playing, for everyone."""

import re

import pytest
from explained_page import MINUS, TITLES, sentence, title, wait_for_sweep

from bpfast.explaining.javascript import module as functions
from bpfast.explaining.page import ASSETS

pytestmark = pytest.mark.xdist_group("browser")


NUMBERS = """
    0.11 0.21 0.12 0.08 0.14 0.15 0.85 0.48 0.191 0.3272405 -0.809
    -0.22652 -0.33978 -0.2427 -0.36405 -0.68765 -0.38832 -0.11326 -0.12135
    0.121326 0.226989 0.132135 0.0982025 0.1743825 0.169416 0.2557457808
"""


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


def test_modules_import_all_that_they_use(browser, pages):
    """Unjoined: what a module does not import, it has not."""
    tab, wrong, site = browser.new_page(), [], "http://localhost"
    tab.set_default_timeout(300_000)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    text = re.sub(
        r'(<script type="module")>.*?(?=</script>)',
        r'\1 src="page.js">',
        pages["classes"].read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )

    def answer(route):
        name = route.request.url.rpartition("/")[2]
        body = functions() if name == "functions.js" else (ASSETS / name).read_text("utf-8")
        route.fulfill(body=body, content_type="text/javascript")

    tab.route(f"{site}/*.js", answer)
    tab.route(f"{site}/", lambda route: route.fulfill(body=text, content_type="text/html"))
    tab.goto(f"{site}/")
    assert len(tab.evaluate(WALK, 1)) > 20
    tab.select_option("#weight", "b1")
    assert not wrong
    wait_for_sweep(tab)
    tab.hover("#sweep-plot")
    assert not wrong

"""sweep_panel.js: what a sweep finds, and when it runs anew."""

import re

import pytest
from explained_page import wait_for_sweep
from explanations import tutorial

from bpfast.explaining.curvature import max_curvature

pytestmark = pytest.mark.xdist_group("browser")


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


def test_more_steps_sweep_anew(page):
    wait_for_sweep(page)
    for text in ("", "0", "2.5"):
        page.fill("#sweep-steps", text)
        assert page.locator("#sweep-steps").get_attribute("aria-invalid") == "true"
    page.fill("#sweep-steps", "3")
    page.wait_for_function("document.getElementById('sweep-says').textContent.includes('3 steps')")

"""sweep_plot.js: rates that are chosen, ranges that are zoomed into."""

import pytest
from explained_page import TITLES, title, wait_for_sweep

pytestmark = pytest.mark.xdist_group("browser")


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

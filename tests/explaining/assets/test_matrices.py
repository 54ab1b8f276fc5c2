"""matrices.js: a layer as products of matrices."""

import pytest
from explained_page import MINUS

pytestmark = pytest.mark.xdist_group("browser")


def test_the_matrices_are_there(page):
    page.click("#phases button:text('Gradients')")
    page.keyboard.press("ArrowRight")
    page.click("summary")
    cells = page.locator("details[open] mtd").all_text_contents()
    values = [float(cell.replace(MINUS, "-")) for cell in cells]
    assert values[:6] == pytest.approx([2, 3, 0.11, 0.12, 0.21, 0.08])
    assert values[-4:] == pytest.approx([-0.22652, -0.2427, -0.33978, -0.36405])

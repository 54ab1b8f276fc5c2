"""Take the pictures of the page that ``bpfast explain --html`` writes.

Run ``python docs/make_explain_pictures.py`` with the extra ``dev``, where Chromium is installed.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from bpfast.explaining import explain
from bpfast.explaining.network import TUTORIAL
from bpfast.explaining.page import write

HERE = Path(__file__).parent
SIZE, SCALE = {"width": 1180, "height": 900}, 1.5
COLOURS = 200  # enough for flat colours and their edges


def main() -> None:
    """Write the PNGs beside this file."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = write(explain(**TUTORIAL).page_data(), Path(folder) / "explain.html")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE, device_scale_factor=SCALE, color_scheme="light")
        page.goto(path.as_uri())
        page.locator("#sweep").scroll_into_view_if_needed()  # it begins there
        page.wait_for_selector("#sweep-plot[aria-busy=false] svg")
        page.click("#phases button:text('Backward')")
        page.keyboard.press("ArrowRight")
        page.select_option("#weight", "w1")
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        take(page, "explain.png", "header", "#inspector")
        take(page, "explain-sweep.png", "#sweep", "#sweep-plot")
        browser.close()


def take(page: Page, name: str, first: str, last: str) -> None:
    """A picture from the top of one element to the bottom of another."""
    top, bottom = page.locator(first).bounding_box(), page.locator(last).bounding_box()
    assert top is not None
    assert bottom is not None
    y = top["y"] - 14
    clip = {
        "x": 0,
        "y": y,
        "width": SIZE["width"],
        "height": bottom["y"] + bottom["height"] + 14 - y,
    }
    png = page.screenshot(full_page=True, clip=clip, animations="disabled")
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(HERE / name, optimize=True)


if __name__ == "__main__":
    main()

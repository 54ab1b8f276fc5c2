"""What tests of the command share."""

import shutil
import sys

import pytest

from bpfast import cli


@pytest.fixture
def bpfast(monkeypatch, capfd, tmp_path):
    """Runs the command in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["bpfast", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code or 0, *capfd.readouterr()

    return run


CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (  # Chromium asks nobody for anything
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium, for one module: while it runs, its worker can run no other event loop.

    A module's tests share one where they are an ``xdist_group``.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with playwright.sync_playwright() as session:
        chromium = session.chromium.launch(executable_path=path, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser):
    """Opens a file in a tab of its own; fails where it complains, or asks any network."""
    wrong, contexts = [], []

    def note(request):
        if not request.url.startswith(("file:", "data:")):
            wrong.append(f"request: {request.url}")

    def open_tab(path, width=1440, theme="light", **options):
        size = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=size, color_scheme=theme, **options))
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        tab.on("request", note)
        tab.goto(path.as_uri())
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert not wrong

"""What all tests, and those of the command, share."""

import os
import shutil
import signal
import sys
from contextlib import contextmanager, suppress
from unittest.mock import patch

import pytest

import bpfast as bp
from bpfast.command import main
from bpfast.kernels import cpu

with suppress(ImportError):  # where only tests on a GPU are to run, hypothesis may be missing
    import examples_budget  # noqa: F401

for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR"):  # of the terminal that tests are run from
    os.environ.pop(name, None)

# A shell has what it starts in the background ignore Ctrl-C, of which some tests are.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Those that take long come first, while there are others for other processes."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests stay together: what they share is made once. Slow ones' files come first."""
    from xdist.scheduler import LoadGroupScheduling

    class Files(LoadGroupScheduling):
        def _split_scope(self, nodeid):
            group = super()._split_scope(nodeid)
            return nodeid.partition("::")[0] if group == nodeid else group

    if config.getvalue("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False  # would begin with the files of most tests
    return Files(config, log)


@pytest.fixture
def bpfast(monkeypatch, capfd, tmp_path):
    """Runs the command in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["bpfast", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
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


PATIENCE = 300_000  # milliseconds, for a browser on a busy machine


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
        chromium = session.chromium.launch(executable_path=path, args=QUIET, timeout=PATIENCE)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tabs(browser):
    """Tabs by width and theme, made when first asked for, and all that went wrong in them."""
    made, wrong = {}, []

    def note(request):
        if not request.url.startswith(("file:", "data:")):
            wrong.append(f"request: {request.url}")

    def tab(width, theme):
        if (width, theme) not in made:
            still = {"color_scheme": theme, "reduced_motion": "reduce"}  # motion takes time to draw
            new = browser.new_page(viewport={"width": width, "height": 900}, **still)
            new.set_default_timeout(PATIENCE)
            new.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
            new.on("pageerror", lambda error: wrong.append(f"error: {error}"))
            new.on("request", note)
            made[width, theme] = new
        return made[width, theme]

    return tab, wrong


@pytest.fixture
def show(tabs):
    """Opens a file in a tab; fails where the page complains, or asks any network."""
    tab, wrong = tabs

    def open_file(path, width=1440, theme="light"):
        page = tab(width, theme)
        page.goto(path.as_uri())
        return page

    yield open_file
    complaints, wrong[:] = list(wrong), []
    assert not complaints


@pytest.fixture(scope="session")
def forced():
    """A context in which device "cpu" is one strategy and so many threads, whatever is best."""
    choose = bp.dispatch.choose

    @contextmanager
    def force(strategy, threads=2):
        def chosen(mlp, n, batch_size, device, *rule, **dtype):
            if device == "cpu":
                return bp.dispatch.Plan(strategy, device, "a test")
            return choose(mlp, n, batch_size, device, *rule, **dtype)

        with (
            patch.object(bp.dispatch, "choose", chosen),
            patch.object(cpu, "thread_count", lambda: threads),
            patch.object(cpu, "ALONE", 0.0),
        ):
            yield

    return force

"""How the command ends: exit codes, and a line on stderr."""

import logging

import pytest

from bpfast.command import run as running
from bpfast.errors import DeviceError


@pytest.mark.parametrize("package", ["typer", "rich", "polars"])
def test_a_missing_extra_is_a_hint(package, bpfast, monkeypatch):
    find = running.find_spec
    monkeypatch.setattr(running, "find_spec", lambda name: None if name == package else find(name))
    code, out, err = bpfast("devices")
    assert (code, out) == (2, "")
    assert err == f'bpfast: {package} is not installed: pip install "bpfast[cli]"\n'


@pytest.mark.parametrize(
    ("error", "expected", "words"),
    [
        (ValueError("of two\nlines"), 2, "bpfast: of two lines\n"),
        (DeviceError("no GPU"), 2, "bpfast: no GPU\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_errors_are_a_line_and_an_exit_code(error, expected, words, bpfast, monkeypatch):
    def fail(**_):
        raise error

    monkeypatch.setattr(pytest.importorskip("bpfast.command.app"), "app", fail)
    assert bpfast("devices") == (expected, "", words)


def test_kernels_that_are_compiled_are_told_of(bpfast, monkeypatch):
    def warmup(_):
        logging.getLogger("bpfast.kernels").info("compiling kernels for %s", "a test")
        return {"were compiled now": 1}

    monkeypatch.setattr("bpfast.command.warmup.run_warmup", warmup)
    for _ in range(2):  # the command may run twice in a process
        assert bpfast("warmup")[2] == "compiling kernels for a test\n"

"""The machine in words, for bug reports."""

from types import SimpleNamespace

import llvmlite
import numba
import numpy as np
import pytest

import bpfast
from bpfast.checking.machine import machine


def test_versions_and_devices_are_told():
    facts = machine()
    assert facts["bpfast"] == bpfast.__version__
    expected = ", ".join(library.__version__ for library in (np, numba, llvmlite))
    assert facts["numpy, numba, llvmlite"] == expected
    devices = {f"device {name}": words for name, words in bpfast.devices().items()}
    assert devices.items() <= facts.items()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model name\t: Fast CPU\nflags: x\nmodel name\t: Fast CPU\n", "2 x Fast CPU"),
        ("", "a processor"),
    ],
)
def test_the_processor_is_told(text, expected, monkeypatch):
    file = SimpleNamespace(read_text=lambda: text)
    monkeypatch.setattr("bpfast.checking.machine.Path", lambda name: file)
    monkeypatch.setattr("platform.processor", lambda: "a processor")
    monkeypatch.setattr("bpfast.training.dispatch.devices", dict)
    assert machine()["processor"] == expected

"""The machine in words, for bug reports."""

from pathlib import Path

import numpy as np
import pytest

import bpfast
from bpfast.checking.machine import machine


def test_versions_and_devices_are_told():
    facts = machine()
    assert facts["bpfast"] == bpfast.__version__
    assert facts["numpy, numba, llvmlite"].startswith(np.__version__)
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
    monkeypatch.setattr(Path, "read_text", lambda path: text)
    monkeypatch.setattr("platform.processor", lambda: "a processor")
    monkeypatch.setattr("bpfast.training.dispatch.devices", dict)
    assert machine()["processor"] == expected

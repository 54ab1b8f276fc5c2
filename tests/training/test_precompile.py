"""Warming up: all functions are there after it, and where they came from is told."""

import pytest

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.kernels.cpu import library


def test_all_functions_for_a_dtype_are_there(monkeypatch):
    origins = bp.warmup(("float64",))
    assert sum(origins.values()) >= len({entry.name for entry, _ in cpu.entries("float64")})

    def compile_none(missing):
        raise AssertionError(f"compiled after all: {missing}")

    monkeypatch.setattr(library, "_compile", compile_none)
    assert bp.warmup(("float64",)) == origins
    for entry, dtype in cpu.entries("float64"):
        assert library.address(entry, dtype)


def test_an_unknown_dtype_is_refused():
    with pytest.raises(ValueError, match="float16"):
        bp.warmup(("float32", "float16"))

"""Measurements by their names."""

import runpy
import sys

import pytest


@pytest.mark.parametrize("arguments", [[], ["nothing"]])
def test_measurements_are_named(arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    with pytest.raises(SystemExit, match=r"usage: .*[{,]gpu,"):
        runpy.run_module("bpfast.bench", run_name="__main__")

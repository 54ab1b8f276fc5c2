"""``bpfast devices``."""

import pytest

import bpfast as bp

pytest.importorskip("typer")


def test_devices(bpfast):
    code, out, _ = bpfast("devices")
    assert code == 0
    for name in bp.devices():
        assert name in out


def test_an_extra_in_brackets_is_no_markup(bpfast, monkeypatch):
    words = 'not usable: pip install "bpfast[cuda]"'
    monkeypatch.setattr("bpfast.command.devices.all_devices", lambda: {"cuda": words})
    assert words in bpfast("devices")[1]

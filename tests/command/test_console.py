"""The console on which commands print."""

import pytest

pytest.importorskip("rich")

from bpfast.command import console


def test_a_file_has_room_for_any_table(monkeypatch):
    assert console.stdout_console().width == console.FILE_WIDTH
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("COLUMNS", "33")
    assert console.stdout_console().width == 33

"""The console on which commands print."""

import pytest

pytest.importorskip("rich")

from bpfast.command import console


def test_a_file_has_room_for_any_table(monkeypatch):
    assert console.stdout_console().width == console.FILE_WIDTH
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "33"}.items():
        monkeypatch.setenv(name, value)  # as on a terminal
    assert console.stdout_console().width == 33

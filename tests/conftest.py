"""What tests of the command share."""

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

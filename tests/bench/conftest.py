"""Fixtures that run ``bpfast bench`` on tiny jobs."""

import json
import sys

import pytest
from small_jobs import FEW, LIMITS, MANY, TINY, missing

from bpfast.bench import command, peers
from bpfast.bench.measure import Runner
from bpfast.bench.once import once
from bpfast.command import main


@pytest.fixture
def bench(monkeypatch, capfd, tmp_path):
    """Runs ``bpfast bench`` on tiny jobs in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "JOBS", (TINY, FEW, MANY))
    monkeypatch.setattr(command, "limits", lambda: LIMITS)
    monkeypatch.setattr(command, "in_own_process", lambda job, runner: once(job, runner, 0.0))
    monkeypatch.setattr(command, "PEERS", (Runner("JAX", "jit", missing), peers.PEERS[-1]))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["bpfast", "bench", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code or 0, *capfd.readouterr()

    return run


@pytest.fixture
def report(bench, tmp_path):
    """What a run over all tiny jobs writes."""
    code, _, err = bench("--turns", 1, "--peers", "--output", tmp_path / "report.json")
    assert code == 0, err
    return json.loads((tmp_path / "report.json").read_text())

"""``bpfast bench``: what it hands to the benchmark, and its exit code."""

from pathlib import Path

import pytest

from bpfast.bench import command

pytest.importorskip("typer")


@pytest.mark.parametrize("agree", [True, False])
def test_options_go_to_the_benchmark(agree, bpfast, monkeypatch):
    given = []
    monkeypatch.setattr(command, "bench", lambda options, *_: given.append(options) or agree)
    words = ["--device", "cpu,cuda", "--peers", "--workload", "W3", "--turns", 2]
    assert bpfast("bench", *words, "--output", "a.json", "--plot", "a.png")[0] == (not agree)
    assert given == [
        command.Options(
            device="cpu,cuda",
            workload="W3",
            peers=True,
            turns=2,
            output=Path("a.json"),
            plot=Path("a.png"),
        )
    ]
    bpfast("bench")
    assert given[1] == command.Options()

"""``bpfast warmup``: what it compiles."""

import pytest

pytest.importorskip("typer")


def test_warmup(bpfast, monkeypatch):
    given = []
    monkeypatch.setattr("bpfast.command.warmup.run_warmup", given.append)
    for options in ([], ["--dtype", "float64"]):
        code, out, _ = bpfast("warmup", *options)
        assert code == 0
        assert "all kernels are compiled" in out
    assert given == [("float32", "float64"), ("float64",)]
    assert bpfast("warmup", "--dtype", "float16")[0] == 2

"""``bpfast warmup``: what is there, and where it came from."""

import pytest

pytest.importorskip("typer")


def test_warmup(bpfast, monkeypatch):
    given = []

    def warmup(dtypes):
        given.append(dtypes)
        return {"came compiled": 3, "were compiled before": 4, "were compiled now": 0}

    monkeypatch.setattr("bpfast.command.warmup.run_warmup", warmup)
    for options in ([], ["--dtype", "float64"]):
        code, out, _ = bpfast("warmup", *options)
        assert code == 0
        assert "kernels for " in out
        counts = "3 came compiled, 4 were compiled before, 0 were compiled now"
        assert f"all 7 functions are there: {counts}" in out
    assert given == [("float32", "float64"), ("float64",)]
    assert bpfast("warmup", "--dtype", "float16")[0] == 2


def test_it_is_true(bpfast):
    """Nothing is left to be compiled after it."""
    assert bpfast("warmup", "--dtype", "float32")[0] == 0
    code, out, err = bpfast("warmup", "--dtype", "float32")
    assert (code, err) == (0, "")
    assert "functions are there" in out

"""``bpfast verify``: its exit code."""

import pytest

from bpfast.checking.verification import Check, Verification

pytest.importorskip("typer")


@pytest.mark.parametrize(("passed", "expected"), [(True, 0), (False, 1)])
def test_verify_says_whether_all_passed(passed, expected, bpfast, monkeypatch):
    case = ("cpu", "lanes", "float64", "a case", "reference")
    check = Check(*case, error=1.0 if passed else 3.0, tolerance=2.0)
    verification = Verification((check,), {"processor": "one"})
    monkeypatch.setattr("bpfast.command.verify.run_verify", lambda cases, seed: verification)
    code, out, _ = bpfast("verify")
    assert code == expected
    assert "processor: one" in out

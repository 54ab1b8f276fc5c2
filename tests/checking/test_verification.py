"""bpfast.verify: right kernels pass, wrong ones are found, and the table says which."""

import numpy as np
import pytest

from bpfast.checking import verification
from bpfast.checking.cases import Shape
from bpfast.checking.verification import Check, Verification, difference, verify


@pytest.fixture(autouse=True)
def _only_tiny_networks(monkeypatch):
    """On the CPU alone, where no other device is wanted."""
    monkeypatch.setattr(verification, "SHAPES", {"cpu": (Shape((3,), n=2, samples=12),)})
    devices = {"cpu": "usable: ...", "cuda": "not usable: ...", "reference": "usable: ..."}
    monkeypatch.setattr(verification.dispatch, "devices", lambda: devices)


def test_right_kernels_pass():
    found = verify(cases=2, seed=1)
    assert found.passed, str(found)
    kinds = [(check.device, check.dtype, check.against) for check in found.checks]
    assert kinds == [
        ("reference", "float64", "finite differences"),
        *[("cpu", "float64", "reference")] * 2,
        *[("cpu", "float32", "reference")] * 2,
        ("cpu", "float64", "finite differences"),
    ]
    assert str(found).endswith("all 6 passed")


def test_a_wrong_training_is_found(monkeypatch):
    def spoilt(population, *arguments, device, **options):
        history = original(population, *arguments, device=device, **options)
        if device == "cpu":
            population.parameters[0, 0] *= 1.01
        return history

    original = verification.fit
    monkeypatch.setattr(verification, "fit", spoilt)
    found = verify(cases=1)
    assert [check.against for check in found.checks if not check.passed] == ["reference"] * 2
    assert str(found).endswith("2 of 4 failed")


def test_a_wrong_gradient_is_found(monkeypatch):
    original = verification.gradient_rows
    monkeypatch.setattr(
        verification, "gradient_rows", lambda *args, **options: 1.001 * original(*args, **options)
    )
    failed = [check for check in verify(cases=1).checks if not check.passed]
    assert [check.against for check in failed] == ["finite differences"] * 2


def test_not_a_number_fails():
    check = Check("cpu", "lanes", "float32", "2-3-1 relu mse SGD", "reference", np.nan, 1e-3)
    assert not check.passed
    assert "FAILED" in str(Verification((check,), {"processor": "one"}))


def test_differences_are_relative_to_the_truths_size():
    truth = np.array([0.0, 1.0, 3.0])
    assert difference(truth, truth) == 0.0
    assert difference(truth + 0.1 * np.eye(3)[0], truth) == pytest.approx(0.1 / (4 / 3))

"""Small work, and less of it."""

import pytest

from bpfast.bench.sweeps import found, small_work


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(found, "LONG", 0.0)


def test_small_estimators_are_held_against_scikit_learn():
    fitted, predicted = small_work.small_estimators()
    ours, _, _, theirs, _ = fitted.words.split()
    assert fitted.value == pytest.approx(float(theirs) / float(ours), rel=0.1)
    assert predicted.value > 0


def test_populations_are_timed():
    fitted, predicted = small_work.small_populations()
    assert (fitted.unit, predicted.unit) == ("ms", "µs")


def test_drawing_is_held_against_an_epoch():
    (one,) = small_work.initial_weights(32)
    assert "32 x 64-64-10" in one.name
    assert one.value > 0

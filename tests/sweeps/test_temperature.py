"""Temperatures: what was made too sure is made less sure, and noise changes nothing."""

import numpy as np
import pytest

from bpfast.sweeps.temperature import RANGE, fit_temperature
from bpfast.tables.tempering import tempered

pytest.importorskip("scipy")


def drawn(kind, rows, seed=0):
    """Probabilities that are right, and what came true."""
    rng = np.random.default_rng(seed)
    logits = 1.5 * rng.normal(size=(rows, 3))
    if kind == "labels":
        probabilities = 1 / (1 + np.exp(-logits))
        return probabilities, (rng.random((rows, 3)) < probabilities).astype(float)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    cumulative = probabilities.cumsum(axis=1)
    return probabilities, (rng.random((rows, 1)) > cumulative).sum(axis=1).clip(max=2)


@pytest.mark.parametrize("kind", ["classes", "labels"])
@pytest.mark.parametrize("wrong", [0.5, 2.0])
def test_a_temperature_is_found_that_undoes_another(kind, wrong):
    probabilities, truth = drawn(kind, 4000)
    given = tempered(probabilities, wrong, kind == "labels").astype(np.float32)
    assert fit_temperature(given, truth, kind) == pytest.approx(1 / wrong, rel=0.1)


@pytest.mark.parametrize("kind", ["classes", "labels"])
@pytest.mark.parametrize("rows", [1, 20, 2000])
def test_what_is_calibrated_stays_as_it_is(kind, rows):
    """But for one in a hundred, by chance."""
    found = [fit_temperature(*drawn(kind, rows, seed), kind) for seed in range(20)]
    assert found.count(1.0) >= 18


def test_few_rows_are_no_reason():
    probabilities, truth = drawn("classes", 2000)
    given = tempered(probabilities, 0.7, False)
    assert fit_temperature(given[:10], truth[:10], "classes") == 1.0
    assert fit_temperature(given, truth, "classes") > 1.2


@pytest.mark.parametrize("kind", ["classes", "labels"])
def test_certain_probabilities_have_a_temperature(kind):
    """Of 0 and 1, right or wrong: a temperature changes nothing there."""
    given = np.tile(np.eye(2, dtype=np.float32), (50, 1))
    truth = given.argmax(axis=1) if kind == "classes" else given.copy()
    truth[:3] = 1 - truth[:3]
    assert fit_temperature(given, truth, kind) == 1.0
    given[3:] = 0.9 * given[3:] + 0.05
    assert RANGE[0] <= fit_temperature(given, truth, kind) <= RANGE[1]

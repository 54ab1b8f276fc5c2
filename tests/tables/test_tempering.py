"""Probabilities at a temperature."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpfast.tables.tempering import tempered

LOGITS = np.random.default_rng(0).normal(scale=3.0, size=(50, 4))


def softmax(logits):
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(logits):
    return 1.0 / (1.0 + np.exp(-logits))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 20.0))
def test_it_divides_logits(temperature):
    for link, labels in ((softmax, False), (sigmoid, True)):
        found = tempered(link(LOGITS), temperature, labels)
        assert_allclose(found, link(LOGITS / temperature), rtol=1e-6, atol=1e-12)


def test_at_1_all_stays_but_sums_that_rounding_has_left():
    labels = sigmoid(LOGITS)
    assert tempered(labels, 1.0, labels=True) is labels
    rounded = softmax(LOGITS).astype(np.float32).astype(np.float64)
    assert np.abs(rounded.sum(axis=1) - 1.0).max() > 1e-9
    found = tempered(rounded, 1.0, labels=False)
    assert_allclose(found.sum(axis=1), 1.0, rtol=1e-15)
    assert_allclose(found, rounded, rtol=1e-6)


def test_sure_ones_stay_sure():
    sure = np.array([[0.0, 1.0, 0.0], [1e-300, 0.6e-300, 1.0]])
    assert_allclose(tempered(sure, 0.01, labels=False), [[0, 1, 0], [0, 0, 1]])
    assert_array_equal(tempered(sure[:1], 5.0, labels=True), sure[:1])

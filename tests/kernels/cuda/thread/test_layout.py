"""Where a thread's numbers lie, and which networks have room there."""

import pytest

import bpfast as bp
from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda.thread.layout import Layer, refusal


def test_layers_follow_each_other():
    network = bp.MLP((2, 3, 4), bias=True).network
    first, last = Layer(network, 0), Layer(network, 1)
    assert vars(first) == {
        "d_in": 2, "d_out": 3, "weights": 0, "biases": 6, "values_in": 0, "values_out": 2,
    }  # fmt: skip
    assert vars(last) == {
        "d_in": 3, "d_out": 4, "weights": 9, "biases": 21, "values_in": 2, "values_out": 5,
    }  # fmt: skip


def test_moments_and_double_precision_take_registers():
    network, limits = bp.MLP((2, 7, 1)).network, device.SIMULATOR
    assert not refusal(network, "sgd", "float32", limits)
    assert refusal(network, "adam", "float32", limits).startswith("its numbers take 136 registers")
    assert "128" in refusal(network, "sgd", "float64", limits)

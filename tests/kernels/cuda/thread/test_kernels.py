"""Networks come into threads and go back, with all that their optimiser remembers."""

import numpy as np
import pytest
from thread_or_block import check_state_between_calls

import bpfast as bp

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import functions
from bpfast.kernels.cuda.thread import train_kernel

pytestmark = [pytest.mark.cuda_simulator, pytest.mark.gpu]


def momentum(learning_rate):
    return bp.SGD(learning_rate=learning_rate, momentum=0.9)


@pytest.mark.parametrize("optimizer", [bp.SGD, momentum, bp.Adam])
@pytest.mark.parametrize("folds", [1, 2])
def test_state_between_calls(forced, optimizer, folds):
    """With two folds some blocks have threads without a network, and some have nothing else."""
    options = {}
    if folds == 2:
        options["rows"] = [np.arange(7), np.array([5, 2, 3, 0])], np.array([0, 1, 1, 0])
    with forced("thread"):
        check_state_between_calls(optimizer, **options)


def test_an_architecture_has_one_kernel():
    def kernel(width, rule="sgd"):
        network = bp.MLP((3, width, 2), "tanh", "mse").network
        return train_kernel(network, functions.functions(network, rule, "float64"), 2)

    assert kernel(5) is kernel(5)
    assert len({kernel(5), kernel(6), kernel(5, "adam")}) == 3

"""Parameters in the host's memory and on a GPU, for which a stand-in copies and counts."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bpfast.training import parameters
from bpfast.training.parameters import Parameters

VALUES = np.arange(6.0).reshape(2, 3)


class OnGpu:
    """Rows on a GPU, as kernels make them."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values.copy(), values.shape, values.dtype
        self.copies = 0

    def to_host(self, out):
        out[...] = self.values
        self.copies += 1

    def take(self, networks):
        return OnGpu(self.values[networks])


@pytest.fixture(autouse=True)
def _gpu(monkeypatch):
    monkeypatch.setattr(parameters.dispatch, "to_device", lambda values, device: OnGpu(values))


def test_an_array_of_the_host_stays_where_it_is():
    array = VALUES.copy()
    storage = Parameters(array)
    assert storage.on_host() is array
    assert storage.readable("cpu") is storage.move("reference") is array
    assert storage.readable("cuda") is array  # reading moves nothing
    assert (storage.shape, storage.dtype) == ((2, 3), np.float64)


def test_parameters_move_to_a_gpu_and_back():
    storage = Parameters(VALUES.copy())
    on_gpu = storage.move("cuda")
    assert storage.move("cuda") is storage.readable("cuda") is on_gpu
    on_gpu.values[...] = 7.0
    host = storage.on_host()
    assert_array_equal(host, 7.0)
    host[...] = 8.0  # whose holder may write to it: a GPU gets a new copy
    assert_array_equal(storage.move("cuda").values, 8.0)


def test_while_a_training_writes_on_the_gpu_reading_leaves_them_there():
    storage = Parameters(VALUES.copy())
    on_gpu = storage.lend("cuda")
    for value in (1.0, 2.0):
        on_gpu.values[...] = value
        assert_array_equal(storage.on_host(), value)
    assert storage.readable("cuda") is on_gpu


def test_after_a_training_who_holds_the_array_finds_what_was_trained():
    storage = Parameters(VALUES.copy())
    held = storage.on_host()
    on_gpu = storage.lend("cuda")
    on_gpu.values[...] = 7.0
    storage.take_back("cuda")
    assert_array_equal(held, 7.0)


def test_after_a_training_nothing_is_copied_for_nobody():
    storage = Parameters(VALUES.copy())
    on_gpu = storage.lend("cuda")
    storage.take_back("cuda")
    assert on_gpu.copies == 0
    assert storage.readable("cuda") is on_gpu


@pytest.mark.parametrize("made", [Parameters, lambda values: Parameters(on_gpus=OnGpu(values))])
def test_some_are_copied_where_they_are(made):
    storage = made(VALUES.copy())
    some = storage.take(np.array([1]))
    assert isinstance(some.readable("cuda"), OnGpu) == isinstance(storage.readable("cuda"), OnGpu)
    some.on_host()[...] = -1.0
    assert_array_equal(storage.on_host(), VALUES)

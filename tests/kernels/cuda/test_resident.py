"""Networks that lie on GPUs."""

import numpy as np
import pytest

from bpfast.kernels import cuda
from bpfast.kernels.cuda import device
from bpfast.kernels.cuda.resident import Rows, padded, row_size

pytestmark = pytest.mark.cuda_simulator
FLOAT = 4


def test_rows_begin_at_whole_lines_of_caches():
    assert [row_size(size) for size in (1, 31, 32, 33)] == [32, 32, 32, 64]
    rows = cuda.place(np.ones((3, 5), np.float32))
    (part,) = rows.parts
    assert part.rows.strides == (32 * FLOAT, FLOAT)
    assert (part.rows[:, 5:].get() == 0).all()


@pytest.mark.parametrize("gpus", [1, 2, 3])
def test_rows_are_cut_over_gpus_and_come_back_in_their_order(monkeypatch, gpus):
    monkeypatch.setattr(device, "gpus", lambda: (0,) * gpus)
    parameters = np.arange(20.0).reshape(4, 5)
    rows = Rows.of(parameters)
    assert [part.networks.stop - part.networks.start for part in rows.parts] == {
        1: [4], 2: [2, 2], 3: [1, 1, 2],
    }[gpus]  # fmt: skip
    for chosen in ([1, 2], [3, 0]):
        taken, there = rows.take(np.array(chosen)), np.empty((2, 5))
        taken.to_host(there)
        np.testing.assert_array_equal(there, parameters[chosen])


def test_padding_is_zero():
    there = device.to_host(padded(device.to_device(np.ones((2, 3)))))
    np.testing.assert_array_equal(there[:, 3:], np.zeros((2, row_size(3) - 3)))

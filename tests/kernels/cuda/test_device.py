"""Arrays on a GPU, and copies of them on the host."""

import numpy as np
import pytest

from bpfast.kernels.cuda import device, simulator

pytestmark = pytest.mark.cuda_simulator
RNG = np.random.default_rng(0)


def test_what_numpy_repeats_is_copied_once():
    before = simulator.traffic.up
    there = device.to_device(np.broadcast_to(np.arange(3.0), (100, 3)))
    assert simulator.traffic.up == before + 3 * 8
    assert there.shape == (100, 3)
    np.testing.assert_array_equal(device.to_host(there)[7], np.arange(3.0))


@pytest.mark.parametrize("stage", [1, 8, 40, 1000])
def test_copies_come_in_loads(monkeypatch, stage):
    """Of any number of arrays, larger or smaller than a load, also into parts of arrays."""
    monkeypatch.setattr(device, "STAGE", stage)
    arrays = [RNG.normal(size=shape) for shape in ((3, 2), (1,), (0, 4), (5, 1, 2))]
    there = [np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan) for array in arrays]
    device.fetch(
        [
            (device.to_device(array), place[..., : array.shape[-1]])
            for array, place in zip(arrays, there, strict=True)
        ]
    )
    for array, place in zip(arrays, there, strict=True):
        np.testing.assert_array_equal(place[..., : array.shape[-1]], array)
        assert np.isnan(place[..., array.shape[-1] :]).all()


def test_the_host_waits_once_for_a_load():
    arrays = [simulator.zeros((4, 4)) for _ in range(9)]
    before = simulator.traffic.waits
    device.fetch([(array, np.empty((4, 4))) for array in arrays])
    assert simulator.traffic.waits == before + 1

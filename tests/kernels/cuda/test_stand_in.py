"""What a GPU that is not there has in common with one that is."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.bench import registers
from bpfast.kernels.cuda import device, simulator, stand_in

if device.simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)
pytest.importorskip("numba_cuda")


@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (1, 0), (0, 3), (1, 1)])
@pytest.mark.parametrize("repeated", [False, True])
def test_numba_takes_its_arrays_for_a_gpus(shape, repeated):
    """Kernels have other names for arrays of other types, and what NumPy repeats is read-only."""
    from numba.cuda.cudadrv.devicearray import DeviceNDArray
    from numba.cuda.typing.typeof import typeof

    memory = np.zeros(shape, np.float32)
    strides = memory.strides
    if repeated:
        memory = np.broadcast_to(np.float32(0), shape)
    with stand_in.gpu((9, 0)):
        there = DeviceNDArray(shape, strides, np.dtype(np.float32), gpu_data=object())
        handed = device.kernel_array(simulator.ascontiguousarray(simulator.ndarray(memory)))
    assert typeof(handed) == typeof(there)


def test_launches_know_their_types():
    (launch, *_) = registers.launches(registers.Case("thread", (1, 1, 1), bp.SGD()), (8, 0))
    assert launch.name() == "sum_batches"
    assert [str(given) for given in launch.types()][1:] == ["array(float32, 1d, C)"]
    assert "readonly" not in str(launch.types())

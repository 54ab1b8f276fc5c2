"""How kernels are compiled and launched, without a GPU."""

import subprocess
import sys
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from bpfast.bench import registers
from bpfast.kernels.cuda import compile, device, machine_code, simulator, stand_in

if device.simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)
pytest.importorskip("numba_cuda")


def test_a_launch_is_compiled_for_what_is_looked_at():
    for target in stand_in.TARGETS:
        kernel = compile.kernel(lambda x: None, 32, 2)
        with patch.object(compile.DiskCache, "load_overload", lambda *_: None):
            launched = registers.compiled(stand_in.Launch(kernel, 32, 0, (1,)), target)
        ptx = launched.inspect_asm(machine_code.target(target))
        assert f".target {machine_code.architecture(target)}\n" in ptx
        assert "minnctapersm 2" in ptx


def test_all_shared_memory_is_asked_for_once():
    driver = pytest.importorskip("cuda.bindings.driver")
    most = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    carveout = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT
    asked, answers = [], [driver.CUresult.CUDA_SUCCESS] * 4

    def set_attribute(*arguments):
        asked.append(arguments)
        return (answers[len(asked) - 1],)

    function = stand_in.Unloaded()
    kernel = SimpleNamespace(_codelibrary=SimpleNamespace(get_cufunc=lambda: function))
    with stand_in.gpu((9, 0)), patch.object(driver, "cuKernelSetAttribute", set_attribute):
        compile.ask_for_shared_memory(kernel, None)
        compile.ask_for_shared_memory(kernel, None)
        assert asked == [(most, 227 << 10, 0, 0), (carveout, 100, 0, 0)]

        function, answers[3] = stand_in.Unloaded(), driver.CUresult.CUDA_ERROR_INVALID_VALUE
        function.attrs = SimpleNamespace(shared=1 << 10)
        with pytest.raises(RuntimeError, match="CARVEOUT = 100: CUDA_ERROR_INVALID_VALUE"):
            compile.ask_for_shared_memory(kernel, None)
        assert asked[2] == (most, 226 << 10, 0, 0)


@pytest.mark.parametrize("sizes", [((1, 1 << 16), 32, 0), (1, 1025, 0), (1, 32, 232_449)])
def test_a_stand_in_refuses_sizes_that_no_gpu_takes(sizes):
    kernel = compile.kernel(lambda x: None, 32, 1)
    with (
        stand_in.gpu((9, 0)),
        pytest.raises(simulator.LaunchError, match="CUDA_ERROR_INVALID_VALUE"),
    ):
        compile.launch(kernel, *sizes, 1)


WITHOUT_ROW_STACK = """
import numpy
if hasattr(numpy, "row_stack"):
    del numpy.row_stack
from bpfast.kernels.cuda import compile
compile.kernel(lambda x: None, 32, 1)
import sys
assert "numba.cuda.np.arrayobj" in sys.modules
assert not hasattr(numpy, "row_stack")
"""


def test_numba_learns_functions_that_numpy_no_longer_has():
    """In a process of its own, which has not learnt them yet; NumPy stays as it was."""
    command = [sys.executable, "-W", "ignore", "-c", WITHOUT_ROW_STACK]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shared_memory", [0, 1])
def test_launches_of_one_kind_are_configured_once(shared_memory):
    """And Numba's hint at small grids, which belongs to its user, stays as it was."""
    from numba.cuda.core import config

    kernel = compile.kernel(lambda x: None, 32, 1)
    before, calls = config.CUDA_LOW_OCCUPANCY_WARNINGS, []
    with (
        stand_in.gpu((9, 0)),
        patch.object(type(kernel), "call", lambda _, given, configured: calls.append(configured)),
    ):
        for _ in range(3):
            compile.launch(kernel, 2, 32, shared_memory, 1)
    assert before == config.CUDA_LOW_OCCUPANCY_WARNINGS
    assert calls[0] is calls[1] is calls[2]
    asks = [compile.ask_for_shared_memory] if shared_memory else []
    assert calls[0].pre_launch_callbacks == asks

"""What takes CuPy's place in the simulator is no kinder than CuPy, and has nothing of its own."""

import numpy as np
import pytest

from bpfast.kernels.cuda import device, simulator
from bpfast.kernels.cuda.compile import kernel, launch

pytestmark = pytest.mark.cuda_simulator
HOST = np.ones(3)


@pytest.fixture
def array():
    return simulator.array(HOST)


def test_all_that_it_has_is_cupys():
    cupy, cupyx = pytest.importorskip("cupy"), pytest.importorskip("cupyx")
    assert all(hasattr(cupy, name) for name in (*simulator.FUNCTIONS, "array"))
    assert hasattr(cupyx, "empty_pinned")
    for own, real in (
        (simulator.ndarray, cupy.ndarray),
        (simulator.Stream, cupy.cuda.Stream),
        (simulator.Event, cupy.cuda.Event),
        (simulator.Graph, cupy.cuda.Graph),
    ):
        assert {name for name in vars(own) if name[0] != "_"} <= set(dir(real)), own
    assert set(vars(simulator.cuda)) <= set(dir(cupy.cuda))


@pytest.mark.parametrize(
    "mix",
    [
        np.asarray,
        lambda array: array + HOST,
        lambda array: array[np.array([0, 1])],
        lambda array: array.__setitem__(slice(None), HOST),
        lambda array: simulator.concatenate([array, HOST]),
        lambda array: simulator.where(array > 0.0, HOST, array),
    ],
)
def test_nothing_crosses_unasked(mix, array):
    with pytest.raises(TypeError, match=r"implicit conversion|lies on the host"):
        mix(array)


REFUSED = {
    "a copy up": lambda array: simulator.array(HOST),
    "a copy down": lambda array: array.get(),
    "memory": lambda array: simulator.zeros(3),
    "arithmetic": lambda array: array + 1.0,
    "assignment": lambda array: array.__setitem__(0, 1.0),
    "a wait": lambda array: simulator.cuda.get_current_stream().synchronize(),
    "a wait for an event": lambda array: simulator.Event().synchronize(),
    "a graph": lambda array: simulator.Graph([]).launch(),
    "a capture": lambda array: simulator.cuda.get_current_stream().begin_capture(),
}


@pytest.mark.parametrize("what", REFUSED.values(), ids=REFUSED)
def test_a_capture_refuses_all_but_kernels(what, array):
    """And ends, whatever fails, with what failed first; the next one works."""
    with device.own_stream():
        with pytest.raises(device.GraphError, match="could not be recorded") as caught:
            device.record(lambda: what(array))
        assert isinstance(caught.value.__cause__, simulator.CaptureError)
        assert not simulator.cuda.get_current_stream().is_capturing()
        device.record(lambda: None).launch()


def test_the_default_stream_is_not_captured():
    with pytest.raises(simulator.CaptureError, match="default stream"):
        device.record(lambda: None)


def test_an_interrupt_ends_a_capture_and_goes_on():
    def interrupted():
        raise KeyboardInterrupt

    with device.own_stream():
        with pytest.raises(KeyboardInterrupt):
            device.record(interrupted)
        assert not simulator.cuda.get_current_stream().is_capturing()


def test_kernels_are_recorded_and_replayed(array):
    """Nothing runs while it is recorded; a kernel that was not loaded before cannot be."""

    def double(values):
        for k in range(values.size):
            values[k] *= 2.0

    made = kernel(double, 1, 1)
    given = device.kernel_array(array)

    def work():
        launch(made, 1, 1, 0, given)
        launch(made, 1, 1, 0, given)

    with device.own_stream():
        with pytest.raises(device.GraphError, match="first launch"):
            device.record(work)
        launch(made, 1, 1, 0, given)
        before = simulator.Traffic(**vars(simulator.traffic))
        graph = device.record(work)
        assert array.get().tolist() == [2.0] * 3
        graph.launch()
        graph.launch()
    found = simulator.traffic.since(before)
    assert array.get().tolist() == [32.0] * 3
    assert (found.launches, found.replays) == (4, 2)


@pytest.mark.parametrize(
    "sizes",
    [
        (0, 1, 0),
        ((1, 0), 1, 0),
        ((1, 1 << 16), 1, 0),
        ((1, 1, 1 << 16), 1, 0),
        (1, 0, 0),
        (1, 1025, 0),
        (1, (32, 33), 0),
        (1, (1, 1, 65), 0),
        (1, 1, (227 << 10) + 1),
    ],
)
def test_sizes_that_no_gpu_takes_are_refused(sizes, array):
    made = kernel(lambda values: None, 1, 1)
    with pytest.raises(simulator.LaunchError, match="CUDA_ERROR_INVALID_VALUE"):
        launch(made, *sizes, device.kernel_array(array))


def test_a_kernel_keeps_the_shared_memory_that_its_first_launch_asked_for():
    """As on a GPU, where a limit that a test lowers would outlast the test."""
    driver = simulator.Launches()
    driver.check("kernel", 1, 1, 2000, most=2048)
    driver.check("kernel", 1, 1, 0, most=2048)
    with pytest.raises(simulator.LaunchError, match="4096 bytes of shared memory, and 2048"):
        driver.check("kernel", 1, 1, 4096, most=227 << 10)
    driver.check("another kernel", 1, 1, 4096, most=227 << 10)

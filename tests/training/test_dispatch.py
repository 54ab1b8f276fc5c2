"""Which device and which kernel: choices, reasons, the environment, and what is said of it."""

import logging
import os
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bpfast as bp
from bpfast.kernels import cpu, cuda

X, Y = np.ones((4, 3)), np.ones((4, 2))
MLP = bp.MLP((3, 4, 2))
TINY, LARGE = bp.MLP((2, 3, 1)), bp.MLP((100, 100, 10))
HAS_CUDA = bp.devices()["cuda"].startswith("usable")
without_cuda = pytest.mark.skipif(HAS_CUDA, reason="a GPU is here")


@pytest.fixture(autouse=True)
def _no_wish_of_the_environment(monkeypatch):
    monkeypatch.delenv("BPFAST_DEVICE", raising=False)


def population(n=4, mlp=MLP):
    return bp.Population(mlp, n)


def fit(device="auto"):
    return bp.fit(population(), X, Y, bp.SGD(), epochs=2, device=device, progress=False)


# --- strategies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2, 64])
@pytest.mark.parametrize(
    ("mlp", "n", "batch_size", "strategy"),
    [
        (TINY, 1, 1, "lanes"),
        (TINY, 10**6, 64, "lanes"),
        (LARGE, 1000, 8, "tiles"),
        (LARGE, 1000, 64, "tiles"),
        (LARGE, 1000, 10**6, "tiles"),
        (TINY, 1000, 10**6, "tiles"),
    ],
)
def test_many_networks_have_a_thread_each(mlp, n, batch_size, strategy, threads, monkeypatch):
    monkeypatch.setattr(cpu, "thread_count", lambda: threads)
    plan = bp.dispatch.choose(mlp, n, batch_size, "cpu")
    assert (plan.device, plan.strategy) == ("cpu", strategy)


@pytest.mark.parametrize(
    ("n", "batch_size", "threads", "strategy"),
    [
        (1, 10**4, 8, "large batch"),
        (7, 10**4, 8, "large batch"),
        (8, 10**4, 8, "tiles"),
        (1, 10**4, 1, "tiles"),
        (1, cpu.SLICE, 8, "tiles"),
        (1, cpu.SLICE + 1, 8, "large batch"),
    ],
)
def test_a_large_batch_is_cut_where_networks_are_too_few(
    n, batch_size, threads, strategy, monkeypatch
):
    monkeypatch.setattr(cpu, "thread_count", lambda: threads)
    assert bp.dispatch.choose(LARGE, n, batch_size, "cpu").strategy == strategy


@pytest.mark.parametrize(
    ("mlp", "n", "batch_size", "words"),
    [
        (TINY, 9, 4, "13 parameters"),
        (LARGE, 9, 4, "9 networks for 3 threads: one network a thread"),
        (LARGE, 1, 5000, "each batch of 5000 is cut over threads"),
    ],
)
def test_a_plan_says_why(mlp, n, batch_size, words, monkeypatch):
    monkeypatch.setattr(cpu, "thread_count", lambda: 3)
    plan = bp.dispatch.choose(mlp, n, batch_size, "cpu")
    assert words in plan.reason
    assert str(plan) == f"cpu, {plan.strategy}: {plan.reason}"


def test_the_reference_is_for_who_asks():
    plan = bp.dispatch.choose(TINY, 1000, 64, "reference")
    assert (plan.device, plan.strategy) == ("reference", "one by one")
    assert bp.dispatch.choose(TINY, 1000, 64).device != "reference"


def test_a_history_holds_the_plan():
    assert fit("reference").plan == bp.dispatch.choose(MLP, 4, 4, "reference")
    assert fit("cpu").plan == bp.dispatch.choose(MLP, 4, 4, "cpu")  # of 4 samples, not of 64


@pytest.mark.parametrize(
    ("batch_size", "refused", "strategy", "words"),
    [
        (64, (), "thread", "one network a thread"),
        (64, ("thread",), "block", "not thread: too big"),
        (64, ("thread", "block"), "large batch", "not block: too big"),
        (4097, (), "block", "not thread: 4097 samples a batch are too many"),
        (10**7, (), "large batch", "parameters times samples a step are too many for one block"),
    ],
)
def test_a_gpu_takes_the_first_kernel_that_can(batch_size, refused, strategy, words, monkeypatch):
    monkeypatch.setattr(cuda.device, "problem", lambda: "")
    monkeypatch.setattr(cuda, "refusal", lambda name, *_: "too big" if name in refused else "")
    plan = bp.dispatch.choose(TINY, 1000, batch_size, "cuda")
    assert (plan.device, plan.strategy) == ("cuda", strategy)
    assert words in plan.reason
    assert plan == bp.dispatch.choose(TINY, 1, batch_size, "cuda")  # bits do not depend on n


def test_a_gpu_is_told_what_the_optimizer_keeps(monkeypatch):
    asked = []
    monkeypatch.setattr(cuda.device, "problem", lambda: "")
    monkeypatch.setattr(cuda, "refusal", lambda *given: asked.append(given) or "")
    bp.dispatch.choose(TINY, 1, 1, "cuda", "adam", "float64")
    assert asked == [("thread", TINY.network, "adam", "float64")]


# --- devices --------------------------------------------------------------------------------------


def test_devices_say_what_they_are():
    devices = bp.devices()
    assert set(devices) == {"reference", "cpu", "cuda"}
    for name in ("reference", "cpu"):
        assert devices[name].startswith("usable: ")
    assert f"{cpu.thread_count()} threads" in devices["cpu"]
    assert all(strategy in devices["cpu"] for strategy in ("lanes", "tiles", "large batch"))
    assert devices["cuda"].startswith(("usable: ", "not usable: "))


def test_auto_takes_what_is_usable():
    assert fit("auto").plan.device == ("cuda" if HAS_CUDA else "cpu")


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_the_environment_chooses_where_nobody_else_does(device, monkeypatch):
    monkeypatch.setenv("BPFAST_DEVICE", device)
    assert fit("auto").plan.device == device
    assert fit("cpu").plan.device == "cpu"
    assert fit("reference").plan.device == "reference"


def test_the_environment_may_choose_auto(monkeypatch):
    monkeypatch.setenv("BPFAST_DEVICE", "auto")
    assert fit("auto").plan.device == ("cuda" if HAS_CUDA else "cpu")


def test_predictions_and_gradients_follow_the_environment(monkeypatch):
    networks = population()
    networks.weights[0][...] *= 1 + 1e-3
    expected = networks.predict(X, device="reference")
    monkeypatch.setenv("BPFAST_DEVICE", "reference")
    predictions = networks.predict(X)
    assert predictions.dtype == np.float64  # the reference's own
    assert_allclose(predictions, expected, rtol=0)
    assert bp.gradients(networks, X, Y)[0].dtype == np.float64


CALLS = {
    "fit": fit,
    "predict": lambda device="auto": population().predict(X, device=device),
    "gradients": lambda device="auto": bp.gradients(population(), X, Y, device=device),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@every_call
@pytest.mark.parametrize("device", ["gpu", "CPU", "cuda:0", "", " cpu", None, 0, ["cpu"]])
def test_unknown_devices_are_refused_in_words(call, device):
    with pytest.raises(ValueError, match="is not known: choose from auto, cpu, cuda, reference"):
        call(device)


@every_call
def test_an_unknown_device_of_the_environment_is_refused_in_words(call, monkeypatch):
    monkeypatch.setenv("BPFAST_DEVICE", "gpu")
    words = "BPFAST_DEVICE='gpu' is not known: choose from auto, cpu, cuda, reference"
    with pytest.raises(ValueError, match=words):
        call()


@without_cuda
@every_call
def test_a_gpu_that_is_not_there_is_an_error_and_no_fall_back(call, monkeypatch):
    words = r"device 'cuda' cannot be used: .*; use 'cpu' or 'auto'"
    with pytest.raises(bp.DeviceError, match=words):
        call("cuda")
    monkeypatch.setenv("BPFAST_DEVICE", "cuda")
    with pytest.raises(bp.DeviceError, match=words):
        call()
    assert issubclass(bp.DeviceError, RuntimeError)


@without_cuda
@every_call
def test_falling_back_is_said_once_with_its_reason(call, caplog):
    reason = bp.devices()["cuda"].removeprefix("not usable: ")
    with caplog.at_level(logging.INFO, logger="bpfast"):
        call()
        (record,) = caplog.records
        assert record.name == "bpfast"
        assert "falls back to the CPU" in record.message
        assert reason in record.message
        call()
        assert len(caplog.records) == 2


def _raises(error):
    def call(*_):
        raise error

    return call


def _cupy(get_device_count):
    """A stand-in for CuPy on a machine where counting GPUs does this."""
    module = ModuleType("cupy")
    module.cuda = SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=get_device_count))
    return module


class _Broken:
    """Stands among the finders of modules; CuPy's import fails in its own way."""

    def __init__(self, error):
        self.error = error

    def find_spec(self, name, path=None, target=None):
        if name == "cupy":
            raise self.error


OLD = RuntimeError("cudaErrorInsufficientDriver: CUDA driver version is insufficient")
NONE = RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")
MISMATCH = RuntimeError("cudaErrorSystemDriverMismatch: system has unsupported display driver")
FAILURES = {
    "no CuPy": (None, r'cupy is not installed: pip install "bpfast\[cuda\]"'),
    "no driver": (_cupy(_raises(OLD)), r"NVIDIA's driver is missing, .*CUDA driver version"),
    "no device": (_cupy(_raises(NONE)), "the driver finds no GPU .*cudaErrorNoDevice"),
    "no device, said by a number": (_cupy(lambda: 0), "the driver finds no GPU"),
    "broken driver": (_cupy(_raises(MISMATCH)), "CUDA does not start .*unsupported display driver"),
    "broken beyond CUDA": (_cupy(_raises(OSError("libcuda.so"))), r"OSError: libcuda\.so"),
    "broken CuPy": (_Broken(ImportError("libcudart.so.13: no such file")), r"libcudart\.so\.13"),
}


@pytest.fixture
def another_machine():
    """What was found out about CUDA is forgotten, before and after."""
    cuda.device.problem.cache_clear()
    yield
    cuda.device.problem.cache_clear()


@pytest.fixture(params=FAILURES.values(), ids=FAILURES)
def failure(request, monkeypatch, another_machine):
    """Words for why CUDA cannot be used, where it cannot."""
    stand_in, words = request.param
    monkeypatch.setattr(cuda.device, "simulated", lambda: False)
    monkeypatch.setitem(sys.modules, "numba_cuda", ModuleType("numba_cuda"))
    if isinstance(stand_in, _Broken):
        monkeypatch.delitem(sys.modules, "cupy", raising=False)
        monkeypatch.setattr(sys, "meta_path", [stand_in, *sys.meta_path])
    else:
        monkeypatch.setitem(sys.modules, "cupy", stand_in)
    return words


def test_why_cuda_cannot_be_used_is_said(failure, caplog):
    words = bp.devices()["cuda"]
    assert words.startswith("not usable: ")
    assert "\n" not in words
    with pytest.raises(bp.DeviceError, match=f"'cuda' cannot be used: .*{failure}"):
        fit("cuda")
    with caplog.at_level(logging.INFO, logger="bpfast"):
        assert fit("auto").plan.device == "cpu"
    (record,) = caplog.records
    assert words.removeprefix("not usable: ") in record.message


@pytest.mark.usefixtures("another_machine")
def test_cupy_is_looked_for_once(monkeypatch):
    asked = []
    monkeypatch.setattr(cuda.device, "simulated", lambda: False)
    monkeypatch.setitem(sys.modules, "numba_cuda", ModuleType("numba_cuda"))
    monkeypatch.setitem(sys.modules, "cupy", _cupy(lambda: asked.append(True) or 0))
    for _ in range(2):
        assert bp.dispatch.resolve_device("auto") == "cpu"
    assert len(asked) == 1


@pytest.mark.usefixtures("another_machine")
def test_numba_cuda_is_missed_in_words(monkeypatch):
    monkeypatch.setattr(cuda.device, "simulated", lambda: False)
    monkeypatch.setitem(sys.modules, "cupy", _cupy(lambda: 1))
    monkeypatch.setitem(sys.modules, "numba_cuda", None)
    assert bp.devices()["cuda"].startswith("not usable: numba_cuda is not installed: pip install")


@pytest.mark.parametrize("error", ["ImportError", "SystemError"])
def test_a_broken_cupy_breaks_no_import(error, tmp_path):
    (tmp_path / "cupy.py").write_text(f"raise {error}('half installed')", encoding="utf-8")
    code = "import bpfast, sys; assert 'cupy' not in sys.modules; print(bpfast.devices()['cuda'])"
    # the folder that the code runs in is searched first
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "NUMBA_ENABLE_CUDASIM"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout == f"not usable: CUDA does not start ({error}: half installed)\n"


@every_call
@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_who_chooses_hears_nothing(call, device, caplog, monkeypatch):
    with caplog.at_level(logging.INFO, logger="bpfast"):
        call(device)
        monkeypatch.setenv("BPFAST_DEVICE", device)
        call()
    assert not caplog.records

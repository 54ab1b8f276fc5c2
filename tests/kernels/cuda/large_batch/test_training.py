"""Graphs of a training: what fails in one, and how long they live."""

import gc
from unittest.mock import patch

import numpy as np
import pytest
from large_fits import assert_same, trained, training

from bpfast.kernels.cuda import device, simulator

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import compile, large_batch
from bpfast.kernels.cuda.large_batch import layers

on_a_gpu_too = {"marks": pytest.mark.gpu}


def copy_up():
    device.to_device(np.zeros(3))


def copy_down():
    device.to_host(device.array_module().zeros(3))


def load_a_kernel():
    def test_unseen(x):
        x[0] = 1.0

    there = device.kernel_array(device.array_module().empty(1))
    compile.launch(compile.kernel(test_unseen, 32, 1), 1, 1, 0, there)


def fail():
    raise RuntimeError("a driver's own")


@pytest.mark.cuda_simulator
@pytest.mark.parametrize(
    "what",
    [
        copy_up,
        load_a_kernel,
        pytest.param(copy_down, **on_a_gpu_too),
        pytest.param(fail, **on_a_gpu_too),
    ],
)
def test_a_graph_that_fails_ends_cleanly(what, monkeypatch):
    """What fails is told, and the next fit is none the wiser."""
    expected = trained()
    compute_loss = layers.Layers.compute_loss

    def failing(self, rows):
        if device.array_module().cuda.get_current_stream().is_capturing():
            what()
        compute_loss(self, rows)

    with patch.object(layers.Layers, "compute_loss", failing):
        with pytest.raises(device.GraphError) as raised:
            trained()
        assert str(raised.value.__cause__) in str(raised.value)
    assert_same(trained(), expected)


@pytest.mark.cuda_simulator
@pytest.mark.gpu
def test_graphs_live_as_long_as_a_training():
    """They are recorded once, and again only when most networks have ended."""
    recorded = []
    record = device.record

    def counting(work):
        recorded.append(work)
        return record(work)

    with patch.object(device, "record", counting), training() as fit:
        fit.advance(1)
        once = len(recorded)
        fit.advance(2)
        fit.set_learning_rate(0.01)
        fit.drop(np.array([1, 2]))
        fit.advance(3)
        assert len(recorded) == once > 0
        fit.drop(np.array([3]))
        fit.advance()
        assert len(recorded) == 2 * once


@pytest.mark.cuda_simulator
@pytest.mark.gpu
def test_a_training_is_gone_with_its_fit():
    """Nothing waits for Python's collector of circles, which knows of no GPU's memory."""
    gone = []

    class Watched(large_batch.Training):
        def __del__(self):
            gone.append(True)

    gc.disable()
    try:
        with patch.object(large_batch, "Training", Watched):
            trained()
        assert gone
    finally:
        gc.enable()


@pytest.mark.cuda_simulator
def test_launches_of_a_step(monkeypatch):
    """Each layer has one forward and one backward, all gradients together have one or two."""

    def launches(epochs, batch_size):
        with training(epochs=epochs, batch_size=batch_size, shuffle=False, record="last") as fit:
            before = vars(simulator.traffic).copy()
            fit.advance()
            return simulator.traffic.since(simulator.Traffic(**before))

    def of_an_epoch(batch_size):
        few, many = launches(2, batch_size), launches(3, batch_size)
        assert many.replays == few.replays + 1
        assert (many.waits, many.up) == (few.waits, few.up)
        return many.launches - few.launches

    between_epochs = 2  # their begin and their end
    one_step, three_steps = (of_an_epoch(batch_size) for batch_size in (11, 4))
    tiles = 2  # of layers with 4 and with 2 outputs
    step = 1 + 2 + 1 + 1 + tiles + 3  # samples, forward, loss, backward, gradients, update
    assert one_step == step + between_epochs
    assert three_steps == 3 * step + between_epochs


@pytest.mark.cuda_simulator
def test_padding_stays_zero():
    with training() as fit:
        fit.advance(2)
        task = fit.resident.placed.shares[0].task
        size = task.network.n_parameters
        for array in (task.state.parameters, task.state.moments):
            assert array.shape[-1] > size
            assert (device.to_host(array)[..., size:] == 0).all()
            assert (device.to_host(array)[..., :size] != 0).any()

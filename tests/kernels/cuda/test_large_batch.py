"""Large batch: what its bits must not depend on, and its graphs."""

import gc
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.kernels import cuda
from bpfast.kernels.cuda import device, simulator

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import compile, large_batch
from bpfast.kernels.cuda.large_batch import batches, layers, layout
from bpfast.kernels.cuda.large_batch import training as large_training
from bpfast.kernels.task import Samples

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(11, 3)), RNG.normal(size=(11, 2))
FOLDS = [np.arange(11), np.arange(3, 9)]
N = 3
RATES = np.geomspace(0.01, 0.1, N)


@pytest.fixture(autouse=True)
def _large_batch(monkeypatch):
    def choose(mlp, n, batch_size, device, *of_the_optimizer):
        return bp.dispatch.Plan("large batch", "cuda", "a test")

    monkeypatch.setattr(bp.dispatch, "choose", choose)


def trained(networks=range(N), epochs=1):
    """Everything that a training of some networks comes to."""
    networks = list(networks)
    population = bp.Population(bp.MLP((3, 4, 2), "tanh", "mse"), N, init="torch")[networks]
    history = bp.fit(
        population,
        X,
        Y,
        bp.Adam(learning_rate=RATES[networks], clip_norm=1.0),
        batch_size=4,
        rows=(FOLDS, np.array([0, 1, 0])[networks]),
        dropout=0.2,
        validation=(X[:5], Y[:5]),
        progress=False,
        epochs=epochs,
    )
    return population.parameters, history.loss, history.validation_loss


def assert_same(some, others, networks=slice(None)):
    for one, other in zip(some, others, strict=True):
        assert_array_equal(one, other[networks])


@pytest.mark.cuda_simulator
@pytest.mark.gpu
class TestBits:
    """They do not depend on how much is done at a time."""

    def test_of_how_many_networks_and_where(self):
        expected = trained()
        assert_same(trained([1]), expected, [1])
        assert_same(trained([2, 0]), expected, [2, 0])

    def test_of_how_many_gpus(self, monkeypatch):
        expected = trained()
        monkeypatch.setattr(cuda.device, "numbers", lambda: (0, 0, 0))
        assert_same(trained(), expected)

    def test_of_memory(self, monkeypatch):
        expected = trained()
        monkeypatch.setattr(large_batch, "MEMORY_SHARE", 0.0)
        assert_same(trained(), expected)

    def test_of_how_many_steps_a_graph_has(self, monkeypatch):
        expected = trained()
        monkeypatch.setattr(large_training, "MOST_STEPS", 2)  # of three
        assert_same(trained(), expected)

    def test_of_how_many_epochs_a_call_has(self, monkeypatch):
        expected = trained(epochs=2)
        monkeypatch.setattr(bp.orders, "ORDER_ROWS", 1)
        assert_same(trained(epochs=2), expected)


@pytest.mark.cuda_simulator
@pytest.mark.gpu
def test_what_was_trained_so_far_is_kept_when_something_fails():
    population = bp.Population(bp.MLP((3, 4, 2), "tanh", "mse"), 2, init="torch")
    before = population.parameters.copy()

    def fail(progress):
        raise RuntimeError("a user's own")

    with pytest.raises(RuntimeError, match="a user's own"):
        bp.fit(population, X, Y, bp.SGD(), epochs=1, progress=fail)
    assert (population.parameters != before).any(axis=1).all()


@pytest.mark.cuda_simulator
@pytest.mark.gpu
def test_samples_are_taken_in_chunks(monkeypatch):
    population = bp.Population(bp.MLP((3, 4, 2), "tanh", "cross_entropy"), 2, init="torch")
    y = np.arange(11) % 2
    loss, weights, biases = bp.gradients(population, X, y)
    predictions = population.predict(X)
    for module in (batches, large_batch, large_training):
        monkeypatch.setattr(module, "CHUNK", 4)
    again, *gradients = bp.gradients(population, X, y)
    assert_allclose(again, loss, rtol=1e-6)
    for some, others in zip(gradients, (weights, biases), strict=True):
        for one, other in zip(some, others, strict=True):
            assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert_array_equal(population.predict(X), predictions)


# --- gradients ------------------------------------------------------------------------------------


@pytest.mark.cuda_simulator
@pytest.mark.gpu
@pytest.mark.parametrize(("pieces", "more"), [(0, 3), (1, 0), (1, 1), (2, 3)])
def test_gradients_of_long_batches_are_added_up_in_pieces(pieces, more):
    """Pieces are those of the rows by themselves, added up in their order."""
    rows = pieces * layout.PIECE_ROWS + more
    network = bp.MLP((3, 2), loss="half_squared_error").network
    parameters = RNG.normal(size=(2, network.n_parameters))
    x, t = RNG.normal(size=(rows, 3)), RNG.normal(size=(rows, 2))

    def gradients(part, total):
        weights = np.full(part.stop - part.start, 1.0)
        samples = (x[part], t[part], weights)
        losses, results = large_batch.gradients(
            network, cuda.place(parameters).parts[0].rows, Samples(*map(device.to_device, samples))
        )
        results = device.to_host(results) * (len(weights) / total)
        assert (results[:, network.n_parameters :] == 0).all()
        return device.to_host(losses), results

    _, whole = gradients(slice(0, rows), rows)
    cuts = [*range(0, rows, layout.PIECE_ROWS), rows]
    parts = [gradients(slice(*cut), rows)[1] for cut in pairwise(cuts)]
    assert_allclose(whole, sum(parts), rtol=1e-12, atol=1e-15)
    assert layout.pieces(rows) == len(parts)


# --- graphs ---------------------------------------------------------------------------------------


def training(n=4, **options):
    """A training that has not begun; it scores one epoch of four."""
    population = bp.Population(bp.MLP((3, 4, 2), "tanh", "mse"), n, init="torch")
    options = {"epochs": 4, "batch_size": 4, "record": 4, "device": "cuda"} | options
    return bp.Training(population, X, Y, bp.Adam(), validation=(X[:5], Y[:5]), **options)


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


on_a_gpu_too = {"marks": pytest.mark.gpu}


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
        task = fit._placed.shares[0].task
        size = task.network.n_parameters
        for array in (task.state.parameters, task.state.moments):
            assert array.shape[-1] > size
            assert (device.to_host(array)[..., size:] == 0).all()
            assert (device.to_host(array)[..., :size] != 0).any()


@pytest.mark.cuda_simulator
@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")
def test_what_is_not_finite_is_taken_back():
    """Parameters are moved first, and those of a network that diverges are moved back."""
    population = bp.Population(bp.MLP((3, 2), loss="half_squared_error"), 3, init="torch")
    before = population.parameters.copy()
    rates = np.array([0.01, 1e39, 0.01])  # infinite in float32
    history = bp.fit(population, X, Y, bp.SGD(learning_rate=rates), epochs=2, progress=False)
    assert_array_equal(history.diverged, [False, True, False])
    assert_array_equal(population.parameters[1], before[1])
    assert (population.parameters[[0, 2]] != before[[0, 2]]).any(axis=1).all()


@pytest.mark.cuda_simulator
@pytest.mark.gpu
def test_networks_that_stop_unscored_are_scored_in_the_end():
    scores = {}
    for where in ("cuda", "reference"):
        plan = bp.dispatch.Plan("large batch" if where == "cuda" else "", where, "a test")
        with (
            patch.object(bp.dispatch, "choose", lambda *_, plan=plan, **__: plan),
            training(tol=np.array([1e9, 0.0, 0.0, 0.0])) as fit,
        ):
            fit.advance()
            scores[where] = fit.history().validation_loss
    assert np.isfinite(scores["cuda"]).all()
    assert_allclose(scores["cuda"], scores["reference"], rtol=1e-5)

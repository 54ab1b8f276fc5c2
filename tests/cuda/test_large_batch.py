"""Large batch: what its bits must not depend on, and its products as cuBLAS is asked for them."""

import ctypes
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.kernels import cuda

large_batch = pytest.importorskip("bpfast.kernels.cuda.large_batch")
product = pytest.importorskip("bpfast.kernels.cuda.product")

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
        monkeypatch.setattr(large_batch, "MOST_PRODUCTS", 1)
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
    monkeypatch.setattr(large_batch, "CHUNK", 4)
    again, *gradients = bp.gradients(population, X, y)
    assert_allclose(again, loss, rtol=1e-6)
    for some, others in zip(gradients, (weights, biases), strict=True):
        for one, other in zip(some, others, strict=True):
            assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert_array_equal(population.predict(X), predictions)


# --- products, with a stand-in for cuBLAS ---------------------------------------------------------


class Blas:
    """What cuBLAS does with pointers to matrices by columns, on the host."""

    def sgemm(self, *arguments):
        self._gemm(ctypes.c_float, *arguments)

    def dgemm(self, *arguments):
        self._gemm(ctypes.c_double, *arguments)

    def _gemm(self, real, handle, how_a, how_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc):
        def matrix(pointer, rows, columns, step):
            assert step >= rows  # as cuBLAS asks for
            memory = (real * ((columns - 1) * step + rows)).from_address(pointer)
            flat = np.ctypeslib.as_array(memory)
            item = flat.itemsize
            return np.lib.stride_tricks.as_strided(flat, (rows, columns), (item, step * item))

        def operand(pointer, how, rows, columns, step):
            return (
                matrix(pointer, columns, rows, step).T
                if how
                else matrix(pointer, rows, columns, step)
            )

        number = (real * 1).from_address
        result = number(alpha)[0] * (operand(a, how_a, m, k, lda) @ operand(b, how_b, k, n, ldb))
        place = matrix(c, m, n, ldc)
        place[...] = result + (number(beta)[0] * place if number(beta)[0] else 0.0)


def on_gpu(array):
    """As CuPy has it."""
    return SimpleNamespace(
        shape=array.shape,
        strides=array.strides,
        itemsize=array.itemsize,
        dtype=array.dtype,
        data=SimpleNamespace(ptr=array.ctypes.data),
        kept=array,
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 5])
@pytest.mark.parametrize("d_in", [1, 3])
@pytest.mark.parametrize("d_out", [1, 4])
def test_cublas_is_asked_for_the_products_of_a_layer(dtype, rows, d_in, d_out):
    rng = np.random.default_rng(0)
    x, d = (
        rng.normal(size=(rows, d_in + 1)).astype(dtype),
        rng.normal(size=(rows, d_out)).astype(dtype),
    )
    w = rng.normal(size=(d_in + 1, d_out)).astype(dtype)
    for a, b in ((x, w), (x.T, d), (d, w[:d_in].T)):
        out = np.full((a.shape[0], b.shape[1]), np.nan, dtype)
        product.gemm(Blas(), 0, on_gpu(a), on_gpu(b), on_gpu(out))
        assert_allclose(out, a @ b, rtol=1e-5, atol=1e-6)

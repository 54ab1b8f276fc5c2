"""The block's product against NumPy's: any sizes, each form of factors, either dtype."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from numba import cuda

from bpfast.kernels.cuda import compile
from bpfast.kernels.cuda.large_batch import product
from bpfast.kernels.cuda.large_batch.gradient import BACKWARD, FORWARD, GRADIENT

RNG = np.random.default_rng(3)


def multiplied(form, x, y, tile):
    """``x @ y``, a tile a block, and the totals of y's columns if the form has them."""
    (height, depth), width = x.shape, y.shape[1]
    dtype = x.dtype
    multiply = product.multiply(tile, dtype.name, form)
    tall, wide, stride = tile.height, tile.width, tile.right_step
    alignment, threads = product.ALIGNMENT, product.THREADS
    left_along, right_along = form.left_along, form.right_along

    def test_product(x, y, out, totals, height, width, depth):
        shared = cuda.shared.array(0, dtype, alignment=alignment)
        row, column = cuda.blockIdx.x * tall, cuda.blockIdx.y * wide
        left = product.Factor(
            x,
            np.uint64(row * depth if left_along else row),
            np.uint64(depth if left_along else height),
            height - row,
        )
        right = product.Factor(
            y,
            np.uint64(column * depth if right_along else column),
            np.uint64(depth if right_along else width),
            width - column,
        )
        total = multiply(shared, left, right, 0, depth)
        for q in range(cuda.threadIdx.x, tall * wide, threads):
            r, c = q // wide, q % wide
            if row + r < height and column + c < width:
                out[row + r, column + c] = shared[r * stride + c]
        if row == 0 and cuda.threadIdx.x < min(wide, width - column):
            totals[column + cuda.threadIdx.x] = total

    out, totals = (np.full(shape, np.nan, dtype) for shape in ((height, width), width))
    there = [
        device.to_device(np.ascontiguousarray(array).reshape(-1))
        for array in (x if left_along else x.T, y.T if right_along else y)
    ]
    results = [device.to_device(array) for array in (out, totals)]
    compile.launch(
        compile.kernel(test_product, threads, tile.blocks),
        (-(-height // tall), -(-width // wide)),
        threads,
        tile.shared_memory(dtype.name),
        *(device.kernel_array(array) for array in (*there, *results)),
        *(height, width, depth),
    )
    return [device.to_host(array) for array in results]


SIZES = [(1, 1, 1), (4, 4, 2), (5, 3, 7), (3, 9, 1), (9, 5, 4)]
if not device.simulated():
    SIZES += [(64, 64, 8), (65, 63, 9), (300, 10, 784), (128, 130, 257), (2, 100, 5000)]


@pytest.mark.cuda_simulator
@pytest.mark.gpu
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("form", [FORWARD, BACKWARD, GRADIENT])
@pytest.mark.parametrize("size", SIZES)
def test_products(form, dtype, size):
    height, width, depth = size
    x, y = RNG.normal(size=(height, depth)), RNG.normal(size=(depth, width))
    x, y = x.astype(dtype), y.astype(dtype)
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    for tile in {product.WIDE[dtype], product.NARROW[dtype]}:
        result, totals = multiplied(form, x, y, tile)
        assert_allclose(result, x @ y, rtol=tolerance, atol=tolerance * np.sqrt(depth))
        if form.totals:
            assert_allclose(totals, y.sum(0), rtol=tolerance, atol=tolerance * np.sqrt(depth))
        whole = multiplied(form, x, y[:, :1], tile)[0]  # bits do not depend on other columns
        assert_array_equal(whole, result[:, :1])


GPU = {"DOWN": 8, "ACROSS": 8, "THREADS": 64, "GROUP": 4, "DEPTH": 8, "PADDING": 4}


@pytest.mark.cuda_simulator
@pytest.mark.parametrize("form", [FORWARD, BACKWARD, GRADIENT])
@pytest.mark.parametrize(("columns", "width"), [(8, 70), (4, 33), (2, 7)])
def test_products_as_a_gpu_cuts_them(form, columns, width, monkeypatch):
    """With as many threads, which are slow in the simulator."""
    for name, value in GPU.items():
        monkeypatch.setattr(product, name, value)
    x, y = RNG.normal(size=(9, 11)), RNG.normal(size=(11, width))
    result, totals = multiplied(form, x, y, product.Tile(8, columns, 1))
    assert_allclose(result, x @ y, rtol=1e-12, atol=1e-12)
    if form.totals:
        assert_allclose(totals, y.sum(0), rtol=1e-12, atol=1e-12)


def test_few_columns_have_a_narrow_tile():
    for dtype in ("float32", "float64"):
        narrow, wide = product.NARROW[dtype], product.WIDE[dtype]
        assert narrow.width < wide.width
        assert product.tile(narrow.width, dtype) == narrow
        assert product.tile(narrow.width + 1, dtype) == wide
        assert wide.cover(wide.height + 1, wide.width) == 2

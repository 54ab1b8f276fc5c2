"""A thread's tile of a product against NumPy's, for any sizes."""

import numpy as np
import pytest

from bpfast.kernels.cuda import device

pytest.importorskip("numba_cuda")
from numba import cuda, float64

from bpfast.kernels.cuda import compile, tile
from bpfast.kernels.cuda.tile import Matrix

pytestmark = [pytest.mark.cuda_simulator, pytest.mark.gpu]
RNG = np.random.default_rng(1)


@pytest.mark.parametrize("size", [(1, 1, 1), (4, 4, 4), (5, 3, 6), (9, 7, 2), (2, 6, 9)])
def test_tiles_cover_a_product(size):
    """It is added to what is there, or multiplied into it; factors may lie in either order."""

    def test_products(x, y, added, scaled, rows, columns, depth):
        sums = cuda.local.array(tile.SUMS, float64)
        for t in range(cuda.threadIdx.x, tile.count_tiles(rows, columns), cuda.blockDim.x):
            part = tile.tile_of(t, rows, columns)
            tile.load(sums, part, Matrix(added, 0, columns, 1))
            tile.multiply(sums, part, Matrix(x, 0, depth, 1), Matrix(y, 0, columns, 1), depth)
            tile.store(sums, part, Matrix(added, 0, columns, 1))
            tile.clear(sums)
            tile.multiply(sums, part, Matrix(x, 0, depth, 1), Matrix(y, 0, columns, 1), depth)
            tile.scale(sums, part, Matrix(scaled, 0, 1, rows))

    rows, columns, depth = size
    x, y = RNG.normal(size=(rows, depth)), RNG.normal(size=(depth, columns))
    added, scaled = RNG.normal(size=(rows, columns)), RNG.normal(size=(columns, rows))
    there = [device.to_device(array.reshape(-1)) for array in (x, y, added, scaled)]
    kernel = compile.kernel(test_products, 2, 1)
    compile.launch(kernel, 1, 2, 0, *map(device.kernel_array, there), *size)
    sums, products = (device.to_host(array) for array in there[2:])
    np.testing.assert_allclose(sums.reshape(added.shape), added + x @ y, rtol=1e-12)
    np.testing.assert_allclose(products.reshape(scaled.shape), scaled * (x @ y).T, rtol=1e-12)


@pytest.mark.parametrize("size", [0, 1, 4, 7])
def test_columns_are_added_up(size):
    def test_columns(x, out, size):
        out[0] = tile.add_column(1.0, x, 2, 3, size)

    x, out = RNG.normal(size=2 + 3 * 7), np.zeros(1)
    there = [device.to_device(array) for array in (x, out)]
    kernel = compile.kernel(test_columns, 1, 1)
    compile.launch(kernel, 1, 1, 0, *map(device.kernel_array, there), size)
    expected = 1.0 + x[2 : 2 + 3 * size : 3].sum()
    np.testing.assert_allclose(device.to_host(there[1]), [expected], rtol=1e-12)

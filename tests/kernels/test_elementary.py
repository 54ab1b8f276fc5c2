"""The vectorisable exp, expm1, tanh and log for float32, as kernels compile them."""

import numba
import numpy as np
import pytest

from bpfast.kernels.cpu import elementary
from bpfast.kernels.cpu.compile import OPTIONS
from bpfast.kernels.cpu.scalars import scalar
from bpfast.kernels.specialise import specialise

TRUTH = {"exp": np.exp, "expm1": np.expm1, "tanh": np.tanh}
ULPS = 2
TINY = float(np.finfo(np.float32).tiny)  # the smallest normal number
function = None  # stands for one of the three in the loop below


def loop(x, result):
    for k in range(x.size):
        result[k] = function(x[k])


@pytest.fixture(scope="module", params=TRUTH)
def pair(request):
    """A function over arrays, compiled like those of the kernels, and its truth."""
    own = scalar(getattr(elementary, request.param), "float32")
    compiled = numba.njit(**OPTIONS)(specialise(loop, "float32", {"function": own}))

    def over_arrays(x):
        result = np.empty_like(x)
        compiled(x, result)
        return result

    return over_arrays, TRUTH[request.param]


def check(pair, x):
    """Within so many units in the last place; subnormal results may be 0."""
    with np.errstate(over="ignore", invalid="ignore"):  # a signalling NaN is an invalid number
        got, expected = pair[0](x).astype(np.float64), pair[1](x.astype(np.float64))
        rounded = expected.astype(np.float32)
    fits = np.isfinite(rounded)
    np.testing.assert_array_equal(got[~fits], rounded[~fits])
    allowed = np.maximum(ULPS * np.spacing(np.abs(rounded[fits])), TINY)
    error = np.abs(got[fits] - expected[fits])
    worst = np.argmax(error / allowed)
    assert error[worst] <= allowed[worst], (x[fits][worst], got[fits][worst])


def test_all_kinds_of_numbers(pair):
    """Every 97th float32 of all, whatever its size and sign, NaNs and infinities among them."""
    patterns = np.arange(0, 2**32, 97, dtype=np.uint32).view(np.float32)
    for k in range(50):  # little memory at a time
        check(pair, patterns[k::50])


def test_where_exponentials_live(pair):
    check(pair, np.linspace(-110, 95, 4_000_000, dtype=np.float32))


def test_near_zero_and_where_results_begin_and_end(pair):
    edges = [0.0, 1e-7, 0.34657, 9.02, 87.33654, 88.3762, 88.72283, 103.972]
    steps = np.arange(-2000, 2001)
    for edge in np.array(edges, np.float32):
        around = (np.abs(edge).view(np.int32) + steps).astype(np.int32).view(np.float32)
        around = around[np.isfinite(around)]
        check(pair, np.concatenate([around, -around]))


def test_special_numbers(pair):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45], np.float32)
    with np.errstate(over="ignore"):
        expected = pair[1](x)
    np.testing.assert_allclose(pair[0](x), expected, atol=TINY)


def test_signs_and_order(pair):
    """Never the wrong side of the limits, never falling."""
    x = np.linspace(-100, 88, 200_001, dtype=np.float32)
    got = pair[0](x)
    low, high = pair[1](np.float64(-np.inf)), pair[1](np.float64(np.inf))
    assert low <= got.min()
    assert got.max() <= high
    assert (np.diff(got) >= -ULPS * np.spacing(np.abs(got[1:]))).all()


def test_logarithm():
    """Of positive numbers that are not subnormal; what is not finite stays so."""
    own = scalar(elementary.log, "float32")
    compiled = numba.njit(**OPTIONS)(specialise(loop, "float32", {"function": own}))
    patterns = np.arange(0x00800000, 0x7F800000, 97, dtype=np.uint32).view(np.float32)
    near_one = np.linspace(0.5, 2.0, 1_000_001, dtype=np.float32)
    for x in (patterns, near_one):
        got = np.empty_like(x)
        compiled(x, got)
        expected = np.log(x.astype(np.float64))
        error = np.abs(got - expected) / np.spacing(np.abs(expected).astype(np.float32))
        assert error.max() <= ULPS
    x = np.array([np.nan, np.inf, 1.0], np.float32)
    got = np.empty_like(x)
    compiled(x, got)
    np.testing.assert_array_equal(got, [np.nan, np.inf, 0.0])

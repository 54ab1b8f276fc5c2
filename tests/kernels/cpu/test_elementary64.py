"""The vectorisable exp, expm1, tanh and log for float64, as kernels compile them."""

import numba
import numpy as np
import pytest

from bpfast.kernels.cpu import elementary64
from bpfast.kernels.cpu.compile import OPTIONS
from bpfast.kernels.cpu.scalars import scalar
from bpfast.kernels.specialise import specialise

ULPS = {"exp": 2, "expm1": 2, "tanh": 3, "log": 2}
function = None  # stands for one of them in the loop below


def loop(x, result):
    for k in range(x.size):
        result[k] = function(x[k])


def over_arrays(name, x):
    """A function over an array, compiled like those of the kernels."""
    own = scalar(getattr(elementary64, name), "float64")
    result = np.empty_like(x)
    numba.njit(**OPTIONS)(specialise(loop, "float64", {"function": own}))(x, result)
    return result


def check(name, x):
    """Against NumPy's own, which are right to 1 unit in the last place, or nearly."""
    with np.errstate(over="ignore", under="ignore"):
        got, expected = over_arrays(name, x), getattr(np, name)(x)
    fits = np.isfinite(expected)
    np.testing.assert_array_equal(got[~fits], expected[~fits])
    if name == "tanh":  # of the others, a zero may lose its sign
        np.testing.assert_array_equal(np.signbit(got[fits]), np.signbit(expected[fits]))
    allowed = ULPS[name] * np.spacing(np.abs(expected[fits]))
    assert np.all(np.abs(got[fits] - expected[fits]) <= allowed)


@pytest.mark.parametrize("name", ["exp", "expm1", "tanh"])
def test_exponential_functions(name):
    wide, narrow = np.linspace(-708.3, 709.78, 300_001), np.linspace(-1, 1, 300_001)
    tiny = np.geomspace(1e-300, 1e-3, 10_000)
    edges = np.array([0.0, -0.0, 709.8, np.inf, -np.inf, np.nan, -1e300, -800.0, -1e4])
    check(name, np.concatenate([wide, narrow, 20 * narrow, tiny, -tiny, edges]))


def test_log():
    tiny = np.finfo(np.float64).tiny
    wide, narrow = np.geomspace(tiny, 1.7e308, 300_001), np.linspace(0.5, 2.5, 300_001)
    check("log", np.concatenate([wide, narrow, [1.0, tiny, np.inf, np.nan]]))


@pytest.mark.parametrize("name", ULPS)
def test_neighbours_do_not_matter(name):
    x = np.random.default_rng(0).uniform(0.1, 9.0, 37)
    whole = over_arrays(name, x)
    alone = [over_arrays(name, x[k : k + 1])[0] for k in (0, 7, 36)]
    np.testing.assert_array_equal(alone, whole[[0, 7, 36]])

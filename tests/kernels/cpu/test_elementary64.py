"""The vectorisable exp and log for float64, as kernels compile them."""

import numba
import numpy as np
import pytest

from bpfast.kernels.cpu import elementary64
from bpfast.kernels.cpu.compile import OPTIONS
from bpfast.kernels.cpu.scalars import scalar
from bpfast.kernels.specialise import specialise

ULPS = 2
function = None  # stands for one of the two in the loop below


def loop(x, result):
    for k in range(x.size):
        result[k] = function(x[k])


def over_arrays(name, x):
    """A function over an array, compiled like those of the kernels."""
    own = scalar(getattr(elementary64, name), "float64")
    result = np.empty_like(x)
    numba.njit(**OPTIONS)(specialise(loop, "float64", {"function": own}))(x, result)
    return result


def check(got, expected):
    """NumPy's own are right to 1 unit in the last place, or nearly."""
    fits = np.isfinite(expected)
    np.testing.assert_array_equal(got[~fits], expected[~fits])
    assert np.all(np.abs(got[fits] - expected[fits]) <= ULPS * np.spacing(np.abs(expected[fits])))


def test_exp():
    wide, narrow = np.linspace(-708.3, 709.78, 300_001), np.linspace(-1, 1, 300_001)
    edges = np.array([0.0, -0.0, 709.8, np.inf, -np.inf, np.nan, 1e-300, -1e300, -745.2, -1e4])
    x = np.concatenate([wide, narrow, edges])
    with np.errstate(over="ignore", under="ignore"):
        check(over_arrays("exp", x), np.exp(x))


def test_log():
    tiny = np.finfo(np.float64).tiny
    wide, narrow = np.geomspace(tiny, 1.7e308, 300_001), np.linspace(0.5, 2.5, 300_001)
    x = np.concatenate([wide, narrow, [1.0, tiny, np.inf, np.nan]])
    check(over_arrays("log", x), np.log(x))


@pytest.mark.parametrize("name", ["exp", "log"])
def test_neighbours_do_not_matter(name):
    x = np.random.default_rng(0).uniform(0.1, 9.0, 37)
    whole = over_arrays(name, x)
    np.testing.assert_array_equal(
        [over_arrays(name, x[k : k + 1])[0] for k in (0, 7, 36)], whole[[0, 7, 36]]
    )

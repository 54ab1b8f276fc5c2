"""The vector forms of math's functions, as kernels compile them, for both dtypes."""

import math
from functools import cache

import numba
import numpy as np
import pytest

from bpfast.kernels import math as formulas
from bpfast.kernels.cpu.compile import OPTIONS
from bpfast.kernels.cpu.elementary import FASTER
from bpfast.kernels.cpu.scalars import specialiser
from bpfast.kernels.specialise import specialise

ULPS = 2
DTYPES = {"float32": (np.uint32, np.float64), "float64": (np.uint64, np.longdouble)}
# where the truth is no wider, it may be wrong by a unit itself
WIDE = {name: np.finfo(wide).nmant > np.finfo(name).nmant for name, (_, wide) in DTYPES.items()}
function = None  # stands for one of the forms in the loop below


def loop(x, result):
    for k in range(x.size):
        result[k] = function(x[k])


@cache
def compiled(name, dtype):
    own = specialiser(dtype)(FASTER[dtype][getattr(math, name)])
    return numba.njit(**OPTIONS)(specialise(loop, dtype, {"function": own}))


class Form:
    """A form over arrays, and its truth."""

    def __init__(self, name, dtype):
        self.name, self.dtype, self.wide = name, np.dtype(dtype), DTYPES[dtype][1]
        self.tiny, self.largest = float(np.finfo(dtype).tiny), float(np.finfo(dtype).max)
        self.ulps = ULPS if WIDE[dtype] and (name, dtype) != ("erf", "float64") else ULPS + 1

    def __call__(self, x):
        result = np.empty_like(x)
        compiled(self.name, self.dtype.name)(x, result)
        return result

    def truth(self, x):
        with np.errstate(all="ignore"):
            if self.name == "erf":
                return np.array([math.erf(number) for number in x.tolist()])
            return getattr(np, self.name)(x.astype(self.wide))

    def check(self, x):
        """Within so many units in the last place; results that are about subnormal may be 0."""
        got, expected = self(x), self.truth(x)
        with np.errstate(over="ignore"):
            rounded = expected.astype(self.dtype)
        fits = np.isfinite(rounded)
        np.testing.assert_array_equal(got[~fits], rounded[~fits])
        units = np.maximum(np.spacing(np.abs(rounded[fits])).astype(self.wide), 0)
        allowed = np.maximum(self.ulps * units, 1.5 * self.tiny)
        error = np.abs(got[fits].astype(self.wide) - expected[fits])
        worst = np.argmax(error / allowed)
        assert error[worst] <= allowed[worst], (x[fits][worst], got[fits][worst])
        np.testing.assert_array_equal(np.signbit(got[fits]), np.signbit(rounded[fits]))

    def domain(self, x):
        """Those of some numbers that the form is for."""
        return x[(x >= self.tiny) | np.isnan(x)] if self.name == "log" else x


@pytest.fixture(params=DTYPES)
def dtype(request):
    return request.param


@pytest.fixture(params=["erf", "exp", "expm1", "log", "log1p", "tanh"])
def form(request, dtype):
    return Form(request.param, dtype)


def test_all_kinds_of_numbers(form):
    """Of all sizes and both signs, NaNs and infinities among them."""
    kind = DTYPES[form.dtype.name][0]
    bits, count = 8 * form.dtype.itemsize, 2_000_000 if form.name != "erf" else 500_000
    if form.dtype == np.float64:
        count //= 10  # long doubles take long
    patterns = (np.arange(count, dtype=np.uint64) * np.uint64(2**bits // count)).astype(kind)
    patterns += np.random.default_rng(0).integers(0, 2**bits // count, count, dtype=kind)
    form.check(form.domain(patterns.view(form.dtype)))


RANGES = {"exp": (-710, 710), "expm1": (-50, 50), "tanh": (-20, 20), "erf": (-6, 6)}


def test_where_results_live(form):
    low, high = RANGES.get(form.name, (-0.99, 4.0))
    count = 1_000_000 if form.dtype == np.float32 and form.name != "erf" else 100_000
    form.check(form.domain(np.linspace(low, high, count).astype(form.dtype)))


EDGES = {
    "exp": [0.3465736, 87.3, 88.7228394, 88.8, 708.6, 709.7827129, 709.9],
    "expm1": [0.3465736, 87.3, 88.7228394, 88.8, 708.6, 709.7827129, 709.9],
    "tanh": [0.0866, 0.2599, 0.4332, 9.02, 19.1],
    "erf": [1.125, 4.0, 6.0],
    "log": [0.5, 0.7071067811865476, 1.0, 1.4142135623730951, 2.0],
    "log1p": [0.29289321881345, 0.41421356237309, 0.99999, 1e7, 1e16],
}


def test_near_zero_and_where_forms_change(form):
    kind = DTYPES[form.dtype.name][0]
    for edge in [form.tiny, 1e-30, 1e-7, *EDGES[form.name], form.largest]:
        steps = np.arange(-1000, 1000).astype(kind)
        around = (np.array([edge], form.dtype).view(kind) + steps).view(form.dtype)
        form.check(form.domain(np.concatenate([around, -around])))


def test_special_numbers(form):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45, -1.0, -2.0], form.dtype)
    if form.name == "log":
        x = x[:2]
    expected = form.truth(x)
    got = form(x)
    np.testing.assert_allclose(got, expected.astype(form.dtype), rtol=1e-6, atol=form.tiny)
    if form.name in ("erf", "tanh", "log1p"):
        np.testing.assert_array_equal(np.signbit(got[3:7]), np.signbit(x[3:7]))


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("exp", 0, np.inf), ("expm1", -1, np.inf), ("erf", -1, 1), ("tanh", -1, 1)],
)
def test_limits_and_order(dtype, name, low, high):
    """Never beyond the limits, never falling by more than rounding."""
    form = Form(name, dtype)
    got = form(np.linspace(-100, 88, 200_001).astype(dtype))
    assert low <= got.min()
    assert got.max() <= high
    assert (np.diff(got) >= -ULPS * np.spacing(np.abs(got[1:]))).all()


def test_softening(dtype):
    """Two functions in one: twice as far off as one of them."""
    own = specialiser(dtype)(FASTER[dtype][formulas.softening])
    compiled = numba.njit(**OPTIONS)(specialise(loop, dtype, {"function": own}))
    x = np.linspace(-80, 80, 100_001).astype(dtype)
    got = np.empty_like(x)
    compiled(x, got)
    expected = np.log1p(np.exp(-np.abs(x.astype(DTYPES[dtype][1]))))
    error = np.abs(got - expected) / np.spacing(np.abs(expected).astype(dtype))
    assert error.max() <= 2 * ULPS
    x = np.array([np.nan, np.inf, -np.inf], dtype)
    compiled(x, got)
    np.testing.assert_array_equal(got[:3], [np.nan, 0.0, 0.0])


def test_all_that_formulas_call_has_a_form(dtype):
    """A loop with a call of libm in it has no vectors; a square root is an instruction."""
    called = {value for value in vars(formulas).values() if value in vars(math).values()}
    assert called - {math.sqrt} <= set(FASTER[dtype])

"""Scalar functions as the CPU compiles them."""

import math

import numba
import numpy as np
import pytest

from bpfast.kernels import math as formulas
from bpfast.kernels.cpu.scalars import clip_factor, scalar


def called(function, dtype):
    """What compiled code gets from a function."""
    own = scalar(function, dtype)
    return numba.njit(lambda x: own(x))


def plain_exponential(z):
    return math.exp(z)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ours_keep_the_dtype_and_agree(dtype):
    softplus, number = called(formulas.softplus, dtype), np.dtype(dtype).type
    for z in (-3.0, 0.0, 2.5):
        assert softplus(number(z)) == pytest.approx(formulas.softplus(z), rel=1e-6)
    (signature,) = softplus.nopython_signatures
    assert str(signature.return_type) == dtype


def test_only_ours_call_faster_functions():
    """Below -87.3 the faster exp is 0, where float32 has a subnormal number."""
    z = np.float32(-100.0)
    assert called(formulas.exponential, "float32")(z) == 0.0
    assert called(plain_exponential, "float32")(z) > 0.0


@pytest.mark.parametrize(("length", "expected"), [(0.5, 1.0), (4.0, 0.5), (0.0, 1.0)])
def test_clipping(length, expected):
    compiled = numba.njit(lambda squares, longest: clip_factor(squares, longest))
    for factor in (compiled, formulas.clip_factor):
        assert factor(length * length, 2.0) == pytest.approx(expected, rel=1e-6)

"""Numbers and polynomials of the vector forms, against what they stand for."""

import math

import numpy as np
import pytest

HALF_LN2, ROOT = 0.3465735902799727, 0.5**0.5
# Of a polynomial: numbers, what it is of them, and how much that counts in the function.
POLYNOMIALS = {
    "exp_rest": (
        np.linspace(0.1, HALF_LN2, 9),
        lambda r: (math.expm1(r) - r) / r**2,
        lambda r: r**2,
    ),
    "tanh_rest": (
        np.linspace(0.01, 0.0676, 9),
        lambda s: (math.tanh(s**0.5) / s**0.5 - 1) / s,
        lambda s: s,
    ),
    "log_rest": (
        np.array([ROOT, 0.8, 1.2, 1.3, 2 * ROOT]) - 1.0,
        lambda f: math.log1p(f) - f + f * f / 2,
        lambda f: 1.0 / f,
    ),
    "erf_rest": (
        np.linspace(0.1, 1.125**2, 9),
        lambda s: math.erf(s**0.5) / s**0.5 - 1,
        lambda s: 1.0,
    ),
    "erfc_scaled": (
        np.linspace(1.125, 3.9, 9),
        lambda x: math.erfc(x) * math.exp(x * x),
        lambda x: math.exp(-x * x),
    ),
}


def largest_error(module, name):
    """By how much a module's polynomial is wrong, times what that counts."""
    polynomial, (x, truth, share) = getattr(module, name), POLYNOMIALS[name]
    return max(abs((polynomial(number) - truth(number)) * share(number)) for number in x)


def check_numbers(numbers, bits_of_k):
    """Hold a dtype's bits, and its parts of the logarithm of 2, against what they stand for."""
    digits = np.finfo(numbers.F).nmant
    one, two = numbers.F(1.0), numbers.F(2.0)
    assert numbers.ONE_BITS.view(numbers.F) == one
    assert numbers.F(4.0).view(numbers.BITS) == numbers.FOUR_BITS - numbers.ONE_BITS
    assert numbers.LOG_MAGIC.view(numbers.F) == two**digits
    assert 1 << int(numbers.EXPONENT) == 1 << digits
    assert np.signbit(numbers.SIGN.view(numbers.F))
    for high, low in (
        (numbers.LN2_HIGH, numbers.LN2_LOW),
        (numbers.LN2_TOP, numbers.LN2_REST),
    ):
        assert high + low == pytest.approx(math.log(2.0), rel=float(np.finfo(numbers.F).eps) / 64)
        mantissa, _ = math.frexp(high)  # times k it is exact
        assert mantissa * 2.0 ** (digits + 1 - bits_of_k) % 1.0 == 0.0

"""Exponential functions for float32 that a compiler can vectorise, unlike calls of libm.

``exp(x) = 2**k * exp(r)`` with ``x = k * ln 2 + r`` and ``|r| <= ln 2 / 2`` (Cody and Waite, 1980).
They are the twins of :mod:`math`'s functions of the same names, right to 2 units in the last place.
"""

from __future__ import annotations

import numpy as np

F = np.float32
INT = np.int32
LOG2_E = F(1.4426950408889634)
LN2_HIGH = F(0.693145751953125)  # 15 bits: k * LN2_HIGH is exact
LN2_LOW = F(1.4286068203094173e-06)
LARGEST, SMALLEST = F(88.72283), F(-87.33654)  # exp is finite, and no subnormal number
INFINITY = F(np.inf)
ZERO, HALF, ONE, TWO = F(0.0), F(0.5), F(1.0), F(2.0)
SHIFT = F(1.5 * 2**23)  # k + SHIFT is a rounded sum, and its lowest bits are k's
EXPONENT = INT(23)  # where it begins in a float32
# Minimax of (exp(r) - 1 - r) / r**2 for |r| <= ln 2 / 2: exp(r) - 1 is right to 1.4e-8.
C2, C3, C4, C5, C6 = map(F, (0.49999998, 0.16666544, 0.0416672, 0.00836652, 0.00138825))

TANH_LIMIT = F(9.02)  # from here on tanh is 1 in float32
TANH_SHIFT = F(1.5 * 2**23 + 127)  # the lowest bits are those of 2**k's exponent
HALF_LN2, TWO_LOG2_E, QUARTER = F(0.34657359027997264), F(2.8853900817779268), F(0.25)
# Minimax of (tanh(r) / r - 1) / r**2 for |r| <= 0.26: tanh(r) is right to 4e-9.
T2, T4, T6 = map(F, (-0.33333215, 0.13322763, -0.05123389))
SIGN = INT(-(2**31))

MANTISSA, ONE_BITS, SQRT2 = INT(2**23 - 1), INT(127 << 23), F(1.4142135)
LN2_TOP, LN2_REST = F(0.693359375), F(-2.12194440e-4)
L3, L4, L5, L6 = map(F, (3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1, -1.6668057665e-1))
L7, L8 = map(F, (1.4249322787e-1, -1.2420140846e-1))
L9, L10, L11 = map(F, (1.1676998740e-1, -1.1514610310e-1, 7.0376836292e-2))


def reduce(x):
    """k + SHIFT, and exp(r) - 1 for the rest r."""
    shifted = x * LOG2_E + SHIFT
    k = shifted - SHIFT
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    q = C2 + r * (C3 + r * (C4 + r * (C5 + r * C6)))
    return shifted, r + r * r * q


def exp(x):
    """e**x; below -87.3, where results are subnormal, 0."""
    inside = min(max(x, SMALLEST), LARGEST)
    shifted, p = reduce(inside)
    k = INT(F(shifted).view(INT) << EXPONENT)  # added to the exponent: 2**128 is no float32
    result = INT(F(p + ONE).view(INT) + k).view(F)
    result = INFINITY if x > LARGEST else result
    result = ZERO if x < SMALLEST else result
    return result if x == x else x


def expm1(x):
    """e**x - 1, accurate near 0."""
    inside = min(max(x, SMALLEST), LARGEST)  # as in exp: one reduction serves both
    shifted, p = reduce(inside)
    half = INT(INT(F(shifted).view(INT) + INT(126)) << EXPONENT).view(F)  # 2**(k - 1)
    result = (p * half + (half - HALF)) * TWO
    result = INFINITY if x > LARGEST else result
    return result if x == x else x


def tanh(x):
    """Hyperbolic tangent of ``|x| = k * ln 2 / 2 + r``, by the theorem of addition.

    With ``s = 2**k`` and ``p = tanh(r)`` it is ``(s - 1 + (s + 1) p) / (s + 1 + (s - 1) p)``. The
    numerator is taken from the rounded denominator, so that most of its rounding cancels, and k is
    rounded down up to 3/4: it is 0 as long as tanh is less than 1/4, and p is all there is.
    """
    size = abs(x)
    size = TANH_LIMIT if size > TANH_LIMIT else size  # a NaN stays one
    shifted = (size * TWO_LOG2_E - QUARTER) + TANH_SHIFT
    r = size - (shifted - TANH_SHIFT) * HALF_LN2
    square = r * r
    p = r + r * square * (T2 + square * (T4 + square * T6))
    s = INT(F(shifted).view(INT) << EXPONENT).view(F)
    denominator = (s + ONE) + (s - ONE) * p
    result = ((denominator - TWO) + TWO * p) / denominator
    return INT(F(result).view(INT) | INT(F(x).view(INT) & SIGN)).view(F)


def log(x):
    """Natural logarithm of positive numbers that are not subnormal.

    ``log(x) = e * ln 2 + log(m)`` with m from sqrt(1/2) to sqrt(2); the polynomial is Cephes'
    (Moshier, 1989).
    """
    bits = F(x).view(INT)
    m = INT((bits & MANTISSA) | ONE_BITS).view(F)
    e = F((bits >> EXPONENT) - INT(127))
    e, m = (e + ONE, m * HALF) if m > SQRT2 else (e, m)
    f = m - ONE
    square = f * f
    q = L6 + f * (L7 + f * (L8 + f * (L9 + f * (L10 + f * L11))))
    q = f * square * (L3 + f * (L4 + f * (L5 + f * q)))
    result = f + ((q + e * LN2_REST) - HALF * square) + e * LN2_TOP
    return result if x < INFINITY else x  # a NaN stays one

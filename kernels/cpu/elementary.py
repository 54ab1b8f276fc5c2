"""Exponential functions for float32 that a compiler can vectorise, unlike calls of libm.

``exp(x) = 2**k * exp(r)`` with ``x = k * ln 2 + r`` and ``|r| <= ln 2 / 2`` (Cody and Waite, 1980);
``exp(r) - 1`` is a polynomial. They are the twins of :mod:`math`'s functions of the same names.
"""

from __future__ import annotations

import numpy as np

F = np.float32
INT = np.int32
LOG2_E = F(1.4426950408889634)
LN2_HIGH = F(0.693145751953125)  # 15 bits: k * LN2_HIGH is exact
LN2_LOW = F(1.4286068203094173e-06)
LARGEST, SMALLEST = F(88.72283), F(-103.97208)
INFINITY = F(np.inf)
ZERO, HALF, ONE, TWO = F(0.0), F(0.5), F(1.0), F(2.0)
# Taylor's series of (exp(r) - 1 - r) / r**2; for |r| <= 0.3466 it is exact to 2e-9.
C2, C3, C4, C5, C6, C7 = (F(1.0 / f) for f in (2, 6, 24, 120, 720, 5040))
TANH_LIMIT = F(9.02)  # from here on tanh is 1 in float32


def power_of_two(k):
    """2**k for a whole float32 k in -126..127, by its bits."""
    return INT((INT(k) + INT(127)) << INT(23)).view(F)


def reduce(x):
    """k, and exp(r) - 1 for the rest r."""
    k = np.floor(x * LOG2_E + HALF)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    q = C2 + r * (C3 + r * (C4 + r * (C5 + r * (C6 + r * C7))))
    return k, r + r * r * q


def exp(x):
    """e**x, to 2 units in the last place; below -87.3, where results are subnormal, 0."""
    inside = min(max(x, F(-87.33654)), LARGEST)
    k, p = reduce(inside)
    half = np.floor(k * HALF)  # in two steps: 2**128 is no float32
    result = ((p + ONE) * power_of_two(half)) * power_of_two(k - half)
    result = INFINITY if x > LARGEST else result
    result = ZERO if x < F(-87.33654) else result
    return result if x == x else x


def expm1(x):
    """e**x - 1 for x from -87 up, accurate near 0."""
    inside = min(max(x, F(-30.0)), LARGEST)
    k, p = reduce(inside)
    half = np.floor(k * HALF)
    big, small, inverse = power_of_two(half), power_of_two(k - half), power_of_two(half - k)
    result = (p * big + (big - inverse)) * small  # 2**128 is no float32
    result = INFINITY if x > LARGEST else result
    return result if x == x else x


def tanh(x):
    """Hyperbolic tangent, by expm1 of 2 |x|."""
    size = min(abs(x), TANH_LIMIT)
    k, p = reduce(TWO * size)
    scale = power_of_two(k)
    e = p * scale + (scale - ONE)
    t = e / (e + TWO)
    t = -t if x < ZERO else t
    return t if x == x else x

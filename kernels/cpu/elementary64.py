"""Exponential functions and the logarithm for float64 that a compiler can vectorise.

They are the twins of :mod:`math`'s functions of the same names, right to 2 units in the last place,
tanh to 3; see :mod:`elementary`.
"""

from __future__ import annotations

import numpy as np

F = np.float64
INT = np.int64
LOG2_E = F(1.4426950408889634)
LN2_HIGH = F(6.93147180369123816490e-01)  # 32 bits: k * LN2_HIGH is exact
LN2_LOW = F(1.90821492927058770002e-10)
LARGEST, SMALLEST = F(709.782712893384), F(-708.3964185322641)  # exp is finite, and not subnormal
INFINITY = F(np.inf)
ZERO, HALF, ONE, TWO = F(0.0), F(0.5), F(1.0), F(2.0)
SHIFT = F(1.5 * 2**52)  # k + SHIFT is a rounded sum, and its lowest bits are k's
EXPONENT = INT(52)  # where it begins in a float64
SIGN, POSITIVE = INT(-(2**63)), INT(2**63 - 1)
# 1 / k!: what is left out of exp(r), |r| <= ln 2 / 2, is less than 1e-17.
C3, C4, C5, C6, C7 = map(F, (1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040))
C8, C9, C10, C11 = map(F, (1 / 40320, 1 / 362880, 1 / 3628800, 1 / 39916800))
C12, C13 = F(1 / 479001600), F(1 / 6227020800)

MANTISSA, ONE_BITS = INT(2**52 - 1), INT(1023 << 52)
COUNT_BITS, COUNT = INT(1075 << 52), F(2**52 + 1023)  # a float64 that counts exponents
SQRT2 = F(1.4142135623730951)
# fdlibm's, for (log(1 + f) - f + f**2 / 2 - s f**2 / 2) / s with s = f / (2 + f).
L1, L2, L3 = map(F, (6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01))
L4, L5 = map(F, (2.222219843214978396e-01, 1.818357216161805012e-01))
L6, L7 = map(F, (1.531383769920937332e-01, 1.479819860511658591e-01))


def reduce(x):
    """k + SHIFT, and exp(r) - 1 for the rest r."""
    shifted = x * LOG2_E + SHIFT
    k = shifted - SHIFT
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    q = C7 + r * (C8 + r * (C9 + r * (C10 + r * (C11 + r * (C12 + r * C13)))))
    return shifted, r + r * r * (HALF + r * (C3 + r * (C4 + r * (C5 + r * (C6 + r * q)))))


def exp(x):
    """e**x; below -708.4, where results are subnormal, 0."""
    inside = min(max(x, SMALLEST), LARGEST)
    shifted, p = reduce(inside)
    k = INT(F(shifted).view(INT) << EXPONENT)  # added to the exponent: 2**1024 is no float64
    result = INT(F(p + ONE).view(INT) + k).view(F)
    result = INFINITY if x > LARGEST else result
    result = ZERO if x < SMALLEST else result
    return result if x == x else x


def expm1(x):
    """e**x - 1, accurate near 0."""
    inside = min(max(x, SMALLEST), LARGEST)
    shifted, p = reduce(inside)
    half = INT(INT(F(shifted).view(INT) + INT(1022)) << EXPONENT).view(F)  # 2**(k - 1)
    result = (p * half + (half - HALF)) * TWO
    result = INFINITY if x > LARGEST else result
    return result if x == x else x


def tanh(x):
    """Hyperbolic tangent: ``-t / (t + 2)`` with ``t = exp(-2 |x|) - 1``, and x's sign."""
    t = expm1(-TWO * abs(x))
    result = t / (t + TWO)
    return INT(F(result).view(INT) & POSITIVE | F(x).view(INT) & SIGN).view(F)


def log(x):
    """Natural logarithm of positive numbers that are not subnormal.

    ``log(x) = e * ln 2 + log(m)`` with m from sqrt(1/2) to sqrt(2), as fdlibm (Sun, 1993) has it.
    """
    bits = F(x).view(INT)
    m = INT((bits & MANTISSA) | ONE_BITS).view(F)
    e = INT((bits >> EXPONENT) | COUNT_BITS).view(F) - COUNT
    e, m = (e + ONE, m * HALF) if m > SQRT2 else (e, m)
    f = m - ONE
    s = f / (TWO + f)
    square, half = s * s, HALF * f * f
    q = L1 + square * (
        L2 + square * (L3 + square * (L4 + square * (L5 + square * (L6 + square * L7))))
    )
    result = e * LN2_HIGH - ((half - (s * (half + square * q) + e * LN2_LOW)) - f)
    return result if x < INFINITY else x  # a NaN stays one

"""Functions of :mod:`math` without branches and calls, of which a compiler makes vectors.

They are right to 2 units in the last place. What each dtype has of its own, numbers and
polynomials, is in :mod:`elementary_float64` and :mod:`elementary_float32`: the names here are
float64's, and FASTER has each form with either's in their place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType, ModuleType

from .. import math as formulas
from . import elementary_float32, elementary_float64
from .elementary_float64 import (
    BITS,
    ERF_BEGINS_FAR,
    ERF_ENDS,
    EXP_SHIFT,
    EXPONENT,
    EXPONENT_BITS,
    FOUR_BITS,
    INFINITY,
    LARGEST,
    LN2_HIGH,
    LN2_LOW,
    LN2_REST,
    LN2_TOP,
    LOG_BIAS,
    LOG_MAGIC,
    LOG_SHIFT,
    ONE_BITS,
    QUIET,
    SIGN,
    SMALLEST,
    TANH_LIMIT,
    TANH_SHIFT,
    F,
    erf_rest,
    erfc_scaled,
    exp_rest,
    log1p_share,
    log_rest,
    tanh_rest,
)

LOG2_E = 1.4426950408889634
HALF_LN2, TWO_LOG2_E = 0.34657359027997264, 2.8853900817779268


def signed(size, x):
    """A number that is not negative, with the sign of x."""
    return BITS(F(size).view(BITS) | BITS(F(x).view(BITS) & SIGN)).view(F)


def reduced(x):
    """``2**(k - 1)``, r, and what r is too small by, where ``x = k * ln 2 + r``, |r| <= ln 2 / 2.

    Cody and Waite, 1980. The lowest bits of ``shifted`` are those of the power's exponent, which is
    0, as the power is then, where results begin to be subnormal.
    """
    x = min(max(x, SMALLEST), LARGEST)  # a NaN stays one, here and below
    shifted = x * LOG2_E + EXP_SHIFT
    k = shifted - EXP_SHIFT
    high = x - k * LN2_HIGH
    r = high - k * LN2_LOW
    return BITS(F(shifted).view(BITS) << EXPONENT).view(F), r, (high - r) - k * LN2_LOW


def exp(x):
    """e**x; 0 where that is less than 1.5 times the smallest number that is not subnormal."""
    half, r, _ = reduced(x)
    p = r + r * r * exp_rest(r)
    return (p * half + half) * 2.0


def expm1(x):
    """e**x - 1, accurate near 0."""
    half, r, rest = reduced(x)
    p = r + (r * r * exp_rest(r) + rest)
    return (p * half + (half - 0.5)) * 2.0


def tanh(x):
    """Hyperbolic tangent of ``|x| = k * ln 2 / 2 + r``, by the theorem of addition.

    With ``s = 2**k`` and ``p = tanh(r)`` it is ``(s - 1 + (s + 1) p) / (s + 1 + (s - 1) p)``. The
    numerator is taken from the rounded denominator, so that most of its rounding cancels, and k is
    rounded down up to 3/4: it is 0 as long as tanh is less than 1/4, and p is all there is.
    """
    size = min(abs(x), TANH_LIMIT)
    shifted = (size * TWO_LOG2_E - 0.25) + TANH_SHIFT
    r = size - (shifted - TANH_SHIFT) * HALF_LN2
    square = r * r
    p = r + r * square * tanh_rest(square)
    s = BITS(F(shifted).view(BITS) << EXPONENT).view(F)
    denominator = (s + 1.0) + (s - 1.0) * p
    return signed(((denominator - 2.0) + 2.0 * p) / denominator, x)


def split(x):
    """Bits of ``2**k`` and k, where ``x = 2**k * m`` with m from sqrt(1/2) to sqrt(2).

    For positive numbers that are not subnormal.
    """
    shifted = BITS(F(x).view(BITS) + LOG_SHIFT)  # its exponent is k's
    k = BITS(BITS(shifted >> EXPONENT) | LOG_MAGIC).view(F) - LOG_BIAS
    return BITS(shifted & EXPONENT_BITS), k


def joined(k, f):
    """Logarithm of ``2**k * (1 + f)``."""
    return f + (log_rest(f) + (k * LN2_REST - 0.5 * f * f)) + k * LN2_TOP


def log(x):
    """Natural logarithm of positive numbers that are not subnormal."""
    power, k = split(x)
    m = BITS(BITS(F(x).view(BITS) - power) + ONE_BITS).view(F)
    result = joined(k, m - 1.0)
    return result if x < INFINITY else x  # a NaN stays one


def log1p(x):
    """Logarithm of 1 + x, accurate near 0: only ``(1 + x) / 2**k - 1`` is rounded."""
    power, k = split(1.0 + x)
    four = BITS(FOUR_BITS - power).view(F)  # 4 / 2**k; a half of 2**-127 is no float32
    result = signed(joined(k, 0.25 * x * four + (0.25 * four - 1.0)), x)
    result = result if x > -1.0 else (-INFINITY if x == -1.0 else QUIET)
    return result if x < INFINITY else x


def softening(x):
    """``log1p(exp(-|x|))``, whose argument is between 0 and 1."""
    e = exp(-abs(x))
    return e * log1p_share(e)


def erf(x):
    """The error function: x and more near 0, and 1 less ``exp(-x**2)`` and less further out."""
    square, size = x * x, abs(x)
    near = x + x * erf_rest(square)
    # written as gelu's slope is, where a compiler then finds the same exponential
    far = signed(1.0 - exp(0.0 - square) * erfc_scaled(min(size, ERF_ENDS)), x)
    return near if size < ERF_BEGINS_FAR else far


# --- with each dtype's numbers --------------------------------------------------------------------

FORMS = (signed, reduced, exp, expm1, tanh, split, joined, log, log1p, softening, erf)


def _with(numbers: ModuleType) -> dict[Callable, Callable]:
    """What stands for functions of Python's :mod:`math` and ours, made with a dtype's numbers."""
    names = {**globals(), **vars(numbers)}
    for form in FORMS:
        names[form.__name__] = FunctionType(form.__code__, names, form.__name__)
    replaced = (
        *(math.erf, math.exp, math.expm1, math.log, math.log1p, math.tanh),
        formulas.softening,
    )
    return {function: names[function.__name__] for function in replaced}


FASTER = {"float32": _with(elementary_float32), "float64": _with(elementary_float64)}

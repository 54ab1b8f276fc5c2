"""Numbers and polynomials of :mod:`elementary` in float32: see :mod:`elementary_float64`."""

from __future__ import annotations

import numpy as np

from .elementary_float64 import cubic

F, BITS = np.float32, np.uint32
EXPONENT = BITS(23)
SIGN, ONE_BITS = BITS(1 << 31), BITS(127 << 23)
EXPONENT_BITS, FOUR_BITS = BITS(255 << 23), BITS((2 * 127 + 2) << 23)
INFINITY, QUIET = float("inf"), float("nan")

SMALLEST, LARGEST = -87.3, 88.8
LN2_HIGH, LN2_LOW = 0.693145751953125, 1.4286068203094173e-06
LN2_TOP, LN2_REST = 0.693359375, -2.12194440e-4
EXP_SHIFT = 1.5 * 2.0**23 + 126.0

TANH_LIMIT = 9.02
TANH_SHIFT = 1.5 * 2.0**23 + 127.0

LOG_SHIFT = BITS(ONE_BITS - F(0.5**0.5).view(BITS))
LOG_MAGIC, LOG_BIAS = BITS(150 << 23), 2.0**23 + 127.0

ERF_BEGINS_FAR, ERF_ENDS = 1.125, 4.0


def exp_rest(r):
    """exp(r) is right to 1.4e-8."""
    square = r * r
    return (0.49999998 + 0.16666544 * r) + square * (
        (0.0416672 + 0.00836652 * r) + square * 0.00138825
    )


def tanh_rest(s):
    """tanh(r) is right to 4e-9."""
    return -0.33333215 + s * (0.13322763 + s * -0.05123389)


def log_rest(f):
    """A polynomial of Cephes (Moshier, 1989)."""
    square = f * f
    fourth = square * square
    part0 = cubic(f, square, 3.3333331174e-1, -2.4999993993e-1, 2.0000714765e-1, -1.6668057665e-1)
    part1 = cubic(f, square, 1.4249322787e-1, -1.2420140846e-1, 1.1676998740e-1, -1.1514610310e-1)
    return f * square * (part0 + fourth * (part1 + fourth * 7.0376836292e-2))


def log1p_share(e):
    """log(1 + e) is right to 4e-9."""
    square = e * e
    fourth = square * square
    part0 = cubic(
        e,
        square,
        0.9999999960153104,
        -0.49999914180911015,
        0.3333027553098952,
        -0.24957345079887763,
    )
    part1 = cubic(
        e,
        square,
        0.19692442590412038,
        -0.15353240056277367,
        0.1068447104579569,
        -0.057758480124514955,
    )
    part2 = 0.02027741351388798 + e * -0.0033386513306387458
    return part0 + fourth * (part1 + fourth * part2)


def erf_rest(s):
    """erf(x) is right to 5.5e-9."""
    q = -0.0007767188360670496 + s * 7.070636512834144e-05
    q = -0.02683888909428609 + s * (0.00516018397888872 + s * q)
    q = -0.37612595490901385 + s * (0.11283230905211011 + s * q)
    return 0.12837916160150803 + s * q


def erfc_scaled(x):
    """From 1.125 to 4: erf(x) is right to 3.3e-8."""
    q = -0.014425986281698704 + x * 0.001048134620101731
    q = -0.29782151614923036 + x * (0.08644611385102148 + x * q)
    q = -0.9727068737971489 + x * (0.6565866755572453 + x * q)
    return 0.9684486045627736 + x * q

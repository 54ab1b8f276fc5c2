"""Numbers and polynomials of :mod:`elementary` in float64.

Each polynomial is the one whose largest error, as its comment measures it, is the smallest (Remez,
1934).
"""

from __future__ import annotations

import numpy as np

F, BITS = np.float64, np.uint64
EXPONENT = BITS(52)  # where it begins
SIGN, ONE_BITS = BITS(1 << 63), BITS(1023 << 52)
EXPONENT_BITS, FOUR_BITS = BITS(2047 << 52), BITS((2 * 1023 + 2) << 52)
INFINITY, QUIET = float("inf"), float("nan")

SMALLEST, LARGEST = -708.6, 709.9  # from here on exp is 0, and infinite
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # k * LN2_HIGH is exact
LN2_TOP, LN2_REST = LN2_HIGH, LN2_LOW
EXP_SHIFT = 1.5 * 2.0**52 + 1022.0  # k + EXP_SHIFT is a rounded sum, and its lowest bits are k's

TANH_LIMIT = 19.1  # from here on tanh is 1
TANH_SHIFT = 1.5 * 2.0**52 + 1023.0

LOG_SHIFT = BITS(ONE_BITS - F(0.5**0.5).view(BITS))  # takes sqrt(1/2) to 1
LOG_MAGIC, LOG_BIAS = BITS(1075 << 52), 2.0**52 + 1023.0  # bits of 2**52, whose lowest bit is 1

ERF_BEGINS_FAR, ERF_ENDS = 1.125, 6.0  # from there on erf is 1


def cubic(x, square, a, b, c, d):
    """``a + b x + c x**2 + d x**3``; parts of a polynomial need not wait for each other."""
    return (a + b * x) + square * (c + d * x)


def exp_rest(r):
    """(exp(r) - 1 - r) / r**2 for |r| <= ln 2 / 2: exp(r) is right to 3.7e-18."""
    square = r * r
    fourth = square * square
    part0 = cubic(
        r,
        square,
        0.5000000000000011,
        0.16666666666666413,
        0.04166666666653026,
        0.008333333333494295,
    )
    part1 = cubic(
        r,
        square,
        0.00138888889435998,
        0.00019841269506838303,
        2.4801493134288977e-05,
        2.7557586231860286e-06,
    )
    return part0 + fourth * (part1 + fourth * (2.7630234524871803e-07 + r * 2.5000078587169308e-08))


def tanh_rest(s):
    """(tanh(r) / r - 1) / r**2 for |r| <= 0.26, of s = r**2: tanh(r) is right to 7.6e-18."""
    square = s * s
    part0 = cubic(
        s,
        square,
        -0.3333333333333242,
        0.13333333332988462,
        -0.05396825352642521,
        0.021869461671803554,
    )
    part1 = (-0.00886236019161789 + s * 0.003576387399986047) + square * -0.0013075604682283339
    return part0 + square * square * part1


def log_rest(f):
    """log(1 + f) - f + f**2 / 2 for 1 + f from sqrt(1/2) to sqrt(2).

    With ``s = f / (2 + f)``, log(1 + f) is ``2 s + s R(s**2)``, right to 2.5e-18 of s, and 2 s is
    ``f - s f`` (Ng, 1993).
    """
    s, half = f / (2.0 + f), 0.5 * f * f
    z = s * s
    square = z * z
    part0 = cubic(
        z, square, 0.6666666666666734, 0.39999999999414676, 0.28571428742388794, 0.22222198572997634
    )
    part1 = (0.1818356433817337 + z * 0.153140501980634) + square * 0.14795953626782227
    return s * (half + z * (part0 + square * square * part1))


def log1p_share(e):
    """log(1 + e) / e for e from 0 to 1, as in :func:`log_rest`: right to 1.323e-18."""
    share = 1.0 / (2.0 + e)
    s = e * share
    z = s * s
    square = z * z
    fourth = square * square
    part0 = cubic(
        z, square, 0.6666666666666631, 0.40000000000157243, 0.28571428547854405, 0.222222239696879
    )
    part1 = cubic(
        z,
        square,
        0.18181743926659535,
        0.15386559883806747,
        0.13300974115912112,
        0.12106082025018322,
    )
    part2 = 0.08340119951889778 + z * 0.17018541430608708
    return 2.0 * share + share * z * (part0 + fourth * (part1 + fourth * part2))


def erf_rest(square):
    """erf(x) / x - 1 for |x| <= 1.125, of x**2: erf(x) is right to 2.4e-18."""
    q = -1.0937493270608393e-09 + square * 5.286873266182076e-11
    q = -1.63299666651293e-07 + square * (1.4535746338844433e-08 + square * q)
    q = -1.4925448991522135e-05 + square * (1.6458879569395765e-06 + square * q)
    q = -0.0008548326776342097 + square * (0.0001205532437333733 + square * q)
    q = -0.026866170644630257 + square * (0.005223977620883126 + square * q)
    q = -0.37612638903183687 + square * (0.11283791670952265 + square * q)
    return 0.12837916709551256 + square * q


def erfc_scaled(x):
    """(1 - erf(x)) * exp(x**2) from 1.125 to 6: erf(x) is right to 1.3e-17."""
    t = x - 2.5  # numbers that nearly cancel would be far from 0
    q = 1.812133987784013e-11 + t * -4.032434153705284e-12
    q = 1.5579261593327994e-10 + t * (-2.715721148667786e-11 + t * q)
    q = 3.919915439786438e-09 + t * (-9.770884673529664e-10 + t * q)
    q = 6.706830625471459e-08 + t * (-1.5902025133907065e-08 + t * q)
    q = 1.0851390656533698e-06 + t * (-2.73355353806763e-07 + t * q)
    q = 1.5962006761689848e-05 + t * (-4.2139987208974935e-06 + t * q)
    q = 0.00021101974828955527 + t * (-5.886905329408108e-05 + t * q)
    q = 0.0024670368283696694 + t * (-0.0007335909345760696 + t * q)
    q = 0.024937997086154486 + t * (-0.008001569380260106 + t * q)
    return 0.210806364061144 + t * (-0.07434734678988848 + t * q)

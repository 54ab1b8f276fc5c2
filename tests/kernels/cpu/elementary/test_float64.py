"""Numbers and polynomials in float64."""

from bpfast.kernels.cpu.elementary import float64


def test_numbers(check_numbers):
    check_numbers(float64, 11)


def test_polynomials(error):
    assert 0.0 < error(float64) < 3e-16

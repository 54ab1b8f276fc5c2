"""Numbers and polynomials in float32."""

from bpfast.kernels.cpu.elementary import float32


def test_numbers(check_numbers):
    check_numbers(float32, 8)


def test_polynomials(error):
    assert 0.0 < error(float32) < 5e-8

"""Numbers and polynomials in float32."""

import pytest
from polynomials import POLYNOMIALS, check_numbers, largest_error

from bpfast.kernels.cpu import elementary_float32


def test_numbers():
    check_numbers(elementary_float32, 8)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    assert 0.0 < largest_error(elementary_float32, name) < 5e-8

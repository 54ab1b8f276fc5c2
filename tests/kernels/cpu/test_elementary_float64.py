"""Numbers and polynomials in float64."""

import pytest
from polynomials import POLYNOMIALS, check_numbers, largest_error

from bpfast.kernels.cpu import elementary_float64


def test_numbers():
    check_numbers(elementary_float64, 11)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    assert 0.0 < largest_error(elementary_float64, name) < 3e-16

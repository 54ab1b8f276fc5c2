"""functions.js and erf.js: activations where exponentials overflow, and where erf's series ends."""

import numpy as np
import pytest

from bpfast.kernels.tables import ACTIVATIONS

pytestmark = pytest.mark.xdist_group("browser")
ZS = (-800.0, -40.0, -6.5, -1e-9, 0.0, 1e-9, 3.0, 8.6, 40.0, 800.0)


def test_tiny_and_huge_numbers_do_not_break_functions(in_javascript):
    arguments = [(name, z) for name in ACTIVATIONS for z in ZS]
    function = "([name, z]) => ACTIVATIONS[name].value(z)"
    values = in_javascript("functions", function, arguments)
    expected = [ACTIVATIONS[name].value(z) for name, z in arguments]
    # gelu's 1 + erf cancels far below zero
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-14)

"""How tests compare sweeps."""

import numpy as np


def same(result, expected):
    """All numbers are the same, to the last bit."""
    assert result.table.keys() == expected.table.keys()
    for name, column in expected.table.items():
        np.testing.assert_array_equal(result.table[name], column, name)
    np.testing.assert_array_equal(result.losses, expected.losses)
    np.testing.assert_array_equal(result.best.parameters, expected.best.parameters)

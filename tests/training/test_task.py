"""The task that kernels are given."""

import pytest
from fits import fit, population


def test_losses_that_cannot_fit_are_refused():
    with pytest.raises(MemoryError):
        fit(population(1000), epochs=10**10)

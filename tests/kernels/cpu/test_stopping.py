"""What the CPU takes back when a careless run has gone wrong."""

from typing import NamedTuple

import numba
import numpy as np

from bpfast.kernels.arguments import Stopping
from bpfast.kernels.cpu.stopping import forget


class Epochs(NamedTuple):
    """The part of a task's epochs that counts here."""

    column: np.ndarray
    epochs: int


def test_losses_behind_the_last_sound_epoch_are_forgotten():
    kept, some = np.arange(8.0).reshape(2, 4), np.zeros(2)
    parts = Stopping(some, some, some, some, some, some, kept, kept[:, :0], kept[:, :0])
    call = numba.njit(lambda parts, epochs: forget(parts, epochs, 1, 2))
    call(parts, Epochs(np.array([0, 1, 1, 2, 3]), 5))
    np.testing.assert_array_equal(kept, [[0, 1, 2, 3], [4, np.nan, np.nan, np.nan]])

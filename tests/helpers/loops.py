"""Calls of the loops that the CPU's kernels call by address."""

from ctypes import CFUNCTYPE, POINTER, c_double, c_float, c_int64

import numpy as np

from bpfast.kernels.cpu import functions
from bpfast.kernels.cpu.workspace import SCRATCH

GUARD = 77.0  # behind every array; must still be there
TOLERANCE = {
    "float32": {"rtol": 2e-6, "atol": 2e-6},
    "float64": {"rtol": 1e-13, "atol": 1e-13},
}


class Loops:
    """Calls of compiled loops with arrays of one dtype."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.pointer = POINTER({"float32": c_float, "float64": c_double}[dtype])
        self.kind = CFUNCTYPE(None, *[self.pointer] * 5, c_int64, c_int64, c_double)

    def __call__(self, address, arrays, n1, n2=0, x=0.0):
        """Call with up to five arrays; returns them as the loop left them."""
        with np.errstate(over="ignore"):  # what the dtype cannot hold is infinite
            flat = [np.append(np.asarray(a, self.dtype).ravel(), GUARD) for a in arrays]
        flat = [part.astype(self.dtype) for part in flat]
        places = [part.ctypes.data_as(self.pointer) for part in flat]
        self.kind(address)(*places, *[None] * (5 - len(places)), n1, n2, x)
        assert all(part[-1] == GUARD for part in flat)
        return [part[:-1].reshape(np.shape(a)) for part, a in zip(flat, arrays, strict=True)]

    def close(self, got, expected):
        np.testing.assert_allclose(got, expected, **TOLERANCE[self.dtype])

    def activation(self, name, z):
        """Values and slopes of an activation."""
        address = functions.activation(name, self.dtype)
        return self(address, [z, np.zeros(len(z))], len(z))

    def loss(self, name, z, t, parameter=0.0):
        """Losses of some samples, and their slopes; z and t are (outputs, samples)."""
        outputs, n = np.shape(z)
        scratch = np.zeros((SCRATCH + outputs, n))
        slopes, _, _, losses, _ = self(
            functions.loss(name, self.dtype),
            [z, t, np.ones(n), np.zeros(n), scratch],
            outputs,
            n,
            parameter,
        )
        return losses, slopes

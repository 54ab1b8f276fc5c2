"""Online steps compute what lanes compute, to the last bit of every parameter and every loss."""

import numpy as np
import pytest
from online_fits import check

import bpfast as bp
from bpfast.kernels.cpu.lanes.online import MOST_UNITS


@pytest.mark.parametrize(("activation", "decay"), [("identity", 0.0), ("leaky_relu", 0.01)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("inputs", range(1, MOST_UNITS + 1))
@pytest.mark.parametrize("hidden", range(1, MOST_UNITS + 1))
def test_every_architecture(monkeypatch, inputs, hidden, bias, dtype, activation, decay):
    mlp = bp.MLP((inputs, hidden, 1), activation, "half_squared_error", bias)
    options = {
        "optimizer": bp.SGD(learning_rate=np.geomspace(1e-3, 0.1, 19), weight_decay=decay),
        "epochs": 7,
    }
    check(monkeypatch, mlp, options, dtype=dtype)

"""What a fit holds in memory: parameters, state and data once."""

import json
import subprocess
import sys

import pytest

CODE = """
import json
import numpy as np
import bpfast as bp
from bpfast.bench.once import peak_memory

def fit(n):
    population = bp.Population(bp.MLP((2, 2, 1), "tanh"), n)
    X = np.ones((1000, 2), np.float32)
    rates = np.geomspace(1e-4, 1e-2, n)
    optimizer = bp.Adam(learning_rate=rates)
    bp.fit(population, X, X[:, :1], optimizer, epochs=1, batch_size=500, record="last",
           device="cpu", progress=False)
    return population

fit(100)
before = peak_memory()
population = fit(100_000)
print(json.dumps({"grown": peak_memory() - before, "parameters": population.parameters.nbytes}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell")
def test_a_hundred_thousand_tiny_networks():
    run = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True)
    measured = json.loads(run.stdout)
    networks = 100_000
    moments = 2 * measured["parameters"]
    # float64 or int64 for each network: rate, 5 hyperparameters twice, 3 penalties, 2 powers, tol,
    # patience, epochs, best, best epoch, loss, fold, seed, key, status, and drawing the start
    numbers = 40 * 8 * networks
    assert measured["parameters"] == 9 * 4 * networks
    # a copy of X for each network would take 800 MB
    assert measured["grown"] < measured["parameters"] + moments + numbers + (16 << 20)

"""How kernels are compiled, and that after a warm-up nothing is."""

import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from compiled import compiled
from numba.core import event

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.kernels.cpu import library
from bpfast.kernels.cpu.compile import INTERNAL, OPTIONS, inline, internal
from bpfast.kernels.tables import ACTIVATIONS
from bpfast.training.network import BUILT_IN, loss_names


def fit(layers, activation, loss, optimizer, n=3, samples=9, batch_size=4):
    X = np.random.default_rng(0).normal(size=(samples, layers[0]))
    y = np.ones((samples, layers[-1]))
    population = bp.Population(bp.MLP(layers, activation, loss), n)
    history = bp.fit(
        population,
        X,
        y / layers[-1],
        optimizer,
        epochs=2,
        batch_size=batch_size,
        validation=(X[::2], y[::2] / layers[-1]),
        patience=1,
        dropout=0.1,
        device="cpu",
        progress=False,
    )
    bp.gradients(population, X, y / layers[-1], device="cpu")
    population.predict(X, device="cpu")
    return history.plan.strategy


def test_after_a_warm_up_nothing_is_compiled(monkeypatch):
    """Neither by other processes, nor by Numba here, which tells of all that it compiles."""
    bp.warmup(("float32",))
    monkeypatch.setattr(library, "build", lambda *given: pytest.fail(f"compiles {given}"))
    with event.install_recorder("numba:compile") as recorded:
        strategies = {
            fit((3, width, 2), "tanh", "mse", bp.SGD(), n, samples, samples)
            for width, n, samples in product((1, 15, 17, 300, 900), (1, 2, 33), (9, 700))
        }
        for activation in sorted(BUILT_IN & ACTIVATIONS.keys()):
            fit((5, 6, 7, 2), activation, "huber", bp.Adam())
        for loss in sorted(BUILT_IN & {*loss_names()}):
            fit((2, 500, 4, 3), "relu", loss, bp.RMSprop(momentum=0.5))
        for optimizer in (bp.SGD(momentum=0.9, l1=0.1), bp.AdamW(clip_norm=1.0, warmup=1)):
            fit((2, 9, 2), "gelu", "mse", optimizer)
    several = {"large batch"} if cpu.thread_count() > 1 else set()
    assert strategies == {"lanes", "tiles"} | several
    assert [str(entry) for _, entry in recorded.buffer] == []


def test_after_a_warm_up_numba_is_not_even_imported():
    bp.warmup(("float32",))
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen = None\n"  # no process is started
        "import numpy as np, bpfast as bp\n"
        "X = np.linspace(-1, 1, 60).reshape(20, 3)\n"
        "for width, n in ((3, 20), (40, 3), (700, 1)):\n"
        "    networks = bp.Population(bp.MLP((3, width, 3)), n)\n"
        "    bp.fit(networks, X, X, bp.Adam(), epochs=2, device='cpu', progress=False)\n"
        "    networks.predict(X, device='cpu')\n"
        "    bp.gradients(networks, X, X, device='cpu')\n"
        "assert 'llvmlite' in sys.modules\n"
        "assert 'numba' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_options_of_functions_that_only_compiled_ones_call():
    def double(x):
        return 2.0 * x

    for made, options in ((internal(double), INTERNAL), (inline(double), OPTIONS)):
        told = made.targetoptions
        assert {name: told[name] for name in options} == options
        assert told["_nrt"] is False  # there are no objects that are counted, and freed
    assert inline(double).targetoptions["inline"] == "always"


@compiled("float64[:]", "float64[:]")
def divide_and_add(numbers, results):
    results[0] = numbers[0] / numbers[1]
    results[1] = numbers[2] + numbers[3] - numbers[2]
    for k in range(numbers.size):
        results[2] += numbers[k]


def test_arithmetic_is_numpys():
    """A division by zero raises nothing, and sums stay in their order."""
    rng, results = np.random.default_rng(0), np.zeros(3)
    numbers = np.concatenate([[1.0, 0.0, 1e30, 1.0], rng.normal(size=1000) * 1e20])
    with np.errstate(divide="raise"):
        divide_and_add(numbers, results)
    assert results.tolist() == [np.inf, 0.0, np.add.accumulate(numbers)[-1]]

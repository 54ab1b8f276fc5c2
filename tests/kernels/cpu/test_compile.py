"""What is compiled when, and where it is kept."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numba.core import event

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.kernels.cpu.compile import CacheFiles, jit
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


def test_after_a_warm_up_nothing_is_compiled():
    """Numba tells of everything that it compiles or, with a signature new here, loads."""
    bp.warmup(("float32",))
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


def test_compiled_kernels_lie_in_the_users_cache_folder(tmp_path):
    code = "from bpfast.kernels.cpu import functions; functions.activation('relu', 'float32')"
    cache = tmp_path / "cache"
    env = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    env |= {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache), "HOME": str(cache)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
    assert [path for path in cache.rglob("*.nbc") if "bpfast" in path.parts]
    bp.warmup(("float32",))
    package = Path(bp.__file__).parent
    assert not [path for path in package.rglob("*") if path.suffix in (".nbi", ".nbc")]


def test_a_folder_that_cannot_be_written_is_no_hindrance(tmp_path):
    """Kernels are then compiled for one process, and a line says so."""
    code = (
        "import logging; logging.basicConfig()\n"
        "from bpfast.kernels.cache import cache_folder\n"
        "from bpfast.kernels.cpu.compile import jit\n"
        "assert cache_folder() is None\n"
        "assert jit(lambda x: x + 1)(1) == 2\n"
    )
    blocked = tmp_path / "a file"
    blocked.write_text("")
    env = os.environ | {"NUMBA_CACHE_DIR": str(blocked)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True
    )
    assert "compiled anew in every process" in done.stderr


def test_processes_that_compile_at_the_same_time_keep_each_form_under_its_own_types(tmp_path):
    """Both read the index before either writes it, and the first one's code is written last."""
    one, other = (CacheFiles(str(tmp_path), "kernel", "stamp") for _ in range(2))

    def save_late(name, data):
        with patch.object(other, "_load_index", dict):
            other.save("float64", "code for float64")
        CacheFiles._save_data(one, name, data)

    with patch.object(one, "_save_data", save_late):
        one.save("float32", "code for float32")
    assert other.load("float64") == "code for float64"
    assert other.load("float32") is None  # it is compiled once more
    other.save("float32", "code for float32")
    for dtype in ("float32", "float64"):
        assert one.load(dtype) == f"code for {dtype}"


def test_kernels_are_kept_in_such_files():
    assert type(jit(lambda x: x)._cache._cache_file) is CacheFiles

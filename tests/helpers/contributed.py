"""What CONTRIBUTING.md adds to the tables, and how a device does with it."""

import re
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

import bpfast as bp
from bpfast.checking.differences import central_differences
from bpfast.kernels import math, tables
from bpfast.training import optimizers

TABLES = (tables.ACTIVATIONS, tables.LOSSES, tables.OPTIMIZERS)
RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2))
RATE, DECAY = 0.01, 0.1


@cache
def rows():
    """The names that the page's code makes, and what it adds to each of the tables."""
    page = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = re.search(r"## A new activation.*?```python\n(.*?)```", page, re.DOTALL)[1]
    before = [dict(table) for table in TABLES]
    names = vars(math) | vars(optimizers) | vars(tables) | {"__name__": "contributed"}
    exec(code, names)
    added = [{key: table[key] for key in table.keys() - old} for table, old in zip_tables(before)]
    remove(added)
    return names, added


@contextmanager
def contributed():
    """The names that the page's code makes; its rows are in the tables meanwhile."""
    names, added = rows()
    for table, new in zip_tables(added):
        table.update(new)
    yield names
    remove(added)


def remove(added):
    for table, new in zip_tables(added):
        for key in new:
            del table[key]


def zip_tables(parts):
    return zip(TABLES, parts, strict=True)


def network(dtype="float64"):
    mlp = bp.MLP((3, 4, 2), activation="softsign", loss="log_cosh")
    return bp.Population(mlp, 3, init="torch", dtype=dtype)


def check_on(device, names):
    """Gradients, and a step against the gradients, are those of finite differences."""
    for dtype in ("float64", "float32"):
        check = bp.check_gradients(network(dtype), X, Y, device=device)
        assert check.passed, check

    before, trained = network(), network()
    optimizer = names["SignSGD"](learning_rate=RATE, weight_decay=DECAY)
    bp.fit(trained, X, Y, optimizer, epochs=1, device=device, progress=False)
    directions = np.eye(before.mlp.n_parameters)
    gradient = np.stack(
        [
            central_differences(loss, before, np.broadcast_to(way, before.parameters.shape))
            for way in directions
        ],
        axis=1,
    )
    expected = before.parameters - RATE * np.sign(gradient + DECAY * before.parameters)
    np.testing.assert_allclose(trained.parameters, expected, rtol=1e-12, atol=1e-12)

    several = [network() for _ in range(2)]
    for where, population in zip((device, "reference"), several, strict=True):
        bp.fit(population, X, Y, optimizer, epochs=3, batch_size=3, device=where, progress=False)
    np.testing.assert_allclose(several[0].parameters, several[1].parameters, rtol=1e-9)


def loss(population):
    return bp.gradients(population, X, Y, device="reference")[0]

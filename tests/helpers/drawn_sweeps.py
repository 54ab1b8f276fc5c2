"""Random sweeps of random tables, for tests that recompute what they say."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import event, note
from hypothesis import strategies as st
from recomputed import Asked, Found, check, run


@st.composite
def tables(draw):
    """X, y and groups of a small table, well-behaved or not."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, features = draw(st.integers(24, 60)), draw(st.integers(1, 3))
    X = rng.normal(size=(rows, features)) * 10.0 ** draw(st.integers(-4, 4))
    X += draw(st.sampled_from([0.0, 100.0]))
    if features > 1 and draw(st.booleans()):
        X[:, -1] = draw(st.sampled_from([0.0, 0.1, -3.0]))  # a constant column
    if draw(st.booleans()):
        X[1::3] = X[0]  # rows that come again
    signal = X[:, 0] - X[:, 0].mean()
    noise = draw(st.sampled_from([0.1, 0.1, 3.0]))  # of which more epochs learn too much
    y = signal / (np.abs(signal).max() or 1.0) + rng.normal(size=rows) * noise
    if draw(st.booleans()):
        names = np.array(["one", "two", "three"][: draw(st.integers(2, 3))])
        y = names[(np.argsort(np.argsort(y)) * len(names)) // rows]
    elif draw(st.booleans()):
        y[0] *= 1000.0  # an outlier
    return X, y, rng.integers(0, 8, rows)


VALUES = {
    "learning_rate": ["1e-3:1e2:log", "1e-3:1e-1:log", "1e3:1e9:log", "0.01,0.3"],
    "hidden": ["3", "2x2", "none,4", "5,3x2"],
    "activation": ["relu", "tanh,relu", "elu", "sigmoid,identity"],
    "optimizer": ["adam", "sgd", "sgd,adamw", "rmsprop"],
    "batch_size": ["4", "5,64"],
    "l2": ["1e-4:1:log", "0"],
    "clip_norm": ["0.5,10"],
    "dropout": ["0:0.5"],
    "schedule": ["constant,cosine"],
}
GRID = {"learning_rate": "0.01,0.3,100", "hidden": "3,none", "batch_size": "5"}


METRIC = {True: "neg_mean_absolute_error", False: "accuracy"}  # of numbers, and of classes


@st.composite
def sweeps(draw, device):
    """A table and a sweep of it."""
    X, y, groups = draw(tables())
    options = {"target": "y", "epochs": draw(st.integers(2, 6)), "seed": draw(st.integers(0, 9))}
    options["networks"] = draw(st.integers(3, 8))
    options["sampler"] = draw(st.sampled_from(["random", "tpe", "qmc", "cmaes", "grid"]))
    if options["sampler"] == "grid":
        options |= GRID | {"networks": draw(st.integers(6, 8))}
    else:
        usual = {"learning_rate": "1e-3:1:log", "hidden": "3"}
        chosen = draw(st.sets(st.sampled_from(sorted(VALUES)), max_size=4))
        options |= usual | {name: draw(st.sampled_from(VALUES[name])) for name in sorted(chosen)}
    options["cv"] = draw(st.sampled_from([None, None, 2, 3]))
    options["test"] = draw(st.sampled_from([0.2, 0.25, 0]))
    options["validation"] = draw(st.sampled_from([None, None, 0.25]))
    numbers = y.dtype.kind == "f"
    options["metric"] = draw(st.sampled_from([None, None, "score", METRIC[numbers]]))
    options["class_weight"] = draw(st.sampled_from([None, None if numbers else "balanced"]))
    options["halving"] = draw(st.sampled_from([None, "successive", "hyperband"]))
    way = draw(st.sampled_from(["rows", "rows", "groups", "time"]))
    options["groups"] = "g" if way == "groups" else None
    if way == "time":
        options |= {"split": "time", "time_column": "x0"}
    options["device"] = device
    options = {name: value for name, value in options.items() if value is not None}
    return Asked(X, y, options, groups if way == "groups" else None)


def sweep_and_check(asked):
    note(asked.options)
    with tempfile.TemporaryDirectory() as place:
        data, folder = Path(place) / "table.csv", Path(place) / "run"
        asked.write(data)
        # beneath what is drawn, in place of the usual space
        space = folder.with_suffix(".toml")
        space.write_text('l2 = "1e-6:1e-2:log"')
        typed = [*asked.arguments(), "--space", space, "--output", folder]
        code, out, err = run("sweep", data, *typed)
        event(f"exit code {code}")
        if code == 2:
            event(err)
            assert not folder.exists(), "a refusal leaves nothing"
            return
        assert code == 0, err
        check(Found(folder, asked, out), data)

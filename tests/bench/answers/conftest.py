"""A made-up table of all kinds of columns, and results of made-up fits."""

import json

import numpy as np
import pandas as pd
import pytest

ROWS = 90


@pytest.fixture
def folder(tmp_path):
    """A folder of ``made.csv``, ``tables.json`` that describes it, and a file that nobody knows."""
    rng = np.random.default_rng(0)
    x, word = rng.normal(size=ROWS), rng.choice(["Ur", "Uruk", "Kish"], ROWS)
    frame = pd.DataFrame(
        {
            "row": np.arange(ROWS),
            "x": np.where(rng.random(ROWS) > 0.1, x, np.nan),
            "word": np.where(rng.random(ROWS) > 0.1, word, "?"),
            "open": rng.random(ROWS) > 0.5,
            "when": pd.date_range("2026-01-01", periods=ROWS, freq="7h").astype(str),
            "class": np.where(x + (word == "Ur") > 0, "yes", "no"),
            "number": 1000 + 50 * x,
        }
    )
    frame.loc[3, ["class", "number"]] = np.nan
    made = tmp_path / "made"
    made.mkdir()
    shared = {"missing": ["?"], "dates": ["when"]}
    described = {
        "sorts": {"target": "class", "task": "classes", "drop": ["row", "number"], **shared},
        "sizes": {"target": "number", "task": "numbers", "drop": ["row", "class"], **shared},
    }
    (made / "tables.json").write_text(json.dumps(described))
    for name in (*described, "unknown"):
        frame.to_csv(made / f"{name}.csv", index=False)
    return made


@pytest.fixture
def studied(tmp_path):
    """A folder as ``study_tables`` writes it: a table of classes and one of numbers."""
    rng = np.random.default_rng(0)
    x, word = rng.normal(size=240), rng.choice(["Ur", "Uruk", "Kish"], 240)
    bent = np.abs(x) + (word == "Ur")
    frame = pd.DataFrame({"x": x, "y": rng.normal(size=240), "open": rng.integers(0, 2, 240)})
    frame["word"] = np.where(rng.random(240) > 0.1, word, None)
    tables = {
        "sorts": frame.assign(kind=np.where(bent > 1, "yes", "no")),
        "sizes": frame.assign(kind=np.where(rng.random(240) > 0.02, 1000 + 50 * bent, np.nan)),
    }
    facts = []
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        task = "classification" if name == "sorts" else "regression"
        size = {"rows": 240, "columns": 5}
        source = {"package": "tablets", "path": f"{name}.clay", "version": "1.0"}
        facts.append({"name": name, "task": task, "target": "kind", **source, **size})
    (tmp_path / "tables.json").write_text(json.dumps(facts))
    return tmp_path


@pytest.fixture
def made():
    """Makes results: of each runner its losses, tables and splits of it in turn."""

    def make(table, metric="log loss", **losses):
        return [
            {
                "table": table,
                "split": split,
                "runner": runner,
                "loss": loss,
                "metric": metric,
                "constant_loss": 1.0,
                "rows": [8, 2],
                "columns": 3,
                "seconds": 2.0 * len(runner),
                "cpu_seconds": 1.0 * len(runner),
                "versions": {runner: "1.0"},
                "machine": "2 x Abacus",
            }
            for runner, each in losses.items()
            for split, loss in enumerate(each)
        ]

    return make

"""What tests of the command share."""

import numpy as np
import pytest
from typed import SMALL


@pytest.fixture
def houses(tmp_path):
    """A CSV with numbers, words, a number to predict and classes."""
    rng = np.random.default_rng(0)
    area, colour = rng.normal(size=80), rng.choice(["red", "blue"], 80)
    price = 3.0 * area + (colour == "red")
    kind = np.where(price > 0, "dear", "cheap")
    pl = pytest.importorskip("polars")
    path = tmp_path / "houses.csv"
    frame = {"area": area, "colour": colour, "price": price, "kind": kind}
    pl.DataFrame(frame).write_csv(path)
    return path


@pytest.fixture
def trained(houses, bpfast, tmp_path):
    """Sweeps for a target and gives the model's file."""
    pl = pytest.importorskip("polars")

    def sweep(target):
        frame = pl.read_csv(houses).drop("kind" if target == "price" else "price")
        frame.write_csv(tmp_path / "part.csv")
        arguments = ["part.csv", "--target", target, *SMALL, "--output", tmp_path / "run"]
        assert bpfast("sweep", *arguments)[0] == 0
        return tmp_path / "run" / "best.safetensors"

    return sweep


@pytest.fixture
def undrawn(monkeypatch):
    """Reports have figures that are not drawn, which takes most of their time."""
    figures = pytest.importorskip("bpfast.reporting.figures")
    monkeypatch.setattr(figures, "render", lambda *asked: [b"<svg ></svg>" for _ in asked[3:]])

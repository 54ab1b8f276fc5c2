"""Every example runs, says what it found, and draws its picture beside where it is run."""

import os
import runpy
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib import pyplot

from bpfast.kernels.tables import ACTIVATIONS, LOSSES

EXAMPLES = Path(__file__).parent.parent / "examples"
OWN = {**ACTIVATIONS}, {**LOSSES}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """A folder to draw into, no window, and nothing registered that outlives the example."""
    monkeypatch.chdir(tmp_path)
    pyplot.switch_backend("Agg")
    yield tmp_path
    pyplot.close("all")
    for functions, own in zip((ACTIVATIONS, LOSSES), OWN, strict=True):
        for name in set(functions) - set(own):
            del functions[name]


def run(name):
    """The names that a script leaves behind."""
    return runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def is_picture(path):
    return path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 10_000


def test_the_tutorial_by_hand(capsys):
    run("tutorial_by_hand.py")
    out = capsys.readouterr().out
    assert "step  0: prediction 0.191000, error 0.3272405" in out
    assert "step  1: prediction 0.255746" in out
    assert "after 20 steps the prediction is 0.999069" in out
    assert "bpfast has the same digits" in out


def test_learning_rates(elsewhere):
    names = run("learning_rates.py")
    rates, diverged = names["rates"], names["history"].diverged
    assert 0.01 < rates[names["k"]] < 1
    assert names["right"] == pytest.approx(names["loss"][names["k"]], rel=1e-3)
    assert diverged[-1]
    assert not diverged[0]
    assert is_picture(elsewhere / "learning_rates.png")


def test_one_model_per_sensor(capsys):
    names = run("one_model_per_sensor.py")
    assert names["suspect"] == 123
    assert np.median(names["history"].loss) < 5 * 0.02**2
    assert "sensor 123 is off by 0.2" in capsys.readouterr().out


def test_an_ensemble_is_unsure_where_nothing_was_seen(elsewhere):
    names = run("ensemble.py")
    width, known, between = names["width"], names["known"], names["between"]
    assert 1.5 * width[known].mean() < width[between].mean()
    assert is_picture(elsewhere / "ensemble.png")


def test_own_activation_and_loss(capsys):
    names = run("own_activation_and_loss.py")
    assert names["check"].passed
    out = capsys.readouterr().out
    off = [float(line.split()[4 - 1]) for line in out.splitlines() if "off by" in line]
    assert off[1] < 0.1 < off[0]


def test_the_notebook_is_kept_without_outputs_and_runs(monkeypatch):
    """In a kernel of its own, as in Jupyter."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    from traitlets.config import Config

    monkeypatch.setenv("MPLBACKEND", "agg")
    notebook = nbformat.read(EXAMPLES / "explain.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
    options = {"timeout": 300, "startup_timeout": 300}
    if os.name == "posix":  # by files: a port that is free may be taken before the kernel has it
        options["config"] = Config({"KernelManager": {"transport": "ipc"}})
    nbclient.NotebookClient(notebook, **options).execute()
    outputs = [output for cell in cells for output in cell.outputs]
    out = "".join(output.get("text", "") for output in outputs)
    assert "∂E/∂w1 = -0.22652" in out
    assert "after 20 steps: prediction 0.99907" in out
    assert "10,000 learning rates, 20 steps each" in out
    assert "all gradients agree with finite differences" in out
    assert any("<iframe" in output.get("data", {}).get("text/html", "") for output in outputs)

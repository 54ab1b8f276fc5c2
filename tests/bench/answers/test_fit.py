"""One fit, and how it is scored."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from bpfast.bench.answers import fit
from bpfast.bench.answers.runners import Runner
from bpfast.bench.answers.tables import Part


def test_losses_are_log_loss_and_root_mean_squared_error():
    X = pd.DataFrame({"x": [0, 1]})
    halves = np.full((2, 2), 0.5, np.float32)
    assert fit.loss(Part(X, np.array([0, 1]), 2), halves) == pytest.approx(np.log(2))
    assert fit.loss(Part(X, np.array([1.0, 2.0]), 0), np.array([1.0, 4.0])) == np.sqrt(2)


def test_a_constant_knows_shares_and_means():
    X = pd.DataFrame({"x": [0, 1, 2, 3]})
    found = fit.constant(Part(X, np.array([0, 0, 2, 0]), 3), 2)
    assert found.tolist() == [[0.75, 0, 0.25]] * 2
    assert fit.constant(Part(X, np.array([1.0, 2, 3, 6]), 0), 2).tolist() == [3, 3]


def test_a_fit_is_measured(folder, monkeypatch):
    def constant(train, seed):
        return lambda X: {"a": fit.constant(train, len(X)), "b": fit.constant(train, len(X)) + 1}

    made = Runner(constant, ("numpy", "no-such-package"), ("json",), ("a", "b"))
    monkeypatch.setitem(fit.RUNNERS, "made", made)
    first, second = fit.fitted("made", "sizes", 1, folder)
    assert (first["table"], first["split"], first["metric"]) == ("sizes", 1, "RMSE")
    assert (first["runner"], second["runner"]) == ("a", "b")
    assert first["loss"] == first["constant_loss"] != second["loss"]
    assert first["rows"] == [71, 18]
    assert first["seconds"] > 0
    assert first["versions"] == {"numpy": np.__version__}
    monkeypatch.setattr(sys, "argv", ["fit"])
    assert fit.installed()["no-such-package"] is None


def test_versions_are_told(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["fit"])
    fit.main()
    found = json.loads(capsys.readouterr().out)
    assert found["scikit-learn"]
    assert "lightgbm" in found
    assert found["bpfast"]

"""The study of two made-up tables."""

import json
import sys

import numpy as np
import pytest

from bpfast.bench.answers import study, study_experiments
from bpfast.bench.answers.study import Kept, lined, rounded


def few(random):
    """Networks of two kinds, and one that diverges."""
    plain = study_experiments.PLAIN | {"hidden": "8", "epochs": 3, "dropout": 0.0}
    own = {"learning_rate": 3e-3, "weight_decay": 1e-2}
    networks = [
        plain | own | {"encoding": name, "seed": seed}
        for seed in range(3)
        for name in ("scaled", "piecewise4")
    ]
    return [*networks, networks[0] | {"learning_rate": 1e30}]


@pytest.fixture
def run(studied, monkeypatch):
    """Runs the command on the made-up tables; gives back its file, and how often it trained."""
    counts = {"fits": 0, "sweeps": 0}
    fit = study.fit

    def counted(*arguments, **options):
        counts["fits"] += 1
        return fit(*arguments, **options)

    def compare(rows, names, networks):
        for name in names:
            counts["sweeps"] += 1
            about = {"table": rows.facts["name"], "space": name, "networks": networks}
            yield about | {"loss": 1 / 3, "single": 0.5}

    monkeypatch.setattr(study, "fit", counted)
    monkeypatch.setattr(study, "compare", compare)
    monkeypatch.setattr(study, "EXPERIMENTS", {"encodings": few})
    monkeypatch.setattr(study, "rival_loss", lambda *_: 2.0)
    monkeypatch.setattr(study, "version", lambda name: None if name == "catboost" else "1.0")
    output = studied / "study.json"

    def main(*arguments):
        monkeypatch.setattr(sys, "argv", ["study", *map(str, arguments), "--output", str(output)])
        study.main()
        return json.loads(output.read_text()) if output.is_file() else {}, dict(counts)

    return main


def test_a_study_is_kept_and_told(run, studied, capsys):
    tables = ("--tables", "sorts", "sizes")
    sweeps = ("--networks", 8, "--spaces", "default", "scaled inputs")
    found, counts = run(studied, *tables, *sweeps)
    assert counts == {"fits": 4, "sweeps": 4}
    for own in found["encodings"].values():
        assert own["reference"] == 2.0
        assert {*own["encodings"]} == {"scaled", "piecewise4"}
        assert np.isfinite([*own["encodings"].values()]).all()
    assert found["sweeps"][0]["loss"] == 0.3333
    assert found["rivals"] == {name: {"HistGB": 2.0} for name in ("sorts", "sizes")}
    assert found["tables"][0]["package"] == "tablets"
    assert "| piecewise4 |" in capsys.readouterr().out
    again, counts = run(studied, *tables, *sweeps)
    assert counts == {"fits": 4, "sweeps": 4}
    assert again["encodings"] == found["encodings"]
    _, counts = run(studied, *tables, "--networks", 16, "--spaces", "default")
    assert counts == {"fits": 4, "sweeps": 6}
    _, counts = run()
    assert counts["sweeps"] == 6


def test_the_space_is_tuned_on_some_tables(run, studied, monkeypatch):
    monkeypatch.setattr(study, "ONLY", {"encodings": ("sizes",)})
    found, counts = run(studied, "--experiments", "encodings")
    assert [*found["encodings"]] == ["sizes"]
    assert counts == {"fits": 2, "sweeps": 0}


def test_networks_that_diverge_are_left_out(studied, monkeypatch):
    monkeypatch.setattr(study, "rival_loss", lambda *_: 2.0)
    facts = json.loads((studied / "tables.json").read_text())[1]
    parts = study.parts_of(facts, studied, 100)
    networks = few(None)
    found = study.trained(parts, networks, 0)
    assert found.networks == networks[:-1]
    assert found.predicted[0].shape == (6, 20, 1)
    assert found.predicted[0].mean() == pytest.approx(1050, abs=60)
    assert found.curves.shape == (6, 3)


def test_numbers_have_four_digits(tmp_path):
    assert rounded({"a": [1.2345678, 3], "b": {"c": 123456.789}}) == {
        "a": [1.235, 3],
        "b": {"c": 123500.0},
    }
    kept = Kept(tmp_path / "new.json")
    kept.part("sweeps", []).append(1.00000001)
    kept.write()
    assert Kept(tmp_path / "new.json").all["sweeps"] == [1.0]


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        ({"a": {"b": [1, 2], "c": {"d": [3]}}, "e": 4.5, "f": []}, 8),
        ([{"a": 1}, {"a": 2, "b": [None]}], 9),
        ({}, 1),
    ],
)
def test_a_line_for_each_item_is_still_json(found, lines):
    text = lined(found)
    assert json.loads(text) == found
    assert len(text.splitlines()) == lines

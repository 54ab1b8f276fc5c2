"""The study's tables for people."""

import json
from pathlib import Path

from bpfast.bench.answers.study_told import told

RESULTS = Path(__file__).parents[3] / "bench/results/answers"


def rows_of(text, head):
    """Cells of the table that begins so."""
    lines = text.splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith(f"| {head} |"))
    rows = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows.append((name, cells))
    return dict(rows)


def sweep(table, space, loss, single, networks=64):
    return {"table": table, "space": space, "loss": loss, "single": single, "networks": networks}


def test_sweeps_are_beside_the_default():
    sweeps = [
        *(sweep("magic", "default", 1.0, 1.2), sweep("ames", "default", 10.0, 12.0)),
        *(sweep("magic", "scaled inputs", 1.1, 1.2), sweep("ames", "scaled inputs", 9.0, 15.0)),
        sweep("ames", "default", 8.0, 9.0, 128),
    ]
    rivals = {"magic": {"HistGB": 2.0, "CatBoost": 1.0}, "ames": {"HistGB": 10.0}}
    sweeps.append(sweep("magic", "default", 0.9, 1.0, 128))
    text = told({"sweeps": sweeps, "rivals": rivals})
    found = rows_of(text, "64 networks")
    assert found["scaled inputs"] == ["0.995 ± 0.100", "1.100", "0.900", "1 of 2"]
    assert found["default, single winner"] == ["1.200 ± 0.000", "1.200", "1.200", "0 of 2"]
    more = rows_of(text, "128 networks")["default with 64 networks"]
    assert more[1:] == ["1.111", "1.250", "0 of 2"]
    by_table = rows_of(text, "table")
    assert by_table["magic"] == ["0.500", "0.450", "0.500", "2"]
    assert by_table["ames *"] == ["1.000", "0.800", "", "10"]
    assert by_table["geometric mean"] == ["0.707", "0.600", "", ""]
    assert by_table["of the 1 that have all"] == [*by_table["magic"][:3], ""]


def test_encodings_are_beside_scaled_inputs():
    tables = {
        "magic": {"encodings": {"scaled": [1.0, 0.8], "quantile": [1.0, 0.4], "lost": [1.0, 1.0]}},
        "ames": {"encodings": {"scaled": [1.0, 0.8], "quantile": [4.0, 1.6]}},
    }
    found = rows_of(told({"encodings": tables}), "encoding")
    assert [*found] == ["scaled", "quantile"]
    assert found["quantile"] == ["2.000", "0.800", "1.000 ± 0.693", "0.500", "2.000", "1 of 2"]


def test_effects_are_means_over_tables():
    tables = {
        name: {
            "effects": {"width": {"128": [-effect, 0.0, 1.5], "64": [effect, 0.0, 0.5]}},
            "spaces": {"all": 0.5} | ({"some": 0.25} if name == "a" else {}),
            "patience": {"4": [0.05, 20.0]},
            "selection": {"the sweep's": 0.9},
        }
        for name, effect in (("a", 0.01), ("b", 0.03))
    }
    text = told({"wide": tables})
    assert "| width | 64 | +2.0 ± 1.0% | 1.000 | 0.50 |\n| width | 128 | -2.0" in text
    assert rows_of(text, "space")["some"] == ["0.250", "1", "0.250"]
    assert rows_of(text, "patience")["4"] == ["+5.0%", "20"]
    assert rows_of(text, "picked from 128")["the sweep's"] == ["0.900"]


def test_what_is_told_of_the_kept_results_is_in_their_readme():
    kept = json.loads((RESULTS / "study.json").read_text(encoding="utf-8"))
    text = (RESULTS / "README.md").read_text(encoding="utf-8")
    for table in told(kept).split("\n\n"):
        assert table in text

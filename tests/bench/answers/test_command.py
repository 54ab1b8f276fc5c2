"""``python -m bpfast.bench answers``."""

import json
import sys

import pytest

from bpfast.bench.answers import command
from bpfast.bench.answers.processes import FitError
from bpfast.bench.answers.runners import RUNNERS


@pytest.fixture
def answers(monkeypatch, capsys, made):
    """Runs the command with made-up fits: what was fitted, stdout, stderr."""
    fitted = []

    def fit_apart(python, runner, table, number, folder, limit):
        fitted.append((runner, table, number))
        if runner == "LightGBM" and table == "sizes":
            raise FitError("no memory")
        losses = {answer: [0.5] for answer in RUNNERS[runner].answers}
        metric = "RMSE" if table == "sizes" else "log loss"
        return [one | {"split": number} for one in made(table, metric, **losses)]

    versions = {package: "1.0" for one in RUNNERS.values() for package in one.packages}
    lacking = {"catboost": None, "pytabkit": None}
    elsewhere = {"other python": versions | {"catboost": None}}
    monkeypatch.setattr(command, "fit_apart", fit_apart)
    monkeypatch.setattr(
        command, "versions_in", lambda python: elsewhere.get(python, versions | lacking)
    )

    def run(*arguments):
        fitted.clear()
        monkeypatch.setattr(sys, "argv", ["answers", *map(str, arguments)])
        command.main()
        return [*fitted], *capsys.readouterr()

    return run


TABLES = ("--tables", "sizes", "sorts", "--splits", 0, 1)


def test_what_is_there_is_not_fitted_again(answers, folder, tmp_path):
    output = tmp_path / "answers.json"
    given = (folder, *TABLES, "--runners", "HistGB", "LightGBM", "--output", output)
    fitted, out, err = answers(*given)
    assert fitted[:3] == [("HistGB", "sizes", 0), ("HistGB", "sorts", 0), ("LightGBM", "sizes", 0)]
    assert len(fitted) == 8
    assert "unknown.csv is left out: tables.json may say what is asked of it" in err
    assert "sizes, split 1: LightGBM: no memory" in err
    assert "sorts, split 0: HistGB: log loss 0.5000 in 12.0 s" in err
    assert "| sorts | 10 | log loss | **0.5000** | **0.5000** |" in out
    assert len(json.loads(output.read_text())["results"]) == 8
    assert answers(*given)[0] == []
    assert len(answers(*given, "--again")[0]) == 8
    fitted, again, _ = answers("--output", output)
    assert (fitted, again) == ([], out)


def test_runners_that_are_not_installed_are_told(answers, folder):
    given = (folder, "--tables", "sorts", "--splits", 0, "--runners", "CatBoost", "RealMLP")
    fitted, out, err = answers(*given)
    assert (fitted, out) == ([], "")
    assert "RealMLP is left out: no pytabkit in" in err
    fitted, _, err = answers(*given, "--python", "other python")
    assert fitted == [("RealMLP", "sorts", 0)]
    assert "CatBoost is left out: no catboost in other python" in err


def test_both_answers_of_a_sweep_are_kept_and_may_be_chosen(answers, folder, tmp_path):
    given = (folder, "--tables", "sizes", "--splits", 0, "--runners", "bpfast", "HistGB")
    _, out, _ = answers(*given, "--plot", tmp_path / "answers.png")
    assert out.startswith("| Table | rows | loss | bpfast | bpfast, single winner | HistGB |")
    assert (tmp_path / "answers.png").stat().st_size > 1000
    _, out, _ = answers(*given, "--show", "bpfast", "HistGB")
    assert out.startswith("| Table | rows | loss | bpfast | HistGB |")


def test_runners_of_classes_alone_get_no_numbers(answers, folder):
    given = (folder, *TABLES, "--runners", "TabM, told log loss", "--python", "other python")
    assert {table for _, table, _ in answers(*given)[0]} == {"sorts"}


def test_a_table_that_is_not_there_is_refused(answers, folder):
    with pytest.raises(SystemExit, match="--tables nothing: expected some of"):
        answers(folder, "--tables", "nothing")

"""What ``bpfast sweep`` prints of a table is true of that table, whatever is in it."""

import io
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from claims import N, check_by_epoch, claims, each_table, told, value
from rich.console import Console
from typed import SMALL, asked_by

from bpfast.command import leaderboard
from bpfast.tables.dataset import dataset_of
from bpfast.tables.roles import Roles

pytest.importorskip("typer")


@each_table
def test_what_the_terminal_prints(drawn):
    file = io.StringIO()
    leaderboard.print_result(Console(file=file, width=2000), drawn.result(), top=100)
    title, parts, heads, *rows, summary = file.getvalue().rstrip("\n").split("\n")
    ranked = f"validation {drawn.label}"
    ranked = f"mean {ranked} over 3 folds" if drawn.folds else ranked
    best = f"best by {ranked}{' (less is better)' * drawn.is_loss}"
    assert title.strip() == (best if drawn.scored else f"no network has a {ranked}")
    names = re.split(r"\s{2,}", heads.strip())
    scores = 1 + bool(drawn.beside)
    assert names.count(drawn.label) == 1 + drawn.tested
    assert ("std" in names) == bool(drawn.folds)
    expected = ["validation"] * (scores + bool(drawn.folds)) + ["test"] * (scores * drawn.tested)
    assert sorted(parts.split()) == sorted(expected)
    assert ("epochs" in names) == (len({row["epochs"] for row in drawn.rows}) > 1)
    assert len(rows) == len(drawn.rows)
    for row, text in zip(drawn.rows, rows, strict=True):
        assert "nan" not in text
        is_lost = "diverged" in text
        assert is_lost == (row["fate"] == "diverged")
        assert is_lost or told(drawn.metric, row["validation_score"]) in text.split()
    check_summary(drawn, summary)


@each_table
def test_a_terminal_has_the_columns_that_it_has_room_for(drawn):
    result, printed = drawn.result(), {}
    for width in (72, 2000):
        file = io.StringIO()
        leaderboard.print_result(Console(file=file, width=width), result, top=100)
        printed[width] = file.getvalue().rstrip("\n").split("\n")[2:]
    (heads, *lines), (all_heads, *all_lines) = printed[72], printed[2000]
    assert max(map(len, lines)) <= 72
    for k, row in enumerate(drawn.rows):  # none is broken into several lines
        assert lines[k].split()[0] == all_lines[k].split()[0] == str(k + 1)
        score = told(drawn.metric, row["validation_score"])
        assert row["fate"] == "diverged" or score in lines[k].split()
    shown, known = (re.split(r"\s{2,}", own.strip()) for own in (heads, all_heads))
    left = " ".join(lines[len(drawn.rows) :]).partition("networks.csv also has ")[2]
    assert bool(left) == (shown != known)
    assert all(name in left for name in known if name not in shown)


def check_summary(drawn, text):
    count, folds, speed, diverged, early, how, when, highest, first = claims(
        rf"{N} networks?(?: on each of (\d) folds)? in 8 s: (?:{N} networks/s, )?0\.00 M "
        rf"sample-updates/s; {N} diverged(?:; {N} (let go|stopped or let go): ([^;]*))?"
        rf"(?:; {'lowest' if drawn.is_loss else 'highest'} test {drawn.label} of any: (\S+))?"
        rf"(?:; test {drawn.label} of the first, trained on all other rows: (\S+))?",
        text,
    )
    assert value(count) == len(drawn.rows)
    assert int(folds or 0) == drawn.folds
    assert bool(speed) == (not drawn.cut_short)
    networks = len(drawn.rows) * max(drawn.folds, 1)
    assert not speed or value(speed) == pytest.approx(networks / 8.0, abs=0.5)
    assert value(diverged) == len(drawn.with_fate("diverged"))
    gone = drawn.with_fate("let go", "on the way")
    assert value(early or "0") == len(gone)
    if gone:
        assert how == ("stopped or let go" if drawn.cut_short else "let go")
        check_by_epoch(when, gone)
    tests = [row["test_score"] for row in drawn.rows if drawn.tested]
    finite = [score for score in tests if np.isfinite(score)]
    assert bool(highest) == bool(finite and not drawn.folds)
    assert not highest or highest == told(drawn.metric, max(finite))
    assert bool(first) == bool(drawn.tested and drawn.folds)
    if first:
        assert first == (told(drawn.metric, tests[0]) if np.isfinite(tests[0]) else "none")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"networks": 9}, "9 networks, 5 epochs"),
        ({"networks": 1, "cv": 3, "halving": "successive"}, "1 network on each of 3 folds, up to"),
        ({"time": 90.0}, "; networks within 90 s, 5 epochs"),
        ({"time": 90.0, "cv": 3}, "; networks on each of 3 folds within 90 s, 5 epochs"),
        ({"time": 180.0, "networks": 2000}, "; up to 2,000 networks within 3 min, 5 epochs"),
    ],
)
def test_what_will_be_swept(asked, words):
    request = replace(
        asked_by("houses.csv", "--target", "price", "--epochs", 5)[0], **{"cv": None} | asked
    )
    file = io.StringIO()
    dataset = dataset_of(np.ones((4, 2)), Roles(np.arange(4.0)), name="houses")
    leaderboard.print_request(Console(file=file, width=200), dataset, request)
    assert words in file.getvalue()


@each_table
def test_what_is_said_of_an_ensemble(drawn):
    file, found = io.StringIO(), {"score": -0.25, "test_score": -0.5, "members": []}
    folds = 3 if drawn.folds else 1  # each network has a member for each fold
    found["members"] = [{"network": k // folds, "fold": k % folds} for k in range(2 * folds)]
    if not drawn.tested:
        found["test_score"] = None
    leaderboard.print_ensemble(Console(file=file, width=20), drawn.result(), found)
    score, first, tested, first_tested = claims(
        r"ensemble of 2 networks(?: on each of 3 folds)?: "
        rf"(?:mean )?validation {drawn.label}(?: over 3 folds)? (\S+) "
        rf"\(the first network's (\S+)\)(?:, test {drawn.label} (\S+) \(the first network's "
        r"(\S+)\))?",
        file.getvalue().strip(),
    )
    assert score == told(drawn.metric, -0.25)
    assert first == told(drawn.metric, drawn.rows[0]["validation_score"])
    assert bool(tested) == drawn.tested
    if tested:
        assert tested == told(drawn.metric, -0.5)
        assert first_tested == told(drawn.metric, drawn.rows[0]["test_score"])


def test_an_ensemble_is_what_is_used(tmp_path):
    file, result = io.StringIO(), SimpleNamespace(best=object())
    leaderboard.print_where(Console(file=file, width=2000), tmp_path, result)
    assert f"use it:  bpfast predict {tmp_path}/best.safetensors DATA\n" in file.getvalue()
    (tmp_path / "ensemble.safetensors").touch()
    leaderboard.print_where(Console(file=file, width=2000), tmp_path, result)
    use, alone = file.getvalue().splitlines()[-2:]
    assert use == f"use it:  bpfast predict {tmp_path}/ensemble.safetensors DATA"
    assert alone.split() == ["best.safetensors", "there", "is", "the", "first", "network", "alone"]


def test_nothing_is_said_without_an_ensemble():
    file = io.StringIO()
    leaderboard.print_ensemble(Console(file=file), SimpleNamespace(), None)
    assert file.getvalue() == ""


def test_a_pipe_gets_whole_numbers_and_lines(houses, bpfast):
    lists = ["--activation", "relu,tanh", "--optimizer", "sgd,adam", "--momentum", "0:0.9"]
    _, out, err = bpfast("sweep", houses, "--target", "kind", *SMALL, *lists)
    assert "…" not in out
    assert "lowest test" in next(line for line in out.splitlines() if "networks in" in line)
    assert err == ""

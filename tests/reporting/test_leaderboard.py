"""The ranking: its table and its sentence are true of any table of results."""

import re

import numpy as np
import pytest
from claims import N, check_cell, check_no_score, claims, each_table, same, value
from runs import make_run

from bpfast.reporting import leaderboard
from bpfast.reporting.reading import read_run
from bpfast.reporting.report import write_report


@each_table
def test_who_is_first(drawn):
    text, first = leaderboard.sentence(drawn.run()), drawn.rows[0]
    if not drawn.scored:
        check_no_score(drawn, text)
        return
    number, ranked, mean, deviation, fate, had, of, count, span, tested = claims(
        rf"Network {N} is first, with a ((?:mean )?validation \S+(?: over 3 folds)?) of {N}"
        rf"(?: \(standard deviation {N}\))?(?:; it was (let go|interrupted) after {N} of {N} "
        rf"epochs?)?(?:; the (?:scores of the )?first (\d+) (span {N}|have the same score))?\. (.*)"
        .replace(f"(span {N}|have the same score)", "(span [^ .]+.*?|have the same score)"),
        text,
    )  # fmt: skip
    assert value(number) == first["network"]
    expected = f"mean validation {drawn.metric} over 3 folds" if drawn.folds else None
    assert ranked == (expected or f"validation {drawn.metric}")
    assert value(mean) == pytest.approx(first["validation_score"], abs=6e-5)
    assert bool(deviation) == bool(drawn.folds)
    assert not deviation or same(deviation, first["validation_std"])
    fates = {"let go": "let go", "on the way": "interrupted"}
    assert fate == fates.get(first["fate"])
    assert not fate or (value(had), value(of)) == (first["epochs"], drawn.epochs)
    scores = [row["validation_score"] for row in drawn.scored[:10]]
    assert bool(count) == (len(scores) > 1)
    if count:
        assert int(count) == len(scores)
        distance = max(scores) - min(scores)
        if distance:
            assert same(span.removeprefix("span "), distance, 2)
        else:
            assert span == "have the same score"
    check_tested(drawn, first["test_score"], tested)


def check_tested(drawn, score, text):
    if not drawn.tested:
        assert text == "There was no test part: all rows had a say in what was trained or ranked."
        return
    anew, told, on = claims(
        r"(Trained anew on all rows outside the test part, it|It) (.+) on (the|that) "
        r"(?:test )?part, which the ranking never looked at\.",
        text,
    )
    assert (anew == "It") == (on == "the") == (not drawn.folds)
    if np.isfinite(score):
        assert value(told.removeprefix("scores ")) == pytest.approx(score, abs=6e-5)
    else:
        assert told == "has no finite score"


@each_table
def test_the_leaderboard(drawn):
    head, body = (
        re.findall(rf"<t{tag}[^>]*>(.*?)</t{tag}>", leaderboard.table_html(drawn.run()), re.DOTALL)
        for tag in ("head", "body")
    )
    names = re.findall(r"<th[^>]*>(.*?)</th>", head[0])
    for must, there in (("validation std", drawn.folds), ("test", drawn.tested)):
        assert (must in names) == bool(there)
    assert ("epochs" in names) == (len({row["epochs"] for row in drawn.rows}) > 1)
    rows = re.findall(r"<tr>(.*?)</tr>", body[0])
    assert len(rows) == len(drawn.rows)
    for place, (row, cells) in enumerate(zip(drawn.rows, rows, strict=True), 1):
        cells = dict(zip(names, re.findall(r"<td[^>]*>(.*?)</td>", cells), strict=True))
        assert cells.pop("rank") == str(place)
        for name, text in cells.items():
            column = {"validation": "validation_score", "test": "test_score"}.get(name)
            check_cell(text, row, column or name.replace(" ", "_"))


def test_the_leaderboard_has_the_first_networks(tmp_path):
    page = write_report(make_run(tmp_path, 60, varied=("learning_rate", "hidden")))[0]
    html = page.read_text(encoding="utf-8")
    rows = re.findall(r"<tr>(.*?)</tr>", html.split("<tbody>")[1].split("</tbody>")[0])
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    table = read_run(tmp_path).table
    assert len(cells) == 25
    for place, row in enumerate(cells):
        assert row[:2] == [str(place + 1), f"{table['validation_score'][place]:.4f}"]
        assert row[5] == table["hidden"][place]
        assert row[-1] == str(table["network"][place])
    assert "The same for every network: optimizer sgd, momentum 0.5" in html

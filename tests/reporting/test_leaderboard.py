"""The ranking: its table and its sentence are true of any table of results."""

import re

import numpy as np
from claims import N, check_cell, check_no_score, claims, each_table, same, told, value
from runs import make_run

from bpfast.reporting import leaderboard
from bpfast.reporting.page import page_html
from bpfast.reporting.reading import read_run


@each_table
def test_who_is_first(drawn):
    text, first = leaderboard.sentence(drawn.run()), drawn.rows[0]
    if not drawn.scored:
        check_no_score(drawn, text)
        return
    number, ranked, mean, deviation, beside, fate, had, of, count, span, tested = claims(
        rf"Network {N} is first: its ((?:mean )?validation .+?(?: over 3 folds)?) is {N}"
        rf"(?: \(standard deviation {N}\))?(, its .+?)?(?:; it was (let go|interrupted) after {N} "
        rf"of {N} epochs?)?(?:; the (?:scores of the )?first (\d+) "
        r"(span [^ .]+.*?|have the same score))?\. (On the test.*|There was.*)",
        text,
    )
    assert value(number) == first["network"]
    expected = f"mean validation {drawn.label} over 3 folds" if drawn.folds else None
    assert ranked == (expected or f"validation {drawn.label}")
    assert mean == told(drawn.metric, first["validation_score"])
    check_beside(drawn, "validation", beside)
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


def check_beside(drawn, part, text):
    """Accuracy or R² beside another metric, if the first has one."""
    score = drawn.rows[0][f"{part}_{drawn.beside}"] if drawn.beside else np.nan
    if np.isfinite(score):
        assert text == f", its {'R²' if drawn.beside == 'r2' else drawn.beside} {score:.4f}"
    else:
        assert not text


def check_tested(drawn, score, text):
    if not drawn.tested:
        assert text == "There was no test part: all rows had a say in what was trained or ranked."
        return
    shown, anew, said, beside = claims(
        r"On the test part, which the ranking never looked at, its (.+?)( once it is trained anew "
        r"on all other rows)? is (not finite|[^ ]+?)(, its .*)?\.",
        text,
    )
    assert shown == drawn.label
    assert bool(anew) == bool(drawn.folds)
    assert said == (told(drawn.metric, score) if np.isfinite(score) else "not finite")
    check_beside(drawn, "test", beside)


@each_table
def test_the_leaderboard(drawn):
    head, body = (
        re.findall(rf"<t{tag}[^>]*>(.*?)</t{tag}>", leaderboard.table_html(drawn.run()), re.DOTALL)
        for tag in ("head", "body")
    )
    names = re.findall(r"<th[^>]*>(.*?)</th>", head[0])
    columns = {f"validation {drawn.label}": "validation_score", f"test {drawn.label}": "test_score"}
    if drawn.beside:
        title = "R²" if drawn.beside == "r2" else drawn.beside
        parts = ("validation", "test")
        columns |= {f"{part} {title}": f"{part}_{drawn.beside}" for part in parts}
    for name in columns:
        assert (name in names) == (drawn.tested or name.startswith("validation"))
    assert ("validation std" in names) == bool(drawn.folds)
    assert ("epochs" in names) == (len({row["epochs"] for row in drawn.rows}) > 1)
    rows = re.findall(r"<tr>(.*?)</tr>", body[0])
    assert len(rows) == len(drawn.rows)
    for place, (row, cells) in enumerate(zip(drawn.rows, rows, strict=True), 1):
        cells = dict(zip(names, re.findall(r"<td[^>]*>(.*?)</td>", cells), strict=True))
        assert cells.pop("rank") == str(place)
        for name, text in cells.items():
            column = columns.get(name, name.replace(" ", "_"))
            check_cell(text, row, column, drawn.metric)


def test_the_leaderboard_has_the_first_networks(tmp_path):
    run = read_run(make_run(tmp_path, 60, varied=("learning_rate", "hidden")))
    html, table = page_html(run, []), run.table
    rows = re.findall(r"<tr>(.*?)</tr>", html.split("<tbody>")[1].split("</tbody>")[0])
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    assert len(cells) == 25
    for place, row in enumerate(cells):
        assert row[:2] == [str(place + 1), f"{table['validation_score'][place]:.4f}"]
        assert row[5] == table["hidden"][place]
        assert row[-1] == str(table["network"][place])
    assert "The same for every network: optimizer sgd, momentum 0.5" in html

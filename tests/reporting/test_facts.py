"""The facts and the protocol are true of any table of results."""

import html as markup
import re

import pytest
from claims import N, check_by_epoch, check_cell, claims, each_table, same, value
from runs import make_run

from bpfast.reporting.facts import facts_html, protocol
from bpfast.reporting.reading import read_run


@each_table
def test_how_networks_were_ranked(drawn):
    mean, metric, folds, less, groups, kind, whom, when, whole, epochs = claims(
        r"Networks are ranked by their (mean )?validation (.+?)(?: over (\d+) folds)?"
        r"( \(less is better\))?(?:, rows of the same (\w+) being in the same fold)?\."
        rf"(?: (Successive halving|Hyperband) let (.+) go early(?:: ([^.]+))?\. {N} had all {N} "
        r"epochs?\.)?",
        protocol(drawn.run()),
    )
    assert metric == drawn.label
    assert bool(less) == drawn.is_loss
    assert bool(mean) == bool(drawn.folds) == bool(folds)
    assert not folds or int(folds) == drawn.folds
    assert groups == drawn.groups
    names = {None: None, "Successive halving": "successive", "Hyperband": "hyperband"}
    assert names[kind] == drawn.halving
    if kind is None:
        return
    gone = drawn.with_fate("let go")
    assert value(whole) == sum(row["epochs"] == drawn.epochs for row in drawn.rows)
    assert value(epochs) == drawn.epochs
    if not gone:
        assert (whom, when) == ("no network", None)
        return
    assert [*map(value, claims(rf"{N} of {N} networks?", whom))] == [len(gone), len(drawn.rows)]
    check_by_epoch(when, gone)


@each_table
def test_facts(drawn):
    found = {
        markup.unescape(name): (markup.unescape(told), markup.unescape(small or ""))
        for name, told, small in re.findall(
            r"<dt>(.*?)</dt><dd>(.*?)(?:<small>(.*?)</small>)?</dd>", facts_html(drawn.run())
        )
    }
    first, epochs = drawn.rows[0], [row["epochs"] for row in drawn.rows]
    told, small = found.pop(f"Validation {drawn.label}")
    check_cell(told, first, "validation_score", drawn.metric)
    deviation, beside = claims(r"(?:mean of 3 folds, deviation ([^ ,]+))?,? ?(.+)?", small)
    assert bool(deviation) == bool(drawn.folds)
    if deviation:
        check_cell(deviation, first, "validation_std", drawn.metric)
    check_beside(drawn, "validation", beside)
    told = found.pop(f"Test {drawn.label}", None)
    assert bool(told) == drawn.tested
    if told:
        check_cell(told[0], first, "test_score", drawn.metric)
        anew, beside = claims(r"of the first(, trained anew)?(?:, (.+))?", told[1])
        assert bool(anew) == bool(drawn.folds)
        check_beside(drawn, "test", beside)
    told, small = found.pop("Networks")
    assert value(told) == len(drawn.rows)
    check_fates(drawn, small)
    if min(epochs) == drawn.epochs:
        assert found.pop("Epochs for each") == (str(drawn.epochs), "")
    else:
        told, small = found.pop("Epochs")
        ends = {str(min(epochs)), str(max(epochs))}
        assert set(told.split(" to ")) == ends
        whole = epochs.count(drawn.epochs)
        assert small == f"{whole} of {len(epochs)} had all {drawn.epochs}"
    ended = len(drawn.rows) - len(drawn.with_fate("on the way"))
    told, small = found.pop("Training time")
    assert told == "8 s"
    assert bool(small) == bool(ended)
    if ended:
        assert same(small.removesuffix(" networks/s"), ended * max(drawn.folds, 1) / 8.0)
    assert found.pop("Sample-updates/s") == ("500", "device cpu")
    assert not found


def check_beside(drawn, part, text):
    """Accuracy or R², where that is not the metric."""
    assert bool(text) == bool(drawn.beside)
    if text:
        name, cell = text.split(" ", 1)
        assert name == {"accuracy": "accuracy", "r2": "R²"}[drawn.beside]
        check_cell(cell, drawn.rows[0], f"{part}_{drawn.beside}", drawn.metric)


def check_fates(drawn, text):
    counts = dict(reversed(part.split(" ", 1)) for part in text.split(", "))
    assert value(counts.pop("diverged")) == len(drawn.with_fate("diverged"))
    for fate in ("let go", "on the way"):
        assert int(counts.pop(fate, 0)) == len(drawn.with_fate(fate))
    assert not counts


def test_rows_in_the_order_of_time_and_groups_without_folds(tmp_path):
    options = {"split": "time", "time_column": "year", "groups": "street"}
    text = protocol(read_run(make_run(tmp_path, 3, **options)))
    assert text == (
        "Networks are ranked by their validation accuracy, rows of the same street being in the "
        "same part. They learn from rows that are earlier by year than those that they are ranked "
        "and tested by."
    )
    text = protocol(read_run(make_run(tmp_path / "other", 3, **options, test_data="new.csv")))
    assert text.endswith("than those that they are ranked by.")
    older = {name.removesuffix("_column"): value for name, value in options.items()}
    assert protocol(read_run(make_run(tmp_path / "older", 3, **older, test_data="x.csv"))) == text


@pytest.mark.parametrize(
    ("transform", "told"), [("log", "log(target)"), ("log1p", "log(1 + target)"), ("none", "")]
)
def test_what_networks_are_trained_on(tmp_path, transform, told):
    settings = {"target_transform": transform, "halving": None}
    text = protocol(read_run(make_run(tmp_path, 3, settings=settings)))
    said = f". They are trained on {told}, and predict in its own units."
    assert text.endswith(said if told else "accuracy.")

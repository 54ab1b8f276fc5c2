"""Real sweeps of made-up tables."""

import json

import numpy as np
import pytest

from bpfast.bench.answers import study_sweeps
from bpfast.bench.answers.study_sweeps import EARLIER, SPACES, Rows, compare, options_of
from bpfast.sweeps.defaults import usual_space


@pytest.fixture
def rows(studied):
    facts = json.loads((studied / "tables.json").read_text())
    return {own["name"]: Rows.of(own, studied) for own in facts}


def test_rows_are_held_out_once(rows):
    own = rows["sorts"]
    assert (len(own.train), len(own.test)) == (180, 60)
    assert [len(part.y) for part in own.raw] == [180, 60]
    np.testing.assert_array_equal(own.raw[1].X["x"], own.test["x"])
    assert rows["sizes"].train["kind"].null_count() == 0


def test_every_space_is_tried_where_it_makes_sense():
    usual = usual_space(2400)
    few, some, many = (options_of(usual, count) for count in (5000, 5001, 8000))
    assert {*few} | {*many} == {*SPACES}
    assert {*few} - {*some} == {"five folds"}
    assert {*many} - {*some} == {"batches doubled", "batches halved"}
    assert many["batches doubled"]["space"]["batch_size"] == "64,128,256"
    assert many["batches halved"]["space"]["batch_size"] == "16,32,64"
    assert usual["batch_size"] == "32,64,128"
    assert some["wider"]["space"]["hidden"].count("256") == 3
    assert some["scaled inputs"]["space"] == usual | {"number_encoding": "scaled"}


@pytest.mark.parametrize("name", ["sorts", "sizes"])
def test_sweeps_are_scored_on_rows_that_they_never_saw(name, rows, monkeypatch):
    given = []

    def sweep(*arguments, **options):
        given.append(options)
        return real(*arguments, **options)

    real = study_sweeps.sweep
    monkeypatch.setattr(study_sweeps, "sweep", sweep)
    small = {"default": {"epochs": 3}, "earlier default": {"space": EARLIER, "epochs": 2}}
    monkeypatch.setattr(study_sweeps, "options_of", lambda usual, count: small)
    found = [*compare(rows[name], ["earlier default", "default", "256 epochs"], 8)]
    assert [own["space"] for own in found] == ["earlier default", "default"]
    for own in found:
        assert (own["table"], own["networks"]) == (name, 8)
        assert np.isfinite([own["loss"], own["single"]]).all()
        assert 1 <= own["members"] <= 8
    assert [own["epochs"] for own in given] == [1, 2, 3]
    assert all(own["test_data"] is rows[name].test for own in given)
    assert "space" not in given[2]


def test_nothing_is_swept_for_no_name(rows):
    assert [*compare(rows["sorts"], [], 8)] == []

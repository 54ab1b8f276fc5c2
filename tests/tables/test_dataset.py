"""Data sets of tables and arrays, and of the tables that people have."""

import numpy as np
import polars as pl
import pytest
from shared_tables import shared_table

from bpfast.tables.dataset import dataset_of
from bpfast.tables.reading.dialect import Dialect
from bpfast.tables.reading.table import read_frame
from bpfast.tables.roles import Roles

FRAME = pl.DataFrame({"x": ["1", "2", "?", "4"] * 3, "y": ["a", "b", "b", "NA"] * 3})


def test_a_table_becomes_inputs_and_a_target():
    data = dataset_of(FRAME, Roles("y"), name="letters")
    assert data.name == "letters"
    assert data.inputs["x"].to_list() == [1, 2, None] * 3
    assert (data.target.kind, data.target.classes) == ("classes", ["a", "b"])
    assert data.without_target == 3
    assert data.row_numbers.tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert data.left_out == {"y": "the target"}


def test_a_target_that_lost_rows_is_refused_with_their_number():
    table = pl.DataFrame({"x": range(9), "where": ["NA", "EU", "EU"] * 3})
    with pytest.raises(ValueError, match=r"one class only: EU; 3 rows without a target left out,"):
        dataset_of(table, Roles("where"))
    with pytest.raises(ValueError, match=r"one class only: EU$"):
        dataset_of(table.filter(pl.col("where") == "EU"), Roles("where"))


def test_an_array_becomes_inputs_as_it_is():
    X = np.arange(18.0).reshape(9, 2)
    data = dataset_of(X, Roles(np.arange(9) / 2), target_transform="log")
    assert data.inputs is X
    assert (data.target.names, data.target.transform) == (("",), "log1p")
    assert (data.without_target, data.row_numbers.tolist()) == (0, [*range(9)])
    with pytest.raises(ValueError, match="the target is not finite at index 1"):
        dataset_of(X, Roles(np.where(np.arange(9) == 1, np.nan, 0.5)))


def test_how_a_file_was_written_counts():
    frame = pl.DataFrame({"x": ["1,234", "2,345", "4,567"] * 3, "y": ["1", "2", "5"] * 3})
    dialect = Dialect(decimal=",", notes={"x": "renamed"})
    data = dataset_of(frame, Roles("y"), task="regression", dialect=dialect)
    assert data.inputs["x"].to_list()[:2] == [1.234, 2.345]
    assert data.notes["x"] == "renamed; decimal commas"
    assert data.dialect is dialect


def test_other_rows_are_like_the_first():
    data = dataset_of(FRAME, Roles("y"))
    rows = pl.DataFrame({"y": ["b", "b", "NA"], "x": ["7", "NA", "1"]})
    other = dataset_of(rows, Roles("y"), like=data)
    assert other.target.values.tolist() == [1, 1]  # no second class is needed
    assert other.inputs["x"].to_list() == [7, None]
    X, y = np.ones((9, 2)), np.repeat([0, 1, 2], 3)
    first = dataset_of(X, Roles(y))
    assert dataset_of(X[:1], Roles([2]), like=first).target.values.tolist() == [2]


def shared(name, target, drop=(), **options):
    """A data set of a shared table, read as the command does."""
    frame, dialect = read_frame(shared_table(name))
    return dataset_of(frame, Roles(target, drop=drop), dialect=dialect, **options)


def test_shared_tables_as_a_user_may_ask_for_them():
    titanic = shared("titanic", "survived", drop="alive")
    assert titanic.left_out == {"survived": "the target", "alive": "dropped"}
    assert shared("bank", "y").target.classes == ["no", "yes"]
    assert shared("horse-colic", 23).target.classes == ["1", "2", "3"]
    assert shared("taxis", "tip", target_transform="auto").target.transform == "log1p"
    assert shared("taxis", "tip,fare").target.values.shape == (6433, 2)
    labels = shared("titanic", ["survived", "alone", "sex"]).target.labels
    assert labels == {
        "survived": ["0", "1"],
        "alone": ["False", "True"],
        "sex": ["female", "male"],
    }

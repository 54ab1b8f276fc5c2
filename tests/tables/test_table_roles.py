"""The roles of a table's columns."""

import numpy as np
import polars as pl
import pytest

from bpfast.tables.known_inputs import KnownInputs
from bpfast.tables.roles import Roles
from bpfast.tables.table_roles import TypeOptions, split_table
from bpfast.tables.values import Writing

FRAME = pl.DataFrame(
    {
        "row": [str(k) for k in range(12)],
        "size": ["1,5", "?", "2,5", "3"] * 3,
        "smoker": ["yes", "no", "Yes", ""] * 3,
        "when": ["31.12.2023", "01.02.2024", "02.02.2024", "03.02.2024"] * 3,
        "house": ["a", "b", "c", "d"] * 3,
        "counts": ["1", "2", "1", "2"] * 3,
        "price": ["10", "NA", "30", "40"] * 3,
    }
)


def split(target, frame=FRAME, text=TypeOptions(), known=None, **roles):  # noqa: B008
    return split_table(frame, Roles(target, **roles), text, known)


def test_columns_go_by_their_roles():
    found = split(
        "price", groups="house", time_column="when", sample_weight="counts", drop="smoker"
    )
    assert found.inputs.columns == ["size", "when"]  # the time is an input, too
    assert found.target["price"].tolist() == [10, 30, 40] * 3
    assert found.row_numbers.tolist() == [0, 2, 3, 4, 6, 7, 8, 10, 11]
    assert found.rows == 12
    assert found.groups[:3].tolist() == ["a", "c", "d"]
    assert found.weights[:3].tolist() == [1.0, 1.0, 2.0]
    assert np.diff(found.time[:3]).tolist() == [33 * 86_400.0, 86_400.0]
    assert found.left_out == {
        "row": "row number",
        "smoker": "dropped",
        "house": "groups",
        "counts": "weights",
        "price": "the target",
    }


def test_inputs_have_types_and_notes_in_the_order_of_the_table():
    found = split(-1)
    assert [*map(str, found.inputs.dtypes)] == ["Float64", "Boolean", "Date", "String", "Int64"]
    assert found.inputs["smoker"].to_list()[:3] == [True, True, None]
    assert [*found.notes] == FRAME.columns
    assert found.notes["size"] == "decimal commas"
    assert found.notes["smoker"] == "words for true and false"
    assert found.writing["when"] == Writing("", "%d.%m.%Y", ())
    assert found.writing["size"].decimal == ","


def test_a_target_keeps_its_words():
    found = split("smoker")
    assert found.target["smoker"].tolist() == ["yes", "no", "Yes"] * 3
    assert found.rows - len(found.row_numbers) == 3


def test_rows_lack_a_target_if_a_column_of_it_does():
    found = split(["price", "size"])
    assert found.row_numbers.tolist() == [0, 2, 3, 4, 6, 7, 8, 10, 11]
    assert [*found.target] == ["price", "size"]


def test_integers_with_holes_are_no_floats():
    frame = pl.DataFrame({"x": [1, 2, 5, 3], "y": [1.0, None, float("nan"), 2.0]})
    assert split("y", frame).target["y"].tolist() == [1, 2]
    assert split("y", frame).target["y"].dtype.kind == "i"


def test_a_target_that_was_kept_small_has_the_digits_that_were_written():
    frame = pl.DataFrame({"x": [1.5, 2.5], "y": pl.Series([0.1, 0.3], dtype=pl.Float32)})
    text = TypeOptions(writing={"y": Writing(".")})
    assert split("y", frame, text).target["y"].tolist() == [0.1, 0.3]
    assert split("y", frame).target["y"].tolist() == frame["y"].to_list()


def test_values_beside_the_table_have_roles_too():
    y = np.arange(12.0)
    y[0] = np.nan
    found = split(y, groups=["a", "b"] * 6, time_column=np.arange(12), sample_weight=np.ones(12))
    assert found.target[""].tolist() == [*range(1, 12)]
    assert found.groups.tolist() == ["b", *["a", "b"] * 5]
    assert found.time.tolist() == [*range(1, 12)]
    assert "price" in found.inputs.columns
    assert split(pl.DataFrame({"a": y, "b": y})).row_numbers.tolist() == [*range(1, 12)]
    assert [*split(pl.Series("sold", y)).target] == ["sold"]
    words = split(["yes", "no", None] * 4)
    assert words.target[""].tolist() == ["yes", "no"] * 4
    masked = split(np.ma.masked_array([*range(12)], [True] + [False] * 11))
    assert masked.target[""].tolist() == [*range(1, 12)]
    huge = split([10**30, 1] * 6)
    assert huge.target[""].tolist() == [1e30, 1] * 6
    with pytest.raises(
        TypeError, match=r"groups must be a column's name, or an array .* got float"
    ):
        split("price", groups=1.5)


def test_what_the_user_says_of_columns_decides():
    found = split("price", keep="row", categorical="counts, smoker", numeric=2)
    assert found.inputs.columns[0] == "row"
    assert found.inputs["counts"].dtype == found.inputs["smoker"].dtype == pl.String
    assert (found.keep, found.numeric) == ({"row"}, {"size"})
    assert found.categorical == {"counts", "smoker"}


def test_a_list_as_long_as_the_table_is_values_or_columns_as_its_role_is():
    frame = pl.DataFrame({"x": [1, 2], "y": [1, 2], "z": [3, 4]})
    assert split(["x", "y"], frame).target[""].tolist() == ["x", "y"]
    assert [*split(("x", "y"), frame).target] == ["x", "y"]  # as the names of a known target are
    assert split("x", frame, drop=["y", "x"][:1], keep=["z", "z"]).inputs.columns == ["z"]


def test_what_was_read_before_counts():
    text = TypeOptions(["40"], None, {"size": "read before"}, {"x": Writing(",")})
    found = split("price", text=text)
    assert found.notes["size"] == "read before; decimal commas"
    assert found.writing["x"] == Writing(",")
    assert found.target["price"].tolist() == [10, 30] * 3


def test_other_rows_take_the_types_of_those_that_are_known():
    first = split("price")
    known = KnownInputs(first.inputs, first.writing)
    rows = pl.DataFrame(
        {
            "price": ["10", "20"],
            "when": ["01.02.2024", None],
            "smoker": ["yes", "yes"],
            "size": ["1,234", "7"],
            "house": ["b", "x"],
            "counts": [1, 2],
            "more": [["p"], ["q"]],
        }
    )
    found = split("price", rows, known=known)
    assert {name: found.inputs.schema[name] for name in first.inputs.columns} == {
        **first.inputs.schema,
        "counts": pl.Float64(),
    }
    assert found.inputs["size"].to_list() == [1.234, 7.0]
    assert str(found.inputs["when"][0]) == "2024-02-01"
    assert "more" not in found.inputs.columns
    with pytest.raises(ValueError, match="column 'size' has 'big' in row 1, expected numbers"):
        split("price", rows.with_columns(size=pl.lit("big")), known=known)


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"target": None}, "no target was given: name one of the columns row, size"),
        ({"target": "prize"}, "target: there is no column 'prize', but 'price'"),
        ({"target": "when"}, "the target 'when' is dates or times"),
        ({"target": "price", "groups": "price"}, "column 'price' is the target and is in groups"),
        ({"target": "price", "drop": "price"}, "column 'price' is the target and is in drop"),
        (
            {"target": "price", "time_column": "when", "drop": "when"},
            "'when' is dropped and is in time_column",
        ),
        ({"target": "price", "groups": "house,row"}, "groups takes one column, got house, row"),
        ({"target": "house", "sample_weight": "price"}, "sample_weight 'price' is missing in row"),
        ({"target": "price", "sample_weight": "house"}, "'house' is a in row 1: give numbers that"),
        (
            {"target": "price", "time_column": "house"},
            "time_column: column 'house' has 'a' in row 1, expected",
        ),
        ({"target": "price", "sample_weight": [-1] * 12}, "'sample_weight' is -1 in row 1: give"),
        ({"target": "price", "groups": [1, 2.5]}, "groups has 2 values, and the table 12 rows"),
        ({"target": np.ones(3)}, "the target has 3 values, and the table 12 rows"),
        ({"target": "price", "drop": [2, 3, 4, 5, 6]}, "no column is left to predict from: row"),
    ],
)
def test_roles_that_cannot_be_are_refused(roles, words):
    with pytest.raises(ValueError, match=words):
        split(**roles)


def test_a_table_of_one_column_may_have_another_separator():
    frame = pl.DataFrame({"a:b": ["1:2", "3:4"]})
    with pytest.raises(ValueError, match=r"has one column, 'a:b', .*: set separator if"):
        split_table(frame, Roles(1), TypeOptions())


def test_a_target_without_values_is_refused():
    frame = pl.DataFrame({"x": [1, 2], "y": ["NA", "?"]})
    with pytest.raises(ValueError, match="none of 2 rows has a target, y: give one with values"):
        split("y", frame)

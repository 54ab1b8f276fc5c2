"""Public tables, each odd in its own way: which rows train, and what each column becomes."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from shared_tables import shared_table

pytest.importorskip("polars")
pytest.importorskip("sklearn")

from bpfast.tables.dataset import dataset_of
from bpfast.tables.encoding import fit
from bpfast.tables.reading.table import read_frame
from bpfast.tables.roles import Roles


@dataclass(frozen=True)
class Expected:
    """What is right for a table.

    Attributes
    ----------
    target, drop : as a user would say it
    rows : with a target; without : left out
    kind, outputs : of the target
    left_out : columns that are no inputs, beside the target and those that are dropped
    kinds : of some columns, all others are numbers that no training row lacks
    """

    target: str | int
    rows: int
    kind: str
    outputs: int
    without: int = 0
    drop: Any = ()
    left_out: tuple[str, ...] = ()
    kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)


def columns(*numbers: int) -> tuple[str, ...]:
    """Names of columns of a table without a header."""
    return tuple(f"column_{number}" for number in numbers)


WITH_HOLES = (*range(4, 23),)
TABLES = {
    "titanic": Expected(
        *("survived", 891, "classes", 2),
        drop="alive",
        kinds={
            "words": ("sex", "embarked", "class", "who", "deck", "embark_town"),
            "holes": ("age",),
        },
    ),
    "mpg": Expected(
        *("mpg", 398, "numbers", 1),
        left_out=("name",),
        kinds={"words": ("origin",), "holes": ("horsepower",)},
    ),
    "penguins": Expected(
        *("species", 344, "classes", 3),
        kinds={
            "words": ("island", "sex"),
            "holes": ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"),
        },
    ),
    "taxis": Expected(
        *("tip", 6433, "numbers", 1),
        kinds={
            "moment": ("pickup", "dropoff"),
            "words": ("color", "payment", "pickup_borough", "dropoff_borough"),
            "target means": ("pickup_zone", "dropoff_zone"),
        },
    ),
    "churn": Expected(
        *("Exited", 10_000, "classes", 2),
        left_out=("RowNumber", "CustomerId", "Surname"),
        kinds={"words": ("Geography", "Gender")},
    ),
    "horse-colic": Expected(
        *(23, 299, "classes", 3),
        without=1,
        kinds={
            "holes": columns(*WITH_HOLES),
            "target means": columns(25),
            "words": columns(26, 27),
        },
    ),
    "auto-imports": Expected(
        *(-1, 201, "numbers", 1),
        kinds={
            "words": columns(3, 4, 5, 6, 7, 8, 9, 15, 16, 18),
            "holes": columns(2, 19, 20, 22, 23),
        },
    ),
    "german": Expected(
        *(-1, 1000, "classes", 2),
        kinds={"words": columns(1, 3, 4, 6, 7, 9, 10, 12, 14, 15, 17, 19, 20)},
    ),
    "wine-white": Expected(-1, 4898, "classes", 7),
    "phoneme": Expected(-1, 5404, "classes", 2),
    "pollution": Expected(
        *("pm2.5", 10_425, "numbers", 1), without=531, left_out=("No",), kinds={"words": ("cbwd",)}
    ),
    "hitters": Expected(
        *("Salary", 263, "numbers", 1),
        without=59,
        kinds={"words": ("League", "Division", "NewLeague")},
    ),
    "soybean": Expected("Class", 683, "classes", 19),
    "bank": Expected(
        *("y", 8237, "classes", 2),
        kinds={
            "words": (
                *("job", "marital", "education", "default", "housing", "loan", "contact"),
                *("month", "day_of_week", "poutcome"),
            )
        },
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_goes_in_as_it_is(name):
    expected = TABLES[name]
    frame, dialect = read_frame(shared_table(name))
    data = dataset_of(frame, Roles(expected.target, drop=expected.drop), dialect=dialect)
    target = data.target
    assert (target.kind, target.outputs) == (expected.kind, expected.outputs)
    assert (len(target.values), data.without_target) == (expected.rows, expected.without)
    assert len(data.inputs) == len(data.row_numbers) == expected.rows
    rows, classes = np.arange(expected.rows), len(target.classes)
    notes, left_out = data.notes, data.left_out
    fitted = fit(data.inputs, rows, target.values, classes, notes=notes, left_out=left_out)
    told = {own["column"]: own for own in fitted.encoding.describe()}
    assert [*told] == frame.columns
    dropped = {*target.names, *([expected.drop] if expected.drop else [])}
    found = {column for column, own in told.items() if own["kind"] == "left out"}
    assert found == dropped | {*expected.left_out}
    wanted = dict.fromkeys(told, "number")
    wanted |= {column: kind for kind, names in expected.kinds.items() for column in names}
    for column, own in told.items():
        if column in found:
            continue
        kind = "number" if wanted[column] == "holes" else wanted[column]
        assert own["kind"] == kind, column
        if kind == "number" and name != "soybean":  # nearly all of whose codes have holes
            assert own["inputs"] == (2 if wanted[column] == "holes" else 1), column
    assert np.isfinite(fitted.X).all()
    assert fitted.X.shape == (expected.rows, len(fitted.encoding.features))


def test_wine_can_be_a_number_too():
    frame, _ = read_frame(shared_table("wine-white"))
    target = dataset_of(frame, Roles(-1), task="regression").target
    assert (target.kind, target.values.min(), target.values.max()) == ("numbers", 3.0, 9.0)

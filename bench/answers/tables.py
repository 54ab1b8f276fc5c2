"""Tables with an answer to find: what is asked of each, how it is read, and how it is split.

Like all that a fit needs (:mod:`.fit`, :mod:`.runners`, :mod:`.preparation`), this imports nothing
of bpfast's: rivals are fitted by whatever Python has them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

CLASSES, NUMBERS = "classes", "numbers"
TEST = 0.2  # of the rows
DESCRIPTIONS = "tables.json"  # in the folder: of files that are not described here


@dataclass(frozen=True)
class Table:
    """What a file is.

    Attributes
    ----------
    target : the column that is to be predicted; without a header, columns are column_1, column_2...
    task : "classes" or "numbers"
    header : whether the first line has the columns' names
    missing : words that stand for missing values, beside what pandas takes for them
    drop : columns that say the answer, or are known only after it, or number rows or customers
    dates : columns of dates and times
    """

    target: str
    task: str
    header: bool = True
    missing: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.task not in (CLASSES, NUMBERS):
            raise ValueError(f"task is {self.task!r}, expected {CLASSES!r} or {NUMBERS!r}")


FILES = {
    "auto-imports": Table("column_26", NUMBERS, header=False, missing=("?",)),
    "bank": Table("y", CLASSES, drop=("duration",)),  # of the call that ended with y
    "churn": Table("Exited", CLASSES, drop=("RowNumber", "CustomerId", "Surname")),
    "german": Table("column_21", CLASSES, header=False),
    "hitters": Table("Salary", NUMBERS),
    # column 3 is the hospital's number of the horse
    "horse-colic": Table("column_23", CLASSES, header=False, missing=("?",), drop=("column_3",)),
    "mpg": Table("mpg", NUMBERS),
    "penguins": Table("species", CLASSES),
    "phoneme": Table("column_6", CLASSES, header=False),
    "pollution": Table("pm2.5", NUMBERS, drop=("No",)),
    "soybean": Table("Class", CLASSES),
    # the total has the tip in it
    "taxis": Table("tip", NUMBERS, drop=("total",), dates=("pickup", "dropoff")),
    "titanic": Table("survived", CLASSES, drop=("alive",)),
    "wine-white": Table("column_12", NUMBERS, header=False),
}
# scikit-learn's own
LOADED = {
    "breast_cancer": (datasets.load_breast_cancer, CLASSES),
    "diabetes": (datasets.load_diabetes, NUMBERS),
    "digits": (datasets.load_digits, CLASSES),
    "wine": (datasets.load_wine, CLASSES),
}


class Part(NamedTuple):
    """Rows of a table.

    Attributes
    ----------
    X : raw columns
    y : (rows,) class numbers from 0, or numbers
    classes : how many there are in the table, 0 for numbers
    """

    X: pd.DataFrame
    y: np.ndarray
    classes: int


def described(folder: Path | None) -> dict[str, Table]:
    """Files that are known, by their names without ``.csv``.

    A folder may describe its own in ``tables.json``: for each name a target, a task and what else a
    :class:`Table` has.

    Raises
    ------
    ValueError
        Of a description that makes no sense.
    """
    own = folder / DESCRIPTIONS if folder else None
    if own is None or not own.is_file():
        return FILES
    given: dict[str, dict[str, Any]] = json.loads(own.read_text(encoding="utf-8"))
    try:
        return FILES | {name: _table(fields) for name, fields in given.items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{own}: {error}") from None


def _table(fields: dict[str, Any]) -> Table:
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
    }
    return Table(**given)


def available(folder: Path | None) -> tuple[list[str], list[str]]:
    """Names of tables that can be read, and of files in the folder that nothing is known of."""
    known = described(folder)
    files = sorted(path.stem for path in folder.glob("*.csv")) if folder else []
    names = [name for name in files if name in known]
    return [*names, *LOADED], [name for name in files if name not in known]


def read(name: str, folder: Path | None) -> Part:
    """A whole table, without rows that have no target."""
    if name in LOADED:
        load, task = LOADED[name]
        frame, target = load(as_frame=True).frame, "target"
    else:
        assert folder is not None
        table = described(folder)[name]
        task, target = table.task, table.target
        frame = _file(folder / f"{name}.csv", table)
    frame = frame[frame[target].notna()].reset_index(drop=True)
    X, y = frame.drop(columns=target), frame[target]
    if task == NUMBERS:
        return Part(X, y.to_numpy(np.float64), 0)
    classes, numbers = np.unique(y.to_numpy(), return_inverse=True)
    return Part(X, numbers, len(classes))


def _file(path: Path, table: Table) -> pd.DataFrame:
    frame = pd.read_csv(path, header=0 if table.header else None, na_values=[*table.missing])
    if not table.header:
        frame.columns = pd.Index([f"column_{number}" for number in range(1, frame.shape[1] + 1)])
    wrong = {table.target, *table.drop, *table.dates} - {*frame.columns}
    if wrong:
        raise ValueError(f"{path} has no columns {sorted(wrong)}, it has {[*frame.columns]}")
    frame = frame.drop(columns=[*table.drop])
    for name in table.dates:
        frame[name] = pd.to_datetime(frame[name])
    return frame


def split(part: Part, seed: int) -> tuple[Part, Part]:
    """Four fifths to train on and a fifth to test with, in the same shares of classes."""
    train, test = train_test_split(
        np.arange(len(part.y)),
        test_size=TEST,
        stratify=part.y if part.classes else None,
        random_state=seed,
    )
    first, second = (
        Part(part.X.iloc[rows].reset_index(drop=True), part.y[rows], part.classes)
        for rows in (train, test)
    )
    return first, second

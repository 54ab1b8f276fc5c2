"""What an inspection found: how much columns matter, and how predictions go with their values."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...files import write_json

INSPECTION = "inspection.json"  # in a sweep's folder
NUMBERS, MOMENTS, WORDS = "numbers", "moments", "words"


@dataclass(frozen=True)
class Dependence:
    """Predictions by a column's value: all else in a row stays as it is (partial dependence).

    Attributes
    ----------
    kind : of the values: "numbers", "moments" or "words"
    values : that the column was given: numbers, ISO dates and times, or words; they are values of
        rows that were looked at
    counts : how many of those rows have each word; nothing for numbers and moments
    deciles : of those rows' numbers or moments, nine of them; nothing for words
    average : for each output a prediction for each value, the mean over rows
    individual : the same for single rows, of the only output; nothing where there are several
    missing : for each output the mean prediction where the value is missing; nothing where no row
        lacks it
    lacking : how many of those rows lack it
    """

    kind: str
    values: list[Any]
    average: list[list[float]]
    counts: list[int] = field(default_factory=list)
    deciles: list[Any] = field(default_factory=list)
    individual: list[list[float]] = field(default_factory=list)
    missing: list[float] = field(default_factory=list)
    lacking: int = 0


@dataclass(frozen=True)
class Inspection:
    """What an inspection of a model found in rows of a table.

    Attributes
    ----------
    of : "ensemble" or "best network"
    part : of the sweep, that the rows are from, such as "test"; "" for other rows
    rows : their numbers in the table, from 1, in the order in which they were drawn
    out_of : how many rows they were drawn from
    metric : scikit-learn's scoring name
    score : of predictions for the rows
    importance : for each column how much the score falls if its values are shuffled among the
        rows, once for each shuffle (Breiman, "Random Forests", 2001); NaN where it is not defined
    outputs : names of those whose predictions ``curves`` are of; one without a name is ""
    average : of each of these outputs, the mean prediction for the rows of the curves
    curve_rows : how many rows curves are means over, the first of ``rows``
    curves : by column, the most important first
    """

    of: str
    part: str
    rows: list[int]
    out_of: int
    metric: str
    score: float
    importance: dict[str, list[float]]
    outputs: list[str] = field(default_factory=list)
    average: list[float] = field(default_factory=list)
    curve_rows: int = 0
    curves: dict[str, Dependence] = field(default_factory=dict)

    @property
    def means(self) -> dict[str, float]:
        """The mean importance of each column, the greatest first; those that have none come last.

        It is of the score, of which the greater is the better: above 0 the column helps.
        """
        means = {name: sum(own) / len(own) for name, own in self.importance.items()}
        return dict(sorted(means.items(), key=lambda item: (item[1] != item[1], -item[1])))

    def save(self, folder: Path) -> None:
        """Write it into a sweep's folder."""
        plain = asdict(self)
        plain["importance"] = {
            name: [None if fall != fall else fall for fall in falls]
            for name, falls in self.importance.items()
        }
        write_json(folder / INSPECTION, plain)

    @classmethod
    def load(cls, folder: Path) -> Inspection | None:
        """What was written there; None where nothing was.

        Raises
        ------
        ValueError
            The file is damaged.
        """
        path = folder / INSPECTION
        if not path.is_file():
            return None
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            plain["importance"] = {
                name: [float("nan") if fall is None else fall for fall in falls]
                for name, falls in plain["importance"].items()
            }
            plain["curves"] = {name: Dependence(**own) for name, own in plain["curves"].items()}
            return cls(**plain)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} cannot be read: {error}") from None

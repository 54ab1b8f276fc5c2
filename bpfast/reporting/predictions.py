"""What a sweep's first network predicts for rows that it was not trained on.

``predictions.parquet`` in a sweep's folder has a row for each of these: ``row`` (its number in the
table, from 1), ``part``, ``truth`` and ``prediction`` in the target's own terms, and for classes a
``probability_CLASS`` each. Several labels or numbers have columns of their own: ``truth_NAME`` and
``prediction_NAME``, and for labels ``probability_NAME``, of the second of a label's two words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import import_optional

_polars = partial(import_optional, "polars", "cli")
PREDICTIONS = "predictions.parquet"
PARTS = ("test", "validation")  # the first that is there is looked at


@dataclass(frozen=True)
class Predictions:
    """Predictions for the rows of one part.

    Attributes
    ----------
    part : "test" or "validation"
    rows : (rows,) numbers in the table, from 1
    truth : (rows,) class numbers; (rows, labels) of 0 and 1; or (rows, outputs) numbers
    predicted : (rows, classes) or (rows, labels) probabilities; or (rows, outputs) numbers
    names : of the classes, labels or outputs; an output without a name is ""
    """

    part: str
    rows: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    names: list[str]

    def __len__(self) -> int:
        return len(self.rows)


def read_predictions(folder: Path, manifest: Mapping[str, Any]) -> Predictions | None:
    """The predictions in a sweep's folder; None where there are none of a part to look at.

    Raises
    ------
    ValueError
        The file is damaged, or lacks a column.
    """
    path, pl = folder / PREDICTIONS, _polars()
    if not path.is_file():
        return None
    try:
        frame = pl.read_parquet(path)
        parts = frame["part"].unique().to_list()
        part = next((name for name in PARTS if name in parts), None)
        if part is None:
            return None
        frame = frame.filter(pl.col("part") == part)
        truth, predicted, names = _arrays(frame, manifest)
        return Predictions(part, frame["row"].to_numpy(), truth, predicted, names)
    except (pl.exceptions.PolarsError, KeyError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


_Arrays = tuple[np.ndarray, np.ndarray, list[str]]  # truth, predictions and names


def _arrays(frame: Any, manifest: Mapping[str, Any]) -> _Arrays:
    """Truth, predictions and names of a part's rows."""
    if manifest.get("labels"):
        return _of_labels(frame, manifest["labels"])
    if manifest["classes"]:
        return _of_classes(frame, manifest["classes"])
    return _of_numbers(frame)


def _of_classes(frame: Any, classes: list[str]) -> _Arrays:
    numbers = {name: number for number, name in enumerate(classes)}
    truth = np.array([numbers[name] for name in frame["truth"].cast(_polars().String).to_list()])
    return truth, _columns(frame, [f"probability_{name}" for name in classes]), [*classes]


def _of_labels(frame: Any, labels: Mapping[str, list[str]]) -> _Arrays:
    pl = _polars()
    words = {f"truth_{name}": second for name, (_, second) in labels.items()}
    is_second = [pl.col(name).cast(pl.String) == second for name, second in words.items()]
    truth = _columns(frame.select(is_second), [*words])
    return truth, _columns(frame, [f"probability_{name}" for name in labels]), [*labels]


def _of_numbers(frame: Any) -> _Arrays:
    named = [name for name in frame.columns if name.startswith("truth_")]
    truths = named or ["truth"]
    predictions = [name.replace("truth", "prediction", 1) for name in truths]
    names = [name.removeprefix("truth_") for name in named] or [""]
    return _columns(frame, truths), _columns(frame, predictions), names


def _columns(frame: Any, names: list[str]) -> np.ndarray:
    return frame.select(names).cast(_polars().Float64).to_numpy()

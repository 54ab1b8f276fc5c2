"""How much each row counts in training: by its class, and by a weight of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..checks import check_array, check_finite, check_number
from ..errors import import_optional
from ..tables.target import Target, class_name
from .identity import fingerprint

BALANCED = "balanced"


class Weighting(NamedTuple):
    """How training rows are weighted; scores are not, as in scikit-learn.

    Attributes
    ----------
    classes : "balanced", weights by class number, or None for classes that count alike
    rows : (samples,) weights, or None for rows that count alike
    """

    classes: str | dict[int, float] | None = None
    rows: np.ndarray | None = None

    @classmethod
    def checked(cls, class_weight: Any, sample_weight: Any, target: Target) -> Weighting:
        """What a user asked for, in terms of a target.

        Raises
        ------
        TypeError, ValueError
            Weights of classes that are not there, or for numbers; weights that are negative, not
            finite, or zero in all rows.
        """
        rows = None
        if sample_weight is not None:
            rows = _check_rows(sample_weight, len(target.values))
        return cls(_check_classes(class_weight, target), rows)

    def of(self, y: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
        """Weights of some training rows, float64; balanced ones depend on these rows alone."""
        if self.classes is None:
            return None if self.rows is None else self.rows[rows]
        utils = import_optional("sklearn.utils.class_weight", "sweep")
        weights = utils.compute_sample_weight(self.classes, y[rows])
        return weights if self.rows is None else weights * self.rows[rows]

    def describe(self) -> dict[str, Any]:
        """The weights as JSON has them: of classes by their numbers, of rows by a fingerprint."""
        classes: Any = self.classes
        if isinstance(classes, dict):
            classes = {str(number): classes[number] for number in sorted(classes)}
        rows = None if self.rows is None else fingerprint(self.rows)
        return {"class_weight": classes, "sample_weight": rows}


def _check_classes(class_weight: Any, target: Target) -> str | dict[int, float] | None:
    if class_weight is None:
        return None
    if target.kind != "classes":
        raise ValueError(f"class_weight is for a target of classes, this one is of {target.kind}")
    if class_weight == BALANCED:
        return BALANCED
    if not isinstance(class_weight, Mapping):
        raise TypeError(
            f"class_weight must be {BALANCED!r}, or a dict of classes to weights, got "
            f"{class_weight!r}"
        )
    numbers = {class_name(name): number for number, name in enumerate(target.classes)}
    unknown = [label for label in class_weight if class_name(label) not in numbers]
    if unknown:
        raise ValueError(
            f"class_weight has {unknown[0]!r}, which is no class; they are "
            f"{', '.join(target.classes)}"
        )
    weights = {
        numbers[class_name(label)]: check_number(f"class_weight[{label!r}]", weight, 0.0)
        for label, weight in class_weight.items()
    }
    if len(weights) == len(numbers) and not any(weights.values()):
        raise ValueError("class_weight is 0 for every class: nothing would be learned")
    return weights


def _check_rows(sample_weight: Any, samples: int) -> np.ndarray:
    weights = check_array("sample_weight", sample_weight, np.float64)
    if weights.shape != (samples,):
        raise ValueError(f"sample_weight has shape {weights.shape}, expected ({samples},)")
    if (check_finite("sample_weight", weights) < 0).any():
        raise ValueError(f"sample_weight must not be negative, got {weights.min():g}")
    if not weights.any():
        raise ValueError("sample_weight is 0 in every row: nothing would be learned")
    return weights

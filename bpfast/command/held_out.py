"""What a sweep's best network predicts for rows that it was not trained on, beside the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..sweeps.parts import SweepData
from ..sweeps.preparation import Part
from ..tables.model import Model
from ..tables.predictions import tabulate_outputs
from ..tables.target import Target

if TYPE_CHECKING:
    import polars as pl

TRUTH = "truth"


def predict_held_out(model: Model, data: SweepData, device: str) -> pl.DataFrame | None:
    """A table of the validation and the test part; None where there is neither.

    In a cross-validation each fold has a validation part of its own, on which the best network is
    trained in the end: there the test part is all.
    """
    import polars as pl

    frames = [_beside_truth(name, part, model, data, device) for name, part in _parts(data)]
    return pl.concat(frames) if frames else None


def _parts(data: SweepData) -> Iterator[tuple[str, Part]]:
    if not data.refits:
        yield "validation", data.folds.validation[0]
    if len(data.test.X):
        yield "test", data.test


def _beside_truth(
    name: str, part: Part, model: Model, data: SweepData, device: str
) -> pl.DataFrame:
    import polars as pl

    inputs = model.input_info.expand(part.X, part.X.dtype)
    outputs = model.population.predict(inputs, device)[0]
    head = pl.DataFrame({"row": data.rows[name] + 1, "part": [name] * len(part.X)})
    truth = pl.DataFrame(true_columns(data.target, part.target))
    predicted = tabulate_outputs(model.target_info, outputs)
    return pl.concat([head, truth, predicted], how="horizontal")


def true_columns(target: Target, values: np.ndarray) -> dict[str, np.ndarray]:
    """Values of a target in its own terms, in a column or one for each output."""
    if target.classes:
        return {TRUTH: np.array(target.classes)[values]}
    if target.labels:
        numbers = zip(target.labels.items(), values.T.astype(int), strict=True)
        return {f"{TRUTH}_{name}": np.array(words)[own] for (name, words), own in numbers}
    if values.ndim == 1:
        return {TRUTH: values}
    return {f"{TRUTH}_{name}": own for name, own in zip(target.names, values.T, strict=True)}

"""What is found in training rows: it makes inputs and targets of them, and of any other rows."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..tables.dataset import Dataset
from ..tables.encoding import Encoding, encode_scaled, fit
from ..tables.encoding.expansion import Expansion
from ..tables.input_info import InputInfo
from ..tables.scaling import Scaler
from ..tables.target import scaler_of
from .weights import Weighting


class Part(NamedTuple):
    """Samples of a part.

    Attributes
    ----------
    X : (rows, inputs) float32, encoded and scaled
    y : what outputs are compared with: class numbers, labels of 0 and 1, or numbers on the scale
        that they are trained on
    target : the target in its own units
    weights : (rows,) of training rows; None where all count alike
    """

    X: np.ndarray
    y: np.ndarray
    target: np.ndarray
    weights: np.ndarray | None = None

    def cut(self, first: int, last: int) -> Part:
        """Rows from the first to before the last."""
        own = slice(first, last)
        weights = None if self.weights is None else self.weights[own]
        return Part(self.X[own], self.y[own], self.target[own], weights)

    def padded(self, inputs: int) -> Part:
        """The part with inputs of zeros after its own."""
        lacking = inputs - self.X.shape[1]
        return self._replace(X=np.pad(self.X, ((0, 0), (0, lacking)))) if lacking else self

    def expanded(self, expansion: Expansion | None) -> Part:
        """The part with what its inputs become."""
        return self if expansion is None else self._replace(X=expansion.apply(self.X))


class Preparation(NamedTuple):
    """What was found in training rows: it makes inputs and targets of any rows.

    Attributes
    ----------
    encoding, scaler : of the inputs
    target_scaler : None for classes and labels
    expansion : what scaled inputs become; None where they stay as they are
    """

    encoding: Encoding
    scaler: Scaler
    target_scaler: Scaler | None
    expansion: Expansion | None = None

    @property
    def inputs(self) -> int:
        """How many inputs there are."""
        lines = self.encoding.features if self.expansion is None else self.expansion.lines
        return len(lines)

    @property
    def input_info(self) -> InputInfo:
        """How a table becomes inputs."""
        return InputInfo(self.encoding, self.scaler, self.expansion)

    def expanded(self, name: str, X: np.ndarray) -> Preparation:
        """The same with a number encoding, found in training rows' scaled inputs."""
        return self._replace(expansion=Expansion.fit(name, X, self.encoding.bounded))

    def part(self, dataset: Dataset, rows: np.ndarray) -> Part:
        """Some rows of a data set, which need not be the one that it was found in."""
        X = encode_scaled(self.encoding, self.scaler, dataset.inputs, rows)
        target = dataset.target
        y = replace(target, values=target.values[rows]).transformed()
        return Part(X, self.scale(y), target.values[rows]).expanded(self.expansion)

    def scale(self, y: np.ndarray) -> np.ndarray:
        """A target, transformed, as networks are trained on it."""
        return y if self.target_scaler is None else self.target_scaler.apply(y)


class Preparer(NamedTuple):
    """Finds encodings in rows of a data set.

    Attributes
    ----------
    dataset : Dataset
    weighting : how training rows count
    seed : of the folds that means of the target are cross-fitted in
    """

    dataset: Dataset
    weighting: Weighting
    seed: int

    def prepare(self, rows: np.ndarray) -> tuple[Preparation, Part]:
        """What is found in training rows, and their part.

        Raises
        ------
        ValueError
            No column is left as an input.
        """
        data, target = self.dataset, self.dataset.target
        y = target.transformed()
        fitted = fit(
            data.inputs,
            rows,
            y,
            len(target.classes),
            outputs=target.classes or target.names,
            numeric=data.numeric,
            categorical=data.categorical,
            keep=data.keep,
            notes=data.notes,
            writing=data.writing,
            left_out=data.left_out,
            seed=self.seed,
        )
        if not fitted.encoding.features:
            why = "; ".join(f"{own['column']}: {own['done']}" for own in fitted.encoding.describe())
            raise ValueError(f"no column is left to predict from ({why}): keep one")
        target_scaler = None
        if target.kind == "numbers":
            target_scaler = scaler_of(target.values[rows], target.transform)
        found = Preparation(fitted.encoding, fitted.scaler, target_scaler)
        weights = self.weighting.of(target.values, rows)
        return found, Part(fitted.X, found.scale(y[rows]), target.values[rows], weights)

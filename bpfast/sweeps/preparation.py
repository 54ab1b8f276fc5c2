"""What is found in training rows: it makes inputs and targets of them, and of any other rows."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..tables.dataset import Dataset
from ..tables.encoding import Encoding, encode_scaled, fit
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

    def head(self, rows: int) -> Part:
        """The first rows."""
        weights = None if self.weights is None else self.weights[:rows]
        return Part(self.X[:rows], self.y[:rows], self.target[:rows], weights)

    def padded(self, inputs: int) -> Part:
        """The part with inputs of zeros after its own."""
        lacking = inputs - self.X.shape[1]
        return self._replace(X=np.pad(self.X, ((0, 0), (0, lacking)))) if lacking else self


class Preparation(NamedTuple):
    """What was found in training rows: it makes inputs and targets of any rows.

    Attributes
    ----------
    encoding, scaler : of the inputs
    target_scaler : None for classes and labels
    """

    encoding: Encoding
    scaler: Scaler
    target_scaler: Scaler | None

    def part(self, dataset: Dataset, rows: np.ndarray) -> Part:
        """Some rows of a data set, which need not be the one that it was found in."""
        X = encode_scaled(self.encoding, self.scaler, dataset.inputs, rows)
        target = dataset.target
        y = replace(target, values=target.values[rows]).transformed()
        return Part(X, self.scale(y), target.values[rows])

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

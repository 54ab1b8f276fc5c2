"""A data set: samples with a target, and what their columns mean."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .columns import Columns, feature_names


@dataclass(frozen=True)
class Dataset:
    """Samples with a target.

    Attributes
    ----------
    name : what the data are called
    X : (samples, features) float64
    y : (samples,) class numbers, or (samples,) float64
    columns : the columns that X was made of
    classes : the classes' names, empty for regression
    groups : (samples,) of any dtype: rows of one group belong together; None for no groups
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    columns: Columns
    classes: list[str] = field(default_factory=list)
    groups: np.ndarray | None = None

    @property
    def features(self) -> list[str]:
        """Names of the columns of X."""
        return feature_names(self.columns)

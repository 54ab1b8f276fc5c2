"""Columns that are no inputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .column import Column


@dataclass(frozen=True, kw_only=True)
class LeftOut(Column):
    """A column that no input is made of.

    Parameters
    ----------
    reason : why it was left out
    before : whether it was left out of the table before, as the target and row numbers are, so
        that it is not among the columns of an array that is encoded
    """

    reason: str
    before: bool = False
    kind: ClassVar[str] = "left out"

    @property
    def features(self) -> list[str]:
        return []

    @property
    def bounded(self) -> list[bool]:
        return []

    @property
    def done(self) -> str:
        return self.reason

    def inputs(self, values) -> Iterable[np.ndarray]:
        return ()

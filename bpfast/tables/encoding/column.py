"""A column of a table, and the inputs that it is encoded as."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..scaling import Scaler


@dataclass(frozen=True, kw_only=True)
class Column(ABC):
    """A column of a table, and the inputs that it is encoded as.

    A column is plain data. It is applied by NumPy and polars and not by the transformers of
    scikit-learn that found it: those are saved as pickles only, which a model must do without.

    Parameters
    ----------
    name : the column's name
    note : what was done with its values before, such as "percent signs taken off", or ""
    marks : words that stand for missing values in it, beside the usual ones

    Attributes
    ----------
    kind : "number", "words", "target means", "moment" or "left out"
    features : names of the inputs, such as "age" and "age is missing"
    bounded : for each input whether it stays from -1 to 1
    done : what is done with the column, as a person reads it
    """

    name: str
    note: str = ""
    marks: tuple[str, ...] = ()
    kind: ClassVar[str]

    @property
    @abstractmethod
    def features(self) -> list[str]: ...

    @property
    @abstractmethod
    def bounded(self) -> list[bool]: ...

    @property
    @abstractmethod
    def done(self) -> str: ...

    @abstractmethod
    def inputs(self, values) -> Iterable[np.ndarray]:
        """The inputs for a polars ``Series`` or an array, each (rows,) float64, one at a time.

        Raises
        ------
        ValueError
            Text where a number or a moment is expected; the message names column, row and value.
        """

    def encode(self, values) -> np.ndarray:
        """The inputs side by side, (rows, inputs) float64."""
        encoded = np.empty((len(values), len(self.features)))
        for k, numbers in enumerate(self.inputs(values)):
            encoded[:, k] = numbers
        return encoded

    def write_scaled(self, X: np.ndarray, values, scaler: Scaler) -> None:
        """Write the inputs, scaled, into X (rows, inputs) float32."""
        with np.errstate(over="ignore"):  # what float32 does not hold is infinite
            for k, numbers in enumerate(self.inputs(values)):
                X[:, k] = (numbers - scaler.mean[k]) / scaler.scale[k]

    def to_plain(self) -> dict[str, Any]:
        """All of the column for JSON."""
        return {"kind": self.kind} | asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Column:
        """What :meth:`to_plain` described.

        Raises
        ------
        ValueError
            A kind of column that this version does not have.
        """
        kinds = {kind.kind: kind for kind in _subclasses(Column) if hasattr(kind, "kind")}
        kind = kinds.get(plain["kind"])
        if kind is None:
            raise ValueError(
                f"column {plain['name']!r} is of kind {plain['kind']!r}, expected one of "
                f"{', '.join(kinds)}: it was written by a later version of bpfast"
            )
        known = {field.name for field in fields(kind)}
        return kind(**{key: _as_tuples(plain[key]) for key in plain if key in known})


class FittedColumn(NamedTuple):
    """A column, the scaler of its inputs, and what only the training rows have.

    Attributes
    ----------
    column : what was found
    scaler : of the column's inputs
    cross_fitted : the training rows' scaled inputs (rows, inputs) float32, where they are others
        than the column encodes
    """

    column: Column
    scaler: Scaler
    cross_fitted: np.ndarray | None = None


def _subclasses(parent: type) -> Iterator[Any]:
    children: list[type] = parent.__subclasses__()
    for child in children:
        yield child
        yield from _subclasses(child)


def _as_tuples(value: Any) -> Any:
    """JSON's lists as tuples, which frozen dataclasses hold."""
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list) else value

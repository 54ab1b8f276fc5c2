"""A column of a table, and the inputs that it is encoded as."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..scaling import Scaler

# A word in fewer of the training rows than this share is rare.
RARE = 0.005
# The least deviation that an input of zeros and ones is divided by: that of one which is 1 in a
# share of RARE. Divided by its own, the one row in a million that lacks a number would be a
# thousand, and what a network learns from that row would throw it off.
LEAST_FLAG_SCALE = float(np.sqrt(RARE * (1.0 - RARE)))


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
    flags : for each input whether it is 0 or 1
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
    def flags(self) -> list[bool]: ...

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
        """What :meth:`to_plain` described."""
        kinds = {kind.kind: kind for kind in _subclasses(Column) if hasattr(kind, "kind")}
        kind = kinds[plain["kind"]]
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


def fit_scaler(inputs: Iterable[np.ndarray], flags: list[bool]) -> Scaler:
    """The scaler of inputs, (rows,) each, whose scale is not too small for zeros and ones."""
    scalers = [Scaler.of(values) for values in inputs]
    deviation = np.array([float(scaler.scale) for scaler in scalers])
    return Scaler(
        np.array([float(scaler.mean) for scaler in scalers]), bound_scale(deviation, flags)
    )


def bound_scale(deviations: np.ndarray, flags: list[bool] | np.ndarray) -> np.ndarray:
    """Scales for inputs of some standard deviations: not too small for zeros and ones."""
    return np.where(flags, np.maximum(deviations, LEAST_FLAG_SCALE), deviations)


def scale(encoded: np.ndarray, scaler: Scaler) -> np.ndarray:
    """Inputs, scaled, in float32: what that does not hold is infinite."""
    with np.errstate(over="ignore"):
        return scaler.apply(encoded).astype(np.float32)


def missing_in_all(rows: int) -> str:
    """Why a column without values is left out."""
    return f"missing in each of {count(rows, 'training row')}"


def same_in_all(value: str, rows: int) -> str:
    """Why a column of a single value is left out."""
    return f"{value} in each of {count(rows, 'training row')}"


def count(number: int, noun: str) -> str:
    """A number of things, as in "1 word" and "2,300 words"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _subclasses(parent: type) -> Iterator[Any]:
    children: list[type] = parent.__subclasses__()
    for child in children:
        yield child
        yield from _subclasses(child)


def _as_tuples(value: Any) -> Any:
    """JSON's lists as tuples, which frozen dataclasses hold."""
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list) else value

"""What a model knows of its inputs: it turns a table's rows into what its network takes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import check_array
from ..training.network import MLP
from .encoding.encoding import Encoding
from .encoding.expansion import Expansion
from .encoding.fitting import encode_scaled
from .encoding.number import Number
from .reading.frames import as_frame, is_table
from .scaling import Scaler


@dataclass(frozen=True)
class InputInfo:
    """How a table becomes the inputs of a network.

    Parameters
    ----------
    encoding : what each of the table's columns is encoded as
    scaler : of what they are encoded as
    expansion : what becomes of them once they are scaled, or None where they stay so
    """

    encoding: Encoding
    scaler: Scaler
    expansion: Expansion | None = None

    @property
    def features(self) -> list[str]:
        """Names of the network's inputs, such as "area", "area bin 2" and "colour=red"."""
        names = self.encoding.features
        return names if self.expansion is None else self.expansion.features(names)

    def check(self, mlp: MLP) -> None:
        """Raise ``ValueError`` where a network does not take these inputs."""
        made = columns = len(self.encoding.features)
        if self.expansion is not None:
            made = len(self.expansion.lines)
            least = 1 + max((line.source for line in self.expansion.lines), default=-1)
            if columns < least:
                raise ValueError(f"expansion is of at least {least} inputs, columns make {columns}")
        if made != mlp.inputs:
            raise ValueError(f"columns make {made} inputs, the network has {mlp.inputs}")
        if np.shape(self.scaler.mean) != (columns,):
            raise ValueError(
                f"scaler is for {np.size(self.scaler.mean)} inputs, columns make {columns}"
            )

    def encode(self, X: Any, dtype: Any = np.float64) -> np.ndarray:
        """The network's inputs, (rows, inputs) of its dtype.

        Parameters
        ----------
        X : a table with at least the columns that are used, in any order; or an array of the
            columns in their order; or an array of numbers that is encoded already, (rows, inputs),
            but not scaled or expanded

        Raises
        ------
        TypeError, ValueError
            No table and no array of two dimensions; a column that is not there; text for a number;
            a number that is too far from the training rows' for the dtype.
        """
        if self.expansion is None:
            return self.scaled(X, dtype)
        return self.expand(self.scaled(X, np.float32), dtype)

    def expand(self, scaled: np.ndarray, dtype: Any) -> np.ndarray:
        """The network's inputs, of a dtype, for rows of :meth:`scaled`."""
        expanded = scaled if self.expansion is None else self.expansion.apply(scaled)
        return expanded.astype(dtype, copy=False)

    def scaled(self, X: Any, dtype: Any) -> np.ndarray:
        """What comes before the expansion, which takes float32; as :meth:`encode`."""
        encoding, table = self._match(X)
        if dtype == np.float32:  # column by column, as a float64 array of all is twice as large
            encoded = encode_scaled(encoding, self.scaler, table, np.arange(len(table)))
        else:
            encoded = self.scaler.apply(encoding.encode(table))
        _check_range(encoded, encoding.features)
        return encoded

    def _match(self, X: Any) -> tuple[Encoding, Any]:
        """X as a frame or an array that an encoding takes, and the encoding."""
        if isinstance(X, (str, Path)):
            raise TypeError(f"X is {str(X)!r}: if it is a file, give bpfast.read_table({str(X)!r})")
        if hasattr(type(X), "collect_schema"):
            X = as_frame(X)  # polars' lazy frames are no arrays, and warn where names are asked for
        names = [column.name for column in self.encoding.of_array]
        features = self.encoding.features
        if is_table(X) and not (is_array(self.encoding) and _has_other_names(X, names)):
            return self.encoding, as_frame(X)
        if _has_text_or_moments(X):
            X = np.asarray(X, dtype=object)
            _check_shape(X, {len(names)})
            return self.encoding, as_frame(dict(zip(names, X.T, strict=True)))
        X = check_array("X", X, np.float64)
        _check_shape(X, {len(names), len(features)})
        return self.encoding if X.shape[1] == len(names) else _of_numbers(features), X


def is_array(encoding: Encoding) -> bool:
    """Whether the columns are an array's, which are called x0, x1, ..."""
    return all(
        isinstance(column, Number) and column.name == f"x{k}"
        for k, column in enumerate(encoding.columns)
    )


def _has_other_names(X: Any, names: list[str]) -> bool:
    """Whether X is a frame with none of the names. Its columns may stand for an array's then."""
    return hasattr(X, "columns") and not {*map(str, X.columns)} & {*names}


def _of_numbers(features: list[str]) -> Encoding:
    """The encoding of an array that is encoded already: numbers stay as they are."""
    return Encoding(tuple(Number(name=name, median=None) for name in features))


def _has_text_or_moments(X: Any) -> bool:
    """Whether an array, or a list of rows, holds more than numbers and ``None``."""
    if not hasattr(X, "dtype"):
        with suppress(ValueError):  # check_array refuses rows of different lengths in words
            X = np.asarray(X)
    kind = getattr(getattr(X, "dtype", None), "kind", "")
    if kind == "O":
        return not all(cell is None or isinstance(cell, Real) for cell in np.asarray(X).flat)
    return kind in ("U", "S", "T", "M")


def _check_range(encoded: np.ndarray, features: list[str]) -> None:
    """Refuse inputs that are infinite once they are scaled."""
    infinite = np.isinf(encoded)
    if infinite.any():
        row, k = np.argwhere(infinite)[0]
        raise ValueError(
            f"{features[k]!r} is too far from the training rows' numbers in row {row + 1}: leave "
            "it empty, or the row out"
        )


def _check_shape(X: np.ndarray, widths: set[int]) -> None:
    if X.ndim != 2 or X.shape[1] not in widths:
        expected = " or ".join(f"(samples, {width})" for width in sorted(widths))
        raise ValueError(f"X has shape {X.shape}, expected {expected}")

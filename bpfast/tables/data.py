"""Data for a sweep or a prediction: read, checked, cut into parts and scaled."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import check_choice
from ..errors import import_optional, missing_extra

BUILT_IN = ("digits", "breast_cancer", "wine", "diabetes", "iris")
TASKS = ("auto", "classification", "regression")
MOST_CLASSES = 100  # different numbers in a target that is still taken for classes
MOST_CATEGORIES = 50  # different words in a column that is turned into columns of 0 and 1
LEAST_ROWS = 3  # of a class, on average: training, validation and test want one each
STDIO = "-"  # in place of a file: CSV from standard input or to standard output
Columns = Mapping[str, list[str]]  # a table's columns, each with its categories; none for numbers
MISSING = {"", "?", "-", ".", "na", "n/a", "nan", "nil", "none", "null", "missing"}  # among numbers


@dataclass(frozen=True)
class Dataset:
    """Samples with a target.

    Attributes
    ----------
    name : what the data is called
    X : (samples, features) float64
    y : (samples,) class numbers, or (samples,) float64
    columns : the columns that X was made of, in order, each with its categories: a column of X
        for each of them, or one column of X for an empty list, of numbers
    classes : the classes' names, empty for regression
    groups : (samples,) of any kind, rows that belong together; None if nothing says so
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
        return features(self.columns)


def features(columns: Columns) -> list[str]:
    """Names of the inputs that columns are turned into."""
    return [
        name
        for column, categories in columns.items()
        for name in ([f"{column}={category}" for category in categories] or [column])
    ]


@dataclass(frozen=True)
class Parts:
    """Row numbers of the training, validation and test part."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def read(
    source: str, target: str | None = None, task: str = "auto", groups: str | None = None
) -> Dataset:
    """Read a data set.

    Parameters
    ----------
    source : a CSV, Parquet or NPZ file, or digits, breast_cancer, wine, diabetes, iris
    target : the target's column, or array in an NPZ file (there "y" if not given)
    task : "classification", "regression", or "auto" to see from the target
    groups : the column, or array in an NPZ file, that says which rows belong together

    Raises
    ------
    ValueError, OSError, ImportError
        A file or column that is not there, missing values, text that is no number.
    """
    check_choice("task", task, TASKS)
    if source in BUILT_IN:
        return _built_in(source, target, task, groups)
    path = _file(source)
    if path.suffix == ".npz":
        X, y, columns, together = _read_npz(path, target or "y", groups)
    else:
        X, y, columns, together = _read_table(path, target, groups)
    if y.dtype.kind == "f":
        _check_missing(source, y[:, None], [target or "y"])
    numbers, classes = check_target(y, task)
    return Dataset(path.stem, X, numbers, columns, classes, together)


def read_inputs(source: str, columns: Columns) -> np.ndarray:
    """Read what a model predicts from.

    Parameters
    ----------
    source : as for :func:`read`, or "-" for CSV from standard input
    columns : what the model was trained with. They are found by name, whatever their order and
        what is beside them; an NPZ file's X has no names, and is taken as it is.

    Returns
    -------
    (samples, inputs) float64

    Raises
    ------
    ValueError, OSError, ImportError
        A file or column that is not there, no rows, missing values, text that is no number, a
        category that the model was not trained with.
    """
    if source.endswith(".npz"):
        return _npz_inputs(source, _arrays(_file(source)), features(columns))
    frame = _frame(source, [name for name, categories in columns.items() if categories])
    source = _called(source)
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ValueError(
            f"{source} lacks {_counted(missing)}, of the {len(columns)} columns that the model "
            f"was trained with; its columns are {_counted(frame.columns)}"
        )
    if frame.height == 0:
        raise ValueError(f"{source} has no rows")
    _check_nulls(source, frame[list(columns)])
    inputs = []
    for name, categories in columns.items():
        _check_column(source, frame[name], categories)
        inputs += _encode(frame[name], categories)
    X = np.stack(inputs, axis=1)
    _check_missing(source, X, features(columns))
    return X


def _called(source: str) -> str:
    """A source's name in messages."""
    return "standard input" if source == STDIO else source


def _file(source: str) -> Path:
    """The path of a file that can be read."""
    path = Path(source)
    if not path.is_file():
        raise ValueError(f"{source} is neither a file nor one of {', '.join(BUILT_IN)}")
    if path.suffix not in (".csv", ".parquet", ".npz"):
        raise ValueError(f"{source}: expected a file that ends in .csv, .parquet or .npz")
    return path


def check_target(y: np.ndarray, task: str = "auto") -> tuple[np.ndarray, list[str]]:
    """The target as class numbers with the classes' names, or as numbers without.

    Raises
    ------
    ValueError
        No rows, missing values, text or a constant for a regression, one class only, or nearly one
        for each row.
    """
    y = np.asarray(y)
    if y.ndim != 1:
        raise ValueError(f"the target must be one column, got shape {y.shape}")
    if not len(y):
        raise ValueError("the target has no rows")
    is_number = y.dtype.kind in "iufb"
    if is_number and not np.isfinite(y.astype(float)).all():
        raise ValueError(f"the target is not finite at index {int(np.argmin(np.isfinite(y)))}")
    if task == "auto":
        whole = is_number and (y.astype(float) == np.floor(y.astype(float))).all()
        most = min(MOST_CLASSES, len(y) // LEAST_ROWS)
        few = not is_number or (whole and len(np.unique(y)) <= most)
        task = "classification" if few else "regression"
    if task == "regression":
        if not is_number:
            raise ValueError(f"regression needs a target of numbers, got {str(y[0])!r}")
        y = y.astype(np.float64)
        _check_spread(y)
        return y, []
    values, numbers = np.unique(y, return_inverse=True)
    if len(values) < 2:
        raise ValueError(f"the target has one class only: {values[0]}")
    if len(values) > len(y) // LEAST_ROWS:
        raise ValueError(
            f"the target has {len(values)} different values in {len(y)} rows, such as {values[0]}: "
            f"classes need {LEAST_ROWS} rows each on average; a number is for task regression"
        )
    return numbers, [str(value) for value in values]


def spread(y: np.ndarray) -> float:
    """What R² divides by, the sum of squared deviations from the mean.

    It is 0 where all are alike, and NaN or infinite where float64 does not hold it.
    """
    if y.min() == y.max():  # rounding gives ten times 0.1 a deviation of 1e-17
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        return float(((y - y.mean()) ** 2).sum())


def _check_spread(y: np.ndarray) -> None:
    if y.min() == y.max():
        raise ValueError(f"the target is {y[0]:g} in every row: a regression needs one that varies")
    if not 0.0 < spread(y) < np.inf:
        raise ValueError(
            f"the target goes from {y.min():g} to {y.max():g}: float64 does not hold the squares "
            "of its deviations; scale it first"
        )


def split(y: np.ndarray, classes: int, validation: float, test: float, seed: int) -> Parts:
    """Cut rows into parts at random, each class (of ``classes``, 0: none) in its proportion.

    With ``test`` 0 the test part is empty.

    Raises
    ------
    ValueError
        Shares that leave another part empty.
    """
    if not 0 < validation < 1:
        raise ValueError(
            f"validation={validation} must be a share of the rows between 0 and 1, which networks "
            "are ranked by; with cv they are ranked by folds instead"
        )
    if not (0 <= test < 1 and validation + test < 1):
        raise ValueError(
            f"validation={validation} and test={test} must be shares that leave some for training; "
            "test=0 is for no test part"
        )
    place = places(y, classes, seed)
    parts = Parts(
        train=np.flatnonzero(place >= validation + test),
        validation=np.flatnonzero(place < validation),
        test=np.flatnonzero((place >= validation) & (place < validation + test)),
    )
    sizes = {"training": len(parts.train), "validation": len(parts.validation)}
    sizes |= {"test": len(parts.test)} if test else {}
    if not all(sizes.values()):
        raise ValueError(f"{len(y)} rows are too few for parts for {', '.join(sizes)}")
    return parts


def places(y: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """Each row's place among its own class's rows, at random, from 0 to 1.

    Cuts there are stratified.
    """
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(y == k) for k in range(classes)] or [np.arange(len(y))]
    place = np.empty(len(y))
    for rows in groups:
        place[rng.permutation(rows)] = (np.arange(len(rows)) + rng.random()) / max(len(rows), 1)
    return place


@dataclass(frozen=True)
class Scaler:
    """What brings columns of numbers to mean 0 and standard deviation 1, and back.

    Parameters
    ----------
    mean, scale : (columns,) arrays, or () for a single column: means and standard deviations
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Scaler:
        """The scaler of some values, (rows, columns) or (rows,); constant columns have scale 1."""
        # rounding gives a column of 0.1 a deviation of 1e-17: the range tells that it is constant
        varies = np.ptp(values, axis=0) > 0
        return cls(values.mean(axis=0), np.where(varies, values.std(axis=0), 1.0))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Values, scaled."""
        return (values - self.mean) / self.scale

    def invert(self, values: np.ndarray) -> np.ndarray:
        """Scaled values, in their own units again."""
        return values * self.scale + self.mean


def _built_in(name: str, target: str | None, task: str, groups: str | None) -> Dataset:
    if groups is not None:
        raise ValueError(f"{name} has no groups: leave out --groups")
    if target is not None:
        raise ValueError(f"{name} has its own target: leave out --target")
    bunch = _bunch(name)
    own = "regression" if name == "diabetes" else "classification"
    y, classes = check_target(bunch.target, own if task == "auto" else task)
    if classes:
        classes = [str(c) for c in getattr(bunch, "target_names", classes)]
    return Dataset(name, bunch.data, y, {str(f): [] for f in bunch.feature_names}, classes)


def _bunch(name: str) -> Any:
    """One of scikit-learn's data sets."""
    try:
        from sklearn import datasets
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn") from None
    return getattr(datasets, f"load_{name}")()


_Read = tuple[np.ndarray, np.ndarray, Columns, np.ndarray | None]  # X, target, columns, groups


def _read_npz(path: Path, target: str, groups: str | None) -> _Read:
    arrays = _arrays(path)
    for name in ("X", target, *([groups] if groups else [])):
        if name not in arrays:
            raise ValueError(f"{path} holds {', '.join(arrays)}: there is no array {name!r}")
    X = arrays["X"]
    if X.ndim != 2 or X.dtype.kind not in "iufb" or X.shape[:1] != arrays[target].shape:
        raise ValueError(
            f"{path}: expected X (samples, features) of numbers and {target} (samples,), "
            f"got shapes {X.shape} and {arrays[target].shape}"
        )
    names = [f"x{k}" for k in range(X.shape[1])]
    _check_missing(path, X.astype(np.float64), names)
    together = None if groups is None else arrays[groups]
    return X.astype(np.float64), arrays[target], {name: [] for name in names}, together


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file."""
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is not one that numpy.savez wrote whole")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


def _npz_inputs(source: str, arrays: dict[str, np.ndarray], names: list[str]) -> np.ndarray:
    X = arrays.get("X", np.empty(0))
    if X.ndim != 2 or X.dtype.kind not in "iufb" or X.shape[1] != len(names) or not len(X):
        held = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(
            f"{source}: expected an array X (samples, {len(names)}) of numbers for the inputs "
            f"{_counted(names)}, got {held or 'no array'}"
        )
    X = X.astype(np.float64)
    _check_missing(source, X, names)
    return X


def _read_table(path: Path, target: str | None, groups: str | None) -> _Read:
    frame = _frame(str(path))
    if target is None or target not in frame.columns:
        given = "no --target was given" if target is None else f"there is no column {target!r}"
        raise ValueError(f"{path}: {given}; its columns are {', '.join(frame.columns)}")
    if groups is not None and (groups not in frame.columns or groups == target):
        others = [name for name in frame.columns if name != target]
        raise ValueError(f"{path}: --groups {groups} is none of its columns {_counted(others)}")
    inputs = frame.drop(target, *([groups] if groups else []))
    if frame.height == 0 or inputs.width == 0:
        raise ValueError(f"{path} needs rows, and a column beside the target")
    _check_nulls(path, frame)
    columns = {series.name: _categories(path, series) for series in inputs}
    X = np.stack([a for series in inputs for a in _encode(series, columns[series.name])], axis=1)
    _check_missing(path, X, features(columns))
    together = None if groups is None else frame[groups].to_numpy()
    return X, frame[target].to_numpy(), columns, together


def _frame(source: str, words: Sequence[str] = ()) -> Any:
    """A table, with some columns taken for words even if all of them are numbers."""
    pl = import_optional("polars", "cli")
    if source in BUILT_IN:
        bunch = _bunch(source)
        return pl.DataFrame(bunch.data, schema=[str(name) for name in bunch.feature_names])
    try:
        if source != STDIO and _file(source).suffix == ".parquet":
            return pl.read_parquet(source)
        file = io.BytesIO(sys.stdin.buffer.read()) if source == STDIO else source
        overrides = dict.fromkeys(words, pl.String)
        return pl.read_csv(file, infer_schema_length=None, schema_overrides=overrides)
    except pl.exceptions.PolarsError as error:
        why = str(error).splitlines()[0]
        raise ValueError(f"{_called(source)} cannot be read: {why}") from None


def _check_nulls(path: Path | str, frame: Any) -> None:
    for series in frame:
        if series.null_count():
            row = int(series.is_null().arg_max())
            raise ValueError(
                f"{path}: column {series.name!r} has {series.null_count()} missing values, "
                f"first in row {row + 1}: fill or drop them first"
            )


def _is_number(series: Any) -> bool:
    return series.dtype.is_numeric() or str(series.dtype) == "Boolean"


def _categories(path: Path, series: Any) -> list[str]:
    """The different words of a column; none for one of numbers."""
    if _is_number(series):
        return []
    words = series.cast(str).to_numpy()
    _check_words(path, series.name, words)
    categories = [str(word) for word in np.unique(words)]
    if len(categories) > MOST_CATEGORIES:
        raise ValueError(
            f"{path}: column {series.name!r} has {len(categories)} different words such as "
            f"{categories[0]!r}; up to {MOST_CATEGORIES} are turned into columns: drop it, or "
            "make numbers of it first"
        )
    return categories


def _encode(series: Any, categories: list[str]) -> list[np.ndarray]:
    """A column of numbers as it is; one of words as a column of 0 and 1 for each category."""
    if not categories:
        return [series.cast(float).to_numpy()]
    words = series.cast(str).to_numpy()
    return [(words == category).astype(np.float64) for category in categories]


def _check_column(source: str, series: Any, categories: list[str]) -> None:
    """Refuse text among a model's numbers, and words that it was not trained with."""
    if categories:
        words = series.cast(str)
        bad = ~words.is_in(categories)
        wanted = f"the categories that the model was trained with: {_counted(categories)}"
    else:
        if _is_number(series):
            return
        words = series.cast(str)
        bad = words.cast(float, strict=False).is_null()
        wanted = "numbers, which the model was trained with"
    if bad.any():
        row = int(bad.arg_max())
        raise ValueError(
            f"{source}: column {series.name!r} has {words[row]!r} in row {row + 1}, "
            f"expected {wanted}"
        )


def _counted(names: list[str], most: int = 8) -> str:
    """Names, the first of them if there are many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _check_words(path: Path, name: str, words: np.ndarray) -> None:
    """Refuse a column of numbers that is one of words only for what stands where some miss."""
    missing = np.array([word.strip().lower() in MISSING for word in words])
    try:
        words[~missing].astype(np.float64)
    except ValueError:
        return
    if missing.any() and not missing.all():
        row = int(missing.argmax())
        raise ValueError(
            f"{path}: column {name!r} has {missing.sum()} missing values among its numbers, "
            f"first {words[row]!r} in row {row + 1}: fill or drop them first"
        )


def _check_missing(path: Path | str, X: np.ndarray, names: list[str]) -> None:
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(
            f"{path}: column {names[column]!r} is not a finite number in row {row + 1}"
        )

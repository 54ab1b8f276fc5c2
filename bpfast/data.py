"""Data for a sweep: read, checked, cut into parts and scaled."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .errors import missing_extra, one_of

BUILT_IN = ("digits", "breast_cancer", "wine", "diabetes", "iris")
TASKS = ("auto", "classification", "regression")
MOST_CLASSES = 100  # different numbers in a target that is still taken for classes
MOST_CATEGORIES = 50  # different words in a column that is turned into columns of 0 and 1
LEAST_ROWS = 3  # of a class, on average: training, validation and test want one each
MISSING = {"", "?", "-", ".", "na", "n/a", "nan", "nil", "none", "null", "missing"}  # among numbers


@dataclass(frozen=True)
class Dataset:
    """Samples with a target.

    Attributes
    ----------
    name : what the data is called
    X : (samples, features) float64
    y : (samples,) class numbers, or (samples,) float64
    features : names of the columns of X
    classes : the classes' names, empty for regression
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    features: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Parts:
    """Row numbers of the training, validation and test part."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def read(source: str, target: str | None = None, task: str = "auto") -> Dataset:
    """Read a data set.

    Parameters
    ----------
    source : a CSV, Parquet or NPZ file, or digits, breast_cancer, wine, diabetes, iris
    target : the target's column, or array in an NPZ file (there "y" if not given)
    task : "classification", "regression", or "auto" to see from the target

    Raises
    ------
    ValueError, OSError, ImportError
        A file or column that is not there, missing values, text that is no number.
    """
    one_of("task", task, TASKS)
    if source in BUILT_IN:
        return _built_in(source, target, task)
    path = Path(source)
    if not path.is_file():
        raise ValueError(f"{source} is neither a file nor one of {', '.join(BUILT_IN)}")
    if path.suffix == ".npz":
        X, y, features = _read_npz(path, target or "y")
    elif path.suffix in (".csv", ".parquet"):
        X, y, features = _read_table(path, target)
    else:
        raise ValueError(f"{source}: expected a file that ends in .csv, .parquet or .npz")
    if y.dtype.kind == "f":
        _check_missing(path, y[:, None], [target or "y"])
    numbers, classes = check_target(y, task)
    return Dataset(path.stem, X, numbers, features, classes)


def check_target(y: np.ndarray, task: str = "auto") -> tuple[np.ndarray, list[str]]:
    """The target as class numbers with the classes' names, or as numbers without.

    Raises
    ------
    ValueError
        Missing values, text for a regression, one class only, or nearly one for each row.
    """
    y = np.asarray(y)
    if y.ndim != 1:
        raise ValueError(f"the target must be one column, got shape {y.shape}")
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
        return y.astype(np.float64), []
    values, numbers = np.unique(y, return_inverse=True)
    if len(values) < 2:
        raise ValueError(f"the target has one class only: {values[0]}")
    if len(values) > len(y) // LEAST_ROWS:
        raise ValueError(
            f"the target has {len(values)} different values in {len(y)} rows, such as {values[0]}: "
            f"classes need {LEAST_ROWS} rows each on average; a number is for task regression"
        )
    return numbers, [str(value) for value in values]


def split(y: np.ndarray, classes: int, validation: float, test: float, seed: int) -> Parts:
    """Cut rows into parts at random, each class (of ``classes``, 0: none) in its proportion.

    Raises
    ------
    ValueError
        Shares that leave a part empty.
    """
    if not (0 < validation < 1 and 0 < test < 1 and validation + test < 1):
        raise ValueError(
            f"validation={validation} and test={test} must be shares that leave some for training"
        )
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(y == k) for k in range(classes)] or [np.arange(len(y))]
    # every row gets its place among its own class's rows, from 0 to 1: cuts there are stratified
    place = np.empty(len(y))
    for rows in groups:
        place[rng.permutation(rows)] = (np.arange(len(rows)) + rng.random()) / max(len(rows), 1)
    parts = Parts(
        train=np.flatnonzero(place >= validation + test),
        validation=np.flatnonzero(place < validation),
        test=np.flatnonzero((place >= validation) & (place < validation + test)),
    )
    if min(len(parts.train), len(parts.validation), len(parts.test)) == 0:
        raise ValueError(f"{len(y)} rows are too few for a training, a validation and a test part")
    return parts


@dataclass(frozen=True)
class Scaler:
    """Means and standard deviations; a constant column has 1 for the latter."""

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Scaler:
        """What brings the columns of some values to mean 0 and standard deviation 1."""
        # rounding gives a column of 0.1 a deviation of 1e-17: the range tells that it is constant
        varies = np.ptp(values, axis=0) > 0
        return cls(values.mean(axis=0), np.where(varies, values.std(axis=0), 1.0))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Values, scaled."""
        return (values - self.mean) / self.scale


def _built_in(name: str, target: str | None, task: str) -> Dataset:
    if target is not None:
        raise ValueError(f"{name} has its own target: leave out --target")
    try:
        from sklearn import datasets
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn") from None
    bunch = getattr(datasets, f"load_{name}")()
    own = "regression" if name == "diabetes" else "classification"
    y, classes = check_target(bunch.target, own if task == "auto" else task)
    if classes:
        classes = [str(c) for c in getattr(bunch, "target_names", classes)]
    return Dataset(name, bunch.data, y, [str(f) for f in bunch.feature_names], classes)


def _read_npz(path: Path, target: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is not one that numpy.savez wrote whole")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    for name in ("X", target):
        if name not in arrays:
            raise ValueError(f"{path} holds {', '.join(arrays)}: there is no array {name!r}")
    X = arrays["X"]
    if X.ndim != 2 or X.dtype.kind not in "iufb" or X.shape[:1] != arrays[target].shape:
        raise ValueError(
            f"{path}: expected X (samples, features) of numbers and {target} (samples,), "
            f"got shapes {X.shape} and {arrays[target].shape}"
        )
    features = [f"x{k}" for k in range(X.shape[1])]
    _check_missing(path, X.astype(np.float64), features)
    return X.astype(np.float64), arrays[target], features


def _read_table(path: Path, target: str | None) -> tuple[np.ndarray, np.ndarray, list[str]]:
    try:
        import polars as pl
    except ImportError:
        raise missing_extra("polars", "cli") from None
    try:
        if path.suffix == ".csv":
            frame = pl.read_csv(path, infer_schema_length=None)
        else:
            frame = pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    if target is None or target not in frame.columns:
        given = "no --target was given" if target is None else f"there is no column {target!r}"
        raise ValueError(f"{path}: {given}; its columns are {', '.join(frame.columns)}")
    if frame.height == 0 or frame.width < 2:
        raise ValueError(f"{path} needs rows, and a column beside the target")
    _check_nulls(path, frame)
    columns, names = [], []
    for series in frame.drop(target):
        values, labels = _columns(path, series)
        columns += values
        names += labels
    X = np.stack(columns, axis=1)
    _check_missing(path, X, names)
    return X, frame[target].to_numpy(), names


def _check_nulls(path: Path, frame: Any) -> None:
    for series in frame:
        if series.null_count():
            row = int(series.is_null().arg_max())
            raise ValueError(
                f"{path}: column {series.name!r} has {series.null_count()} missing values, "
                f"first in row {row + 1}: fill or drop them first"
            )


def _columns(path: Path, series: Any) -> tuple[list[np.ndarray], list[str]]:
    """A column of numbers as it is; one of words as a column of 0 and 1 for each word."""
    if series.dtype.is_numeric() or str(series.dtype) == "Boolean":
        return [series.cast(float).to_numpy()], [series.name]
    words = series.cast(str).to_numpy()
    _check_words(path, series.name, words)
    categories = np.unique(words)
    if len(categories) > MOST_CATEGORIES:
        raise ValueError(
            f"{path}: column {series.name!r} has {len(categories)} different words such as "
            f"{categories[0]!r}; up to {MOST_CATEGORIES} are turned into columns: drop it, or "
            "make numbers of it first"
        )
    names = [f"{series.name}={category}" for category in categories]
    return [(words == category).astype(np.float64) for category in categories], names


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


def _check_missing(path: Path, X: np.ndarray, features: list[str]) -> None:
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(
            f"{path}: column {features[column]!r} is not a finite number in row {row + 1}"
        )

"""What rivals get in place of raw columns: as little as each needs to do its best.

All is learned from the rows that are trained on. Dates become numbers for all. Words are
categories where a library knows what these are, else a column for each word; missing numbers are
left as they are where a library knows what to do with them, else they are the column's median, and
a column of its own says so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MISSING = "(missing)"
DAY = pd.Timedelta(days=1)


def plain(X: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Numbers, and words as text; a date is days since 1970, month, day of week and hour."""
    numbers, words = {}, {}
    for name, column in X.items():
        if is_datetime64_any_dtype(column):
            numbers[f"{name} days"] = (column - pd.Timestamp(0)) / DAY
            for part in ("month", "day_of_week", "hour"):
                numbers[f"{name} {part}"] = getattr(column.dt, part).astype(np.float64)
        elif is_numeric_dtype(column) and not is_bool_dtype(column):
            numbers[str(name)] = column.astype(np.float64)
        else:
            # astype(str) may make words of missing values
            words[str(name)] = column.astype(object).where(column.isna(), column.astype(str))
    return pd.DataFrame(numbers, X.index), pd.DataFrame(words, X.index)


class Native:
    """For libraries that take missing numbers, and categories as pandas has them.

    Words that were not trained on are missing. A column of more than ``most`` different words is
    their numbers in alphabetical order.
    """

    def __init__(self, X: pd.DataFrame, most: float = np.inf) -> None:
        _, words = plain(X)
        self.categories = {name: sorted(column.dropna().unique()) for name, column in words.items()}
        self.most = most

    def __call__(self, X: pd.DataFrame) -> pd.DataFrame:
        """The same columns for any rows."""
        numbers, words = plain(X)
        for name, categories in self.categories.items():
            known = words[name].where(words[name].isin(categories))
            found = pd.Series(pd.Categorical(known, categories), X.index)
            if len(categories) > self.most:
                numbers[name] = found.cat.codes.replace(-1, np.nan).astype(np.float64)
            else:
                numbers[name] = found
        numbers.columns = pd.Index([f"x{k}" for k in range(numbers.shape[1])])
        return numbers


class Filled:
    """For libraries that know categories, and take no missing numbers."""

    def __init__(self, X: pd.DataFrame) -> None:
        numbers, _ = plain(X)
        self.median = None if numbers.empty else _median().fit(numbers)

    def __call__(self, X: pd.DataFrame) -> pd.DataFrame:
        """The same columns for any rows."""
        numbers, words = plain(X)
        if self.median is not None:
            numbers = pd.DataFrame(self.median.transform(numbers), X.index)
            numbers.columns = pd.Index([f"x{k}" for k in numbers.columns])
        return pd.concat([numbers, words.fillna(MISSING).astype("category")], axis=1)


class Scaled:
    """For libraries that take numbers only: scaled, with a column for each word."""

    def __init__(self, X: pd.DataFrame) -> None:
        numbers, words = plain(X)
        self.columns = make_column_transformer(
            (make_pipeline(_median(), StandardScaler()), [*numbers]),
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), [*words]),
        ).fit(text(X))

    def __call__(self, X: pd.DataFrame) -> np.ndarray:
        """The same columns for any rows."""
        return self.columns.transform(text(X))


def text(X: pd.DataFrame) -> pd.DataFrame:
    """Numbers with holes, and words with one for those that are missing, as CatBoost takes them."""
    numbers, words = plain(X)
    return pd.concat([numbers, words.fillna(MISSING)], axis=1)


def _median() -> SimpleImputer:
    return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)

"""Columns of many different words: for each word the mean of the target where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np

from ...errors import import_optional
from ...plurals import many
from .coded import Coded
from .column import FittedColumn
from .input_scales import fit_scaler, scale
from .raw import WordRows
from .sentences import lacking

CROSS_FITS = 5  # parts of the training rows; each has the means of the others


class Means(NamedTuple):
    """The mean of the target for each word.

    Attributes
    ----------
    of_rows : (rows, outputs) for the training rows, cross-fitted: means of other rows alone
    of_codes : (codes, outputs) from all training rows
    of_all : (outputs,) means of all training rows
    """

    of_rows: np.ndarray
    of_codes: np.ndarray
    of_all: np.ndarray


class TrainingTarget(NamedTuple):
    """What means are taken of.

    Attributes
    ----------
    values : of the training rows: class numbers, numbers, or labels of 0 and 1
    n_classes : how many classes there are; 0 for numbers and labels
    names : of classes, labels or numbers, or none
    seed : of the folds that are cross-fitted
    """

    values: np.ndarray
    n_classes: int
    names: tuple[str, ...] = ()
    seed: int = 0

    def outputs(self) -> Iterator[np.ndarray]:
        """What has a mean: each column of numbers, or the share of each class (of the second)."""
        if self.n_classes:
            for k in range(1 if self.n_classes == 2 else 0, self.n_classes):
                yield (self.values == k).astype(np.float64)
        else:
            yield from np.atleast_2d(np.asarray(self.values, np.float64).T)

    def means(self, codes: np.ndarray, n_codes: int) -> Means:
        """The mean of the target for each code, drawn to the mean of all where rows are few."""
        means = [self._means_of(output, codes, n_codes) for output in self.outputs()]
        of_rows, of_codes, of_all = zip(*means, strict=True)
        return Means(np.column_stack(of_rows), np.column_stack(of_codes), np.array(of_all))

    def _means_of(self, output: np.ndarray, codes: np.ndarray, n_codes: int) -> tuple:
        # An output at a time as numbers, and not classes: scikit-learn would choose folds by
        # class, and a row's means would depend on its own class through them.
        preprocessing = import_optional("sklearn.preprocessing", "sweep")
        model_selection = import_optional("sklearn.model_selection", "sweep")
        encoder = preprocessing.TargetEncoder(
            categories=[np.arange(n_codes)],
            target_type="continuous",
            cv=model_selection.KFold(CROSS_FITS, shuffle=True, random_state=self.seed),
        )
        of_rows = encoder.fit_transform(codes.reshape(-1, 1), output)
        return of_rows, encoder.encodings_[0], encoder.target_mean_


@dataclass(frozen=True, kw_only=True)
class TargetMeans(Coded):
    """Words of which there are many: for each the mean of the target in the training rows.

    Parameters
    ----------
    means : for each word the mean of each output
    missing_means : the same for missing words, or none if no training row lacks the word
    all_means : the mean of all training rows, for unknown words
    outputs : their names, of classes, labels or numbers; numbered, if not given
    missing, rows : how many training rows lack the word, of how many
    """

    means: tuple[tuple[float, ...], ...]
    missing_means: tuple[float, ...]
    all_means: tuple[float, ...]
    outputs: tuple[str, ...] = ()
    missing: int = 0
    rows: int = 0
    kind: ClassVar[str] = "target means"

    @property
    def features(self) -> list[str]:
        if len(self.all_means) == 1:
            return [f"{self.name} target mean"]
        outputs = self.outputs or range(len(self.all_means))
        return [f"{self.name} target mean {output}" for output in outputs]

    @property
    def bounded(self) -> list[bool]:
        return [False] * len(self.all_means)

    @property
    def done(self) -> str:
        done = f"{many(len(self.words), 'word')}: the target's mean for each"
        return done + lacking(self.missing, self.rows)

    @cached_property
    def table(self) -> np.ndarray:
        missing = self.missing_means or self.all_means
        return np.array([*self.means, self.all_means, missing])


def fit_target_means(
    name: str, words: WordRows, known: tuple[str, ...], target: TrainingTarget
) -> FittedColumn:
    """The means of a target for the training rows' words, all of which are known."""
    missing = words.missing
    codes = np.minimum(words.codes(known), len(known))  # no training row has an unknown word
    means = target.means(codes, len(known) + (missing > 0))
    column = TargetMeans(
        name=name,
        words=known,
        means=tuple(map(tuple, means.of_codes[: len(known)].tolist())),
        missing_means=tuple(means.of_codes[-1].tolist()) if missing else (),
        all_means=tuple(means.of_all.tolist()),
        outputs=target.names if len(target.names) == len(means.of_all) else (),
        missing=missing,
        rows=len(codes),
    )
    scaler = fit_scaler(means.of_rows.T, column.bounded)
    return FittedColumn(column, scaler, scale(means.of_rows, scaler))

"""What a sweep comes to: the table of its networks, and the best of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..tables.encoding import Encoding
from ..tables.encoding.expansion import Expansion
from ..tables.ensemble import Ensemble
from ..tables.model import Model
from ..tables.scaling import Scaler
from ..tables.target import Target
from ..training.population import Population
from .hyperparameters import HYPERPARAMETERS
from .scoring import result_names
from .trials import Row
from .words import no_score

# Columns that a table has even without rows.
EMPTY = {"network": int, "validation_score": float, "loss": float, "epochs": int, "diverged": bool}


@dataclass(frozen=True)
class SweepResult:
    """All networks of a sweep, best first.

    Attributes
    ----------
    table : dict of (networks,) arrays, best validation score first
        ``network`` is the number of a network's trial in the study; then its hyperparameters (NaN
        or no text where it has none), ``validation_score`` and ``test_score`` by the metric, of
        which the greater is the better, as scikit-learn's scorers have it: a loss has a minus
        before it. Beside them are ``validation_accuracy`` and ``test_accuracy``, or
        ``validation_r2`` and ``test_r2`` of numbers (NaN where the target of a part does not vary),
        unless that is the metric. Then the last training ``loss``, ``epochs`` and ``diverged``. A
        network that diverged, or predicts what is not finite for the rows that it is ranked by,
        counts as diverged, and its scores are -inf. If that happens for the test part alone, only
        its ``test_score`` is. One for whose predictions the metric is not defined has -inf too.
        After a cross-validation, ``validation_score`` and ``loss`` are means over folds,
        ``validation_std`` is the scores' standard deviation, and ``split0_validation_score``, ...
        are the scores; ``epochs`` are those of the folds that are not out of patience, if there are
        some; a trial diverged if a fold of it did, and has the epochs of the one that ended first;
        and only the first row has a ``test_score``, the refitted network's.
    losses : (networks, epochs) training losses, NaN where a network did not get so far
    best : Population of the one network that is ranked first; None where no network has a score
        After a cross-validation it is trained anew, on all rows but those of the test part, for as
        many ``epochs`` as its row says.
    scaler : what the encoded inputs of ``best`` are scaled with, from the rows that it was trained
        on
    target_scaler : the same for a target of numbers, else None
    classes : names of the classes, empty for labels and numbers
    metric : scikit-learn's scoring name of the metric, such as "neg_log_loss"
    seconds : float, training and scoring, without compiling and the winner's training anew
    sample_updates : int, in these seconds
    interrupted : bool, whether Ctrl-C ended it
    folds : int, networks that were trained for each row of the table
    encoding : Encoding of the table's columns for ``best``, from the rows that it was trained on
    target : Target, what is predicted, without its values
    ended_by_time : bool, whether its ``time`` was over before all networks were trained
    curve : (points, 3): seconds, how many networks had ended, and the validation score of the first
        by then; whenever it was another one
    rows : dict of arrays: for each part the numbers of its rows in the table that was given
        "train" is what ``best`` was trained on; "test" are rows of ``test_data`` if that was given;
        and "validation", or in a cross-validation "split0_validation" and so on.
    expansion : what scaled inputs of ``best`` become, None where they stay as they are
    ensemble : Ensemble picked from all networks by the metric; None where no network has a score
        In a cross-validation each of its trials is there with the networks of all folds.
    ensemble_test_score : of the ensemble on the test part; NaN without one
    """

    table: dict[str, np.ndarray]
    losses: np.ndarray
    best: Population | None
    scaler: Scaler
    target_scaler: Scaler | None
    classes: list[str]
    metric: str
    seconds: float
    sample_updates: int
    interrupted: bool
    folds: int = 1
    encoding: Encoding | None = None
    target: Target | None = None
    rows: dict[str, np.ndarray] = field(default_factory=dict)
    expansion: Expansion | None = None
    ensemble: Ensemble | None = None
    ensemble_test_score: float = np.nan
    ended_by_time: bool = False
    curve: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))

    @property
    def columns(self) -> list[dict[str, Any]]:
        """What was done with each column: a dict with column, kind, inputs (how many) and done."""
        return [] if self.encoding is None else self.encoding.describe()

    @property
    def model(self) -> Model:
        """The best network with all that it needs to predict from tables or arrays like X.

        Raises
        ------
        ValueError
            No network has a score.
        """
        if self.best is None:
            raise ValueError(no_score(self.table))
        known = {"classes": self.classes} if self.target is None else self.target.meaning
        return Model(
            self.best,
            self.scaler,
            target_scaler=self.target_scaler,
            columns=() if self.encoding is None else self.encoding,
            metric=self.metric,
            expansion=self.expansion,
            **known,
        )


def table_of(rows: Sequence[Row], folds: int) -> dict[str, np.ndarray]:
    """The table's columns, by name; rows are in the order of the table."""
    if not rows:  # Ctrl-C came before any was scored
        return {name: np.empty(0, dtype) for name, dtype in EMPTY.items()}
    known = dict.fromkeys(("network", *HYPERPARAMETERS, *result_names(folds)))
    found = {name for row in rows for name in row}
    return {name: _column(row.get(name) for row in rows) for name in known if name in found}


def _column(cells: Iterable[Any]) -> np.ndarray:
    """A column of the table; where a network has no value, NaN or no text."""
    values = [*cells]
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else value for value in values])
    if None in values:
        return np.array([np.nan if value is None else float(value) for value in values])
    return np.array(values)

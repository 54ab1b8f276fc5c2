"""Which columns a model's predictions depend on, and how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ...checks import check_array, check_int
from ...errors import import_optional
from ...sweeps.metrics import Metric
from ...sweeps.metrics import metric as find_metric
from ...tables.array_roles import target_arrays
from ...tables.ensemble import Ensemble
from ...tables.model import Model
from ...tables.reading.frames import as_frame, is_table
from ...tables.target import Target, target_like
from .encoded_rows import own_rows
from .found import Dependence, Inspection
from .grids import Grid
from .predictor import Predictor, as_ensemble, kind_of

# At most: rows and shuffles of each column; columns with a curve, rows of these, and single ones.
ROWS, REPEATS, CURVES, CURVE_ROWS, SINGLES = 2000, 5, 9, 500, 30
LEAST_ROWS = 200  # of which importances are worth the while
OUTPUTS = 4  # that have a curve


class Sample(NamedTuple):
    """Rows that a model is inspected with, in random order: the first are a sample too.

    Attributes
    ----------
    part : of the sweep, that they are from, such as "test"
    numbers : their numbers in the table, from 1
    table : their columns, a polars ``DataFrame`` or an array
    truth : class numbers, labels of 0 and 1, or numbers: (rows,) or (rows, outputs)
    out_of : how many rows they were drawn from
    """

    part: str
    numbers: np.ndarray
    table: Any
    truth: np.ndarray
    out_of: int


def drawn(count: int, seed: int) -> np.ndarray:
    """At most ROWS of so many rows, in random order."""
    return np.random.default_rng(seed).permutation(count)[:ROWS]


def inspect(
    model: Model | Ensemble,
    X: Any,
    y: Any,
    metric: str | None = None,
    curves: int = CURVES,
    seed: int = 0,
    device: str = "auto",
) -> Inspection:
    """Which of a table's columns a model's predictions depend on, and how.

    For each column its permutation importance: how much worse predictions are once its values are
    shuffled among the rows (Breiman, "Random Forests", 2001). For the most important ones partial
    dependence too: the mean prediction by a value that all rows are given (Friedman, "Greedy
    Function Approximation", 2001). Both are scikit-learn's.

    Parameters
    ----------
    model : Model or Ensemble
    X : what :meth:`Model.predict` takes, best of rows that it was not trained on; at most 2,000 of
        them are looked at, drawn by ``seed``
    y : the rows' targets in their own terms: names of classes, or numbers; (rows, outputs) of
        several labels or numbers
    metric : one of scikit-learn's scoring names; by default the one that the model was chosen by
    curves : columns with partial dependence
    seed : of what is drawn
    device : as for :meth:`bpfast.Population.predict`

    Raises
    ------
    TypeError, ValueError
        As :meth:`Model.predict`; y that does not fit X or the model; an unknown metric.
    ImportError
        scikit-learn is not installed.
    """
    ensemble = as_ensemble(model)
    table = as_frame(X) if is_table(X) else check_array("X", X, np.float64)
    truth = _truth(ensemble, y)
    if len(truth) != len(table) or not len(truth):
        raise ValueError(f"y has {len(truth)} rows, X has {len(table)}: expected as many, and some")
    curves, seed = check_int("curves", curves, 0), check_int("seed", seed, 0)
    outputs = ensemble.groups[0].mlp.outputs
    scored = find_metric(metric or ensemble.metric or None, kind_of(ensemble), outputs)
    rows = drawn(len(truth), seed)
    sample = Sample("", rows + 1, table[rows], truth[rows], len(truth))
    found = inspect_sample(ensemble, sample, scored, seed=seed, device=device, curves=curves)
    assert found is not None  # no work is too much
    return found


def inspect_sample(
    ensemble: Ensemble,
    sample: Sample,
    metric: Metric,
    *,
    of: str = "model",
    seed: int = 0,
    device: str = "auto",
    curves: int = CURVES,
    work: float = np.inf,
) -> Inspection | None:
    """The same with rows that are drawn already.

    Parameters
    ----------
    of : what the ensemble is called
    work : how much may be computed: products of an input and a weight, in all predictions for
        shuffled rows

    Returns
    -------
    Inspection, or None where ``work`` is not enough for the least that says something
    """
    import_optional("sklearn", "sweep")
    from .estimator import importances

    predictor = Predictor(ensemble, sample.table, device)
    columns = [column.name for column in predictor.columns]
    rows, repeats = _affordable(work / (predictor.work * len(columns)), len(sample.truth))
    if not repeats:
        return None
    truth = sample.truth[:rows]

    def score(predicted: np.ndarray) -> float:
        return float(metric.scores(predicted[None], truth, predictor.kind)[0])

    falls = importances(predictor, (rows, len(columns)), score, repeats, seed)
    found = Inspection(
        of=of,
        part=sample.part,
        rows=sample.numbers[:rows].tolist(),
        out_of=sample.out_of,
        metric=metric.name,
        score=score(predictor(own_rows(rows, len(columns)))),
        importance=dict(zip(columns, falls.tolist(), strict=True)),
    )
    return _with_curves(found, predictor, truth, curves) if curves else found


def _affordable(predictions: float, rows: int) -> tuple[int, int]:
    """Rows and shuffles of each column within so many predictions; no shuffle if few rows are.

    Shuffles are given up before rows.
    """
    repeats = min(REPEATS, int(min(predictions / rows, REPEATS)))
    if repeats:
        return rows, repeats
    rows = int(predictions)
    return rows, int(rows >= LEAST_ROWS)


def _with_curves(
    found: Inspection, predictor: Predictor, truth: np.ndarray, curves: int
) -> Inspection:
    """The same with partial dependence on the columns that help most."""
    from .estimator import dependence

    rows, shown = min(CURVE_ROWS, len(truth)), _shown(predictor, truth)
    names = [column.name for column in predictor.columns]
    shape = rows, len(names)

    def predict(numbers: np.ndarray) -> np.ndarray:
        return predictor(numbers)[:, shown]

    made: dict[str, Dependence] = {}
    for name in [name for name, mean in found.means.items() if mean > 0][:curves]:
        k = names.index(name)
        grid = Grid.of(predictor.columns[k], predictor.values[name][:rows])
        if grid is not None:
            made[name] = dependence(predict, shape, k, grid, SINGLES)
    average = predict(own_rows(*shape)).mean(axis=0, dtype=np.float64)
    return replace(
        found,
        outputs=[predictor.names[k] for k in shown],
        average=average.tolist(),
        curve_rows=rows,
        curves=made,
    )


def _shown(predictor: Predictor, truth: np.ndarray) -> list[int]:
    """Outputs with curves: the second of two classes, the most frequent ones, labels, a number."""
    if predictor.kind == "numbers":
        return [0]  # others have other units
    count = len(predictor.names)
    if predictor.kind == "labels":
        return list(range(min(OUTPUTS, count)))
    if count == 2:
        return [1]
    frequent = np.argsort(-np.bincount(truth, minlength=count), kind="stable")
    return sorted(frequent[:OUTPUTS].tolist())


def _truth(ensemble: Ensemble, y: Any) -> np.ndarray:
    """Targets in their own terms as metrics take them."""
    columns = {name: np.asarray(values) for name, values in target_arrays(y).items()}
    expected = 1 if ensemble.classes else ensemble.groups[0].mlp.outputs
    if len(columns) != expected:
        raise ValueError(f"y has {len(columns)} columns, the model predicts {expected}")
    known = Target(
        tuple(columns), kind_of(ensemble), np.empty(0), ensemble.classes, ensemble.labels
    )
    truth = target_like(columns, known).values
    if not np.isfinite(truth).all():
        raise ValueError("y has values that are missing or infinite: leave their rows out")
    return truth

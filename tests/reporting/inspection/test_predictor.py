"""Predictions for rows put together of a table's values: the ensemble's own for such a table."""

import numpy as np
import polars as pl
import pytest
from explained import HOUSES, ensemble_of, models

from bpfast.reporting.inspection.predictor import Predictor, as_ensemble, kind_of

NAMES = {"kind": ["cheap", "dear"], "price": ["price"]}


@pytest.mark.parametrize("target", ["kind", "price"])
@pytest.mark.parametrize("several", [False, True])
def test_predictions_are_the_models(target, several):
    single, *others = models(target)
    model = ensemble_of([single, *others]) if several else single
    predictor = Predictor(as_ensemble(model), HOUSES, "reference")
    assert [column.name for column in predictor.columns] == ["area", "colour"]
    assert (predictor.kind, predictor.names) == (kind_of(as_ensemble(model)), NAMES[target])
    numbers = np.random.default_rng(0).integers(0, HOUSES.height, (50, 2))
    together = pl.DataFrame([HOUSES["area"][numbers[:, 0]], HOUSES["colour"][numbers[:, 1]]])
    ask = model.predict_proba if target == "kind" else model.predict
    expected = ask(together, "reference").reshape(50, -1)
    np.testing.assert_allclose(predictor(numbers), expected, rtol=1e-6)


def test_work_is_that_of_all_members():
    some = models("price")
    weights = [model.population.parameters.size for model in some]
    assert Predictor(as_ensemble(some[0]), HOUSES, "reference").work == weights[0]
    assert Predictor(ensemble_of(some), HOUSES, "reference").work == sum(weights)


def test_an_ensemble_is_one_already():
    ensemble = ensemble_of(models("price"))
    assert as_ensemble(ensemble) is ensemble

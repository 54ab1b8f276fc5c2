"""scikit-learn's metrics without its checks: the same bits."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.metrics import accuracy_score, log_loss

from bpfast.sklearn.metrics import METRICS

NUMBERS = [metric for metric, ours in METRICS.items() if ours.of == "numbers"]
DTYPES = [np.float32, np.float64]


def test_metrics_are_those_of_scoring_names():
    names = ["accuracy", "neg_log_loss", "r2", "neg_mean_squared_error"]
    names += ["neg_root_mean_squared_error", "neg_mean_absolute_error"]
    scorers = [metrics.get_scorer(name) for name in names]
    assert {scorer._score_func for scorer in scorers} == METRICS.keys()


@pytest.mark.parametrize("metric", NUMBERS, ids=lambda metric: metric.__name__)
@pytest.mark.parametrize("predicted_dtype", DTYPES)
@pytest.mark.parametrize("dtype", [*DTYPES, np.int64])
def test_numbers(metric, predicted_dtype, dtype):
    """Rows that sums take in blocks, too; targets that do not vary; predictions that are right."""
    rng = np.random.default_rng(0)
    for rows, outputs in [(2, 1), (7, 2), (130, 1), (130, 3), (1001, 1), (1001, 4)]:
        truth = (10 * rng.normal(size=(rows, outputs))).astype(dtype)
        predicted = (truth + rng.normal(size=truth.shape)).astype(predicted_dtype)
        for constant, right in [(False, False), (True, False), (False, True), (True, True)]:
            if constant:
                truth[:, 0] = 3
            if right:
                predicted[:, 0] = truth[:, 0]
            given = (truth, predicted) if outputs > 1 else (truth[:, 0], predicted[:, 0])
            common = predicted_dtype if dtype is np.int64 else np.result_type(truth, predicted)
            found = METRICS[metric].score(truth.astype(common), predicted.astype(common))
            assert float(found) == metric(*given)


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_loss(dtype):
    rng = np.random.default_rng(0)
    for classes in (2, 3, 10, 33):
        truth = np.append(np.arange(classes), rng.integers(0, classes, 500))
        predicted = rng.dirichlet(np.full(classes, 0.2), len(truth)).astype(dtype)
        predicted[0] = np.eye(classes)[1]  # a probability of 0 for what is true
        if classes == 2:
            own = np.ascontiguousarray(predicted[:, 1:])
            expected = log_loss(truth, y_proba=own[:, 0])
        else:
            own, expected = predicted, log_loss(truth, y_proba=predicted)
        assert float(METRICS[log_loss].score(truth, own)) == expected


@pytest.mark.parametrize("labels", [["a", "b", "c"], [0, 1], [-1.0, 2.0]])
def test_accuracy_of_classes(labels):
    rng = np.random.default_rng(0)
    truth, predicted = np.array(labels)[rng.integers(0, len(labels), (2, 333))]
    found = METRICS[accuracy_score].score(truth, predicted)
    assert float(found) == accuracy_score(truth, predicted)


def test_accuracy_of_labels():
    truth, predicted = np.random.default_rng(0).integers(0, 2, (2, 77, 2))
    found = METRICS[accuracy_score].score(truth, predicted)
    assert 0 < float(found) == accuracy_score(truth, predicted) < 1

"""scikit-learn's own checks of estimators."""

import pytest
from sklearn.utils import estimator_checks

from bpfast.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Weights against repeated rows, to 1e-7: that is beyond float32.
PRECISE = [
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
]


@estimator_checks.parametrize_with_checks(
    [MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)],
    expected_failed_checks=lambda _: dict.fromkeys(PRECISE, "asks for float64, see below"),
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("check", PRECISE)
def test_checks_that_ask_for_float64(estimator, check):
    instance = estimator(max_iter=100, dtype="float64")
    getattr(estimator_checks, check)(estimator.__name__, instance)

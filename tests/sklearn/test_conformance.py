"""scikit-learn's own checks of estimators."""

import pytest
from sklearn.utils import estimator_checks

from bpfast.sklearn import MLPClassifier, MLPRegressor, SweepClassifier, SweepRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"networks": 2, "epochs": 15, "space": {"hidden": 16, "learning_rate": 0.03}}
WEIGHTS = {  # as for scikit-learn's forests, and all others that draw samples
    "check_sample_weight_equivalence_on_dense_data": "validation samples are drawn by their numbers"
}


@estimator_checks.parametrize_with_checks(
    [
        MLPClassifier(max_iter=100),
        MLPRegressor(max_iter=100),
        SweepClassifier(**SMALL),
        SweepRegressor(**SMALL),
    ],
    expected_failed_checks=lambda estimator: WEIGHTS if hasattr(estimator, "networks") else {},
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)

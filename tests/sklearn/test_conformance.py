"""scikit-learn's own checks of estimators."""

import pytest
from sklearn.utils import estimator_checks

from bpfast.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@estimator_checks.parametrize_with_checks(
    [MLPClassifier(max_iter=100), MLPRegressor(max_iter=100)],
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)

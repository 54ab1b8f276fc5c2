"""Checks of many estimators' parameters: scikit-learn's errors, and none that is told twice."""

import numpy as np
import pytest
from sklearn.base import clone

from bpfast.sklearn import MLPClassifier, MLPRegressor, validation
from bpfast.sklearn.validation import Validation

GOOD = MLPClassifier(alpha=0.5, max_iter=3)


@pytest.fixture
def looked_at(monkeypatch):
    """The names of the parameters that each check looked at."""
    names, check = [], validation.validate_parameter_constraints
    monkeypatch.setattr(
        validation,
        "validate_parameter_constraints",
        lambda constraints, parameters, caller: (
            names.append(sorted(parameters)) or check(constraints, parameters, caller)
        ),
    )
    return names


def test_equal_parameters_are_looked_at_once(looked_at):
    checks = Validation()
    checks.check(GOOD)
    checks.check(clone(GOOD).set_params(alpha=0.25))
    checks.check(clone(GOOD).set_params(random_state=np.random.RandomState(0)))
    assert looked_at[0] == sorted(GOOD.get_params())
    rest = ["hidden_layer_sizes"]  # no number and no text
    assert looked_at[1:] == [["alpha", *rest], [*rest, "random_state"]]


@pytest.mark.parametrize(
    "bad",
    [
        {"alpha": -1.0},
        {"max_iter": 3.0},  # equal to what is valid, of another type
        {"shuffle": "yes"},
        {"hidden_layer_sizes": "wide"},
        {"solver": "adam?", "tol": -1},
    ],
)
def test_errors_are_scikit_learns(bad):
    wrong, checks = clone(GOOD).set_params(**bad), Validation()
    with pytest.raises(ValueError, match=f"{next(iter(bad))}' parameter") as expected:
        wrong._validate_params()
    checks.check(GOOD)
    for _ in range(2):  # what is wrong is not remembered
        with pytest.raises(type(expected.value)) as found:
            checks.check(wrong)
        assert str(found.value) == str(expected.value)


def test_each_class_has_its_own_constraints():
    checks = Validation()
    checks.check(MLPRegressor(loss="poisson"))
    with pytest.raises(ValueError, match="'activation' parameter of MLPClassifier"):
        checks.check(MLPClassifier(activation="step"))

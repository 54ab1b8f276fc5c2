"""scikit-learn's checks of parameters, of many estimators: equal parameters are looked at once."""

from __future__ import annotations

from collections.abc import Hashable
from numbers import Number
from typing import Any

from sklearn.utils._param_validation import validate_parameter_constraints


class Validation:
    """Raises what ``_validate_params`` of each estimator would raise.

    A search's candidates differ in a few of thirty parameters.
    """

    def __init__(self) -> None:
        self._valid: set[Hashable] = set()

    def check(self, estimator) -> None:
        """Check the parameters that no estimator before had.

        Raises
        ------
        sklearn.utils._param_validation.InvalidParameterError
            scikit-learn's, a ``ValueError``.
        """
        kind = type(estimator)
        new: dict[str, Any] = {}
        seen = []
        for name, value in estimator.get_params(deep=False).items():
            if value is None or isinstance(value, (str, Number)):
                key = kind, name, type(value), value
                if key in self._valid:
                    continue
                seen.append(key)
            new[name] = value
        validate_parameter_constraints(kind._parameter_constraints, new, kind.__name__)
        self._valid.update(seen)

"""scikit-learn's multilayer perceptrons, trained by bpfast: only the import changes."""

from typing import TYPE_CHECKING

from ..errors import missing_extra
from ..on_demand import on_demand

try:
    import sklearn  # noqa: F401
except ImportError:
    raise missing_extra("scikit-learn", "sklearn") from None

from .estimators import MLPClassifier, MLPRegressor
from .onnx_registration import register_when_imported
from .together import fit_together

if TYPE_CHECKING:
    from .ensembles import MLPEnsembleClassifier, MLPEnsembleRegressor
    from .search import GridSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV
    from .sweep_estimators import SweepClassifier, SweepRegressor
else:
    # These import more of scikit-learn and of bpfast than single estimators need.
    __getattr__, __dir__ = on_demand(
        __name__,
        ensembles=("MLPEnsembleClassifier", "MLPEnsembleRegressor"),
        search=(
            *("GridSearchCV", "HalvingGridSearchCV"),
            *("HalvingRandomSearchCV", "RandomizedSearchCV"),
        ),
        sweep_estimators=("SweepClassifier", "SweepRegressor"),
    )

__all__ = [
    "GridSearchCV",
    "HalvingGridSearchCV",
    "HalvingRandomSearchCV",
    "MLPClassifier",
    "MLPEnsembleClassifier",
    "MLPEnsembleRegressor",
    "MLPRegressor",
    "RandomizedSearchCV",
    "SweepClassifier",
    "SweepRegressor",
    "fit_together",
]

register_when_imported()  # skl2onnx, which then converts our estimators

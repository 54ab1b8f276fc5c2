"""scikit-learn's multilayer perceptrons, trained by bpfast: only the import changes."""

from ..errors import missing_extra

try:
    import sklearn  # noqa: F401
except ImportError:
    raise missing_extra("scikit-learn", "sklearn") from None

from .ensembles import MLPEnsembleClassifier, MLPEnsembleRegressor
from .estimators import MLPClassifier, MLPRegressor
from .onnx import register_when_imported
from .search import GridSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV
from .sweep_estimators import SweepClassifier, SweepRegressor
from .together import fit_together

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

"""scikit-learn's multilayer perceptrons, trained by bpfast: only the import changes."""

from ..errors import missing_extra

try:
    import sklearn  # noqa: F401
except ImportError:
    raise missing_extra("scikit-learn", "sklearn") from None

from .estimators import MLPClassifier, MLPRegressor
from .together import fit_together

__all__ = ["MLPClassifier", "MLPRegressor", "fit_together"]

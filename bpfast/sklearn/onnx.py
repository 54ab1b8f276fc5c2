"""Conversion by skl2onnx: ``convert_sklearn`` and ``to_onnx`` know our estimators.

skl2onnx knows scikit-learn's own classes and those that it is told of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import import_optional
from . import onnx_nodes, onnx_sweeps
from .ensembles import MLPEnsembleClassifier, MLPEnsembleRegressor
from .estimators import MLPClassifier, MLPRegressor
from .search import GridSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV
from .sweep_estimators import SweepClassifier, SweepEstimator, SweepRegressor

CLASSIFIERS = (MLPClassifier, MLPEnsembleClassifier, SweepClassifier)
REGRESSORS = (MLPRegressor, MLPEnsembleRegressor, SweepRegressor)
SEARCHES = (GridSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV)
OPTIONS = {  # those of scikit-learn's networks
    "zipmap": [True, False, "columns"],
    "output_class_labels": [False, True],
    "nocl": [True, False],
}


def register() -> None:
    """Tell skl2onnx of our estimators; ``onnx_registration`` has it done by itself.

    Raises
    ------
    ImportError
        skl2onnx is not installed.
    """
    kind: type
    update = import_optional("skl2onnx", "export").update_registered_converter
    for kind in CLASSIFIERS:
        update(kind, _alias(kind), _shape_of_classifier, _convert_classifier, options=OPTIONS)
    for kind in REGRESSORS:
        update(kind, _alias(kind), _shape_of_regressor, _convert_regressor)
    from skl2onnx._parse import _parse_sklearn_grid_search_cv
    from skl2onnx.operator_converters import grid_search_cv as converters
    from skl2onnx.shape_calculators import grid_search_cv as shapes

    for kind in SEARCHES:
        update(
            kind,
            "SklearnGridSearchCV",
            shapes.convert_sklearn_grid_search_cv,
            converters.convert_sklearn_grid_search_cv,
            parser=_parse_sklearn_grid_search_cv,
            options="passthrough",
        )


def _alias(kind: type) -> str:
    return f"Bpfast{kind.__name__}"


def _shape_of_classifier(operator: Any) -> None:
    """Set the types of the labels and probabilities that a classifier's operator puts out."""
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType

    samples, classifier = _checked(operator, 2), operator.raw_operator
    labels = _labels(operator.scope_inst, classifier)
    shape = [samples, len(labels)]
    make = StringTensorType if labels.dtype.kind == "O" else Int64TensorType
    operator.outputs[0].set_type(
        Int64TensorType(shape) if onnx_nodes.has_labels(classifier) else make(shape[:1])
    )
    operator.outputs[1].type.shape = shape


def _shape_of_regressor(operator: Any) -> None:
    from skl2onnx.common.data_types import guess_tensor_type

    shape = [_checked(operator, 1), _outputs(operator.raw_operator)]
    kind = type(guess_tensor_type(operator.inputs[0].type))
    operator.outputs[0].set_type(kind(shape))


def _checked(operator: Any, outputs: int) -> Any:
    """The number of samples, where it is known, of an operator with one input.

    Estimators that sweep take one for each column, too.
    """
    from skl2onnx.common.utils import check_input_and_output_numbers

    inputs = None if isinstance(operator.raw_operator, SweepEstimator) else 1
    check_input_and_output_numbers(operator, inputs, outputs)
    return operator.inputs[0].get_first_dimension()


def _outputs(regressor: Any) -> int:
    return getattr(regressor, "estimators_", [regressor])[0].n_outputs_


def _convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    classifier = operator.raw_operator
    graph, dtype, found = _converted(scope, operator, container, onnx_nodes.probabilities)
    if onnx_nodes.has_labels(classifier):
        label = onnx_nodes.decisions(graph, found, dtype)
    else:
        label = onnx_nodes.classes(graph, found, _labels(scope, classifier))
    for name, variable in zip((label, found), operator.outputs, strict=True):
        graph.add("Identity", name, output=variable.full_name)


def _convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    graph, _, found = _converted(scope, operator, container, onnx_nodes.numbers)
    graph.add("Identity", found, output=operator.outputs[0].full_name)


def _converted(
    scope: Any, operator: Any, container: Any, convert: Callable[..., str]
) -> tuple[onnx_nodes.Nodes, np.dtype, str]:
    """The graph, and an estimator's probabilities or numbers in it, in a dtype."""
    graph, dtype = onnx_nodes.Nodes(scope, container), _dtype(operator)
    estimator = operator.raw_operator
    if isinstance(estimator, SweepEstimator):
        found = onnx_sweeps.outputs(graph, estimator, operator.inputs)
        return graph, dtype, graph.cast(found, dtype)
    value = graph.cast(operator.inputs[0].full_name, dtype)
    return graph, dtype, convert(graph, estimator, value, dtype)


def _dtype(operator: Any) -> np.dtype:
    """The dtype to compute in: float64 for inputs of that, as skl2onnx has it, else float32."""
    from skl2onnx.common.data_types import DoubleTensorType

    is_double = isinstance(operator.inputs[0].type, DoubleTensorType)
    return np.dtype(np.float64 if is_double else np.float32)


def _labels(scope: Any, classifier: Any) -> np.ndarray:
    """The classes as ONNX has them: int64, or words.

    Raises
    ------
    ValueError
        Classes that are fractions.
    """
    from skl2onnx.common.utils_classifier import get_label_classes

    labels = np.asarray(get_label_classes(scope, classifier))
    if labels.dtype.kind not in "biuf":
        return labels.astype(str).astype(object)
    whole = labels.astype(np.int64)
    if (whole != labels).any():
        raise ValueError(
            f"classes are {labels[:3].tolist()}, and ONNX's are words or whole numbers: train the "
            "classifier on such"
        )
    return whole

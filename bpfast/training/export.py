"""A network as one of PyTorch, ONNX or scikit-learn, which gives the same predictions.

A network is given as its architecture and, for each layer, its weights (d_in, d_out) and biases
(d_out,); without biases, the list of these is empty.
"""

from __future__ import annotations

from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import import_torch, missing_extra
from ..kernels.tables import ACTIVATIONS, INVERSE_LINKS, LOSSES, Activation, InverseLink
from .network import MLP
from .onnx_graph import INPUT, Graph, Operators

if TYPE_CHECKING:
    import onnx
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from torch import nn

Arrays = list[np.ndarray]


def to_torch(mlp: MLP, weights: Arrays, biases: Arrays) -> nn.Sequential:
    """See :meth:`bpfast.Population.to_torch`."""
    torch = import_torch()
    modules: list[Any] = []
    for weight, bias, function in zip_longest(weights, biases, torch_functions(mlp)):
        modules += [_linear(torch, weight, bias), function]
    if LOSSES[mlp.loss].inverse_link == "identity":
        modules.pop()
    return torch.nn.Sequential(*modules)


def torch_functions(mlp: MLP) -> list[nn.Module]:
    """PyTorch's modules of the hidden layers' activations, and at last of the inverse link.

    Raises
    ------
    ValueError
        An activation or an inverse link that PyTorch lacks.
    """
    _check_activations(mlp, "torch", "PyTorch")
    functions = _functions(mlp)
    if functions[-1].torch is None:
        raise ValueError(
            f"PyTorch has no module for the exponential that loss={mlp.loss!r} ends with: "
            "export to ONNX or scikit-learn"
        )
    nn = import_torch().nn
    return [function.torch(nn) for function in functions]


def _linear(torch: Any, weight: np.ndarray, bias: np.ndarray | None) -> nn.Linear:
    """A layer of PyTorch's with copies of given parameters."""
    tensor = torch.from_numpy(weight.T.copy())
    # parameters are not initialised, which would draw from PyTorch's global generator
    linear = torch.nn.utils.skip_init(
        torch.nn.Linear, *weight.shape, bias=bias is not None, dtype=tensor.dtype
    )
    linear.weight.data = tensor
    if bias is not None:
        linear.bias.data = torch.from_numpy(bias)
    return linear


def to_onnx(mlp: MLP, weights: Arrays, biases: Arrays) -> onnx.ModelProto:
    """See :meth:`bpfast.Population.to_onnx`."""
    graph, dtype = Graph(), weights[0].dtype
    inputs = graph.input(INPUT, dtype, mlp.inputs)
    predictions = add_network(graph, inputs, mlp, weights, biases)
    return graph.model(predictions, dtype, mlp.outputs)


def add_network(graph: Graph, value: str, mlp: MLP, weights: Arrays, biases: Arrays) -> str:
    """Apply a network to a value of an ONNX graph; returns the name of its predictions."""
    _check_activations(mlp, "onnx", "ONNX")
    operators = Operators(graph, weights[0].dtype)
    for weight, bias, function in zip_longest(weights, biases, _functions(mlp)):
        value = graph.add("Gemm", value, weight, *([] if bias is None else [bias]))
        value = function.onnx(operators, value)
    return value


def add_networks(graph: Graph, value: str, mlp: MLP, weights: Arrays, biases: Arrays) -> str:
    """Apply several networks, whose arrays have them as their first axis, to the same inputs.

    Returns
    -------
    the name of their predictions, (networks, samples, outputs)
    """
    _check_activations(mlp, "onnx", "ONNX")
    operators = Operators(graph, weights[0].dtype)
    *functions, inverse_link = _functions(mlp)
    for weight, bias, function in zip_longest(weights, biases, functions):
        value = graph.add("MatMul", value, weight)
        if bias is not None:
            value = graph.add("Add", value, bias[:, None])
        if function is not None:
            value = function.onnx(operators, value)
    rows = graph.add("Reshape", value, np.array([-1, mlp.outputs]))  # a softmax takes these
    value = inverse_link.onnx(operators, rows)
    return graph.add("Reshape", value, np.array([len(weights[0]), -1, mlp.outputs]))


def to_sklearn(mlp: MLP, weights: Arrays, biases: Arrays) -> MLPClassifier | MLPRegressor:
    """See :meth:`bpfast.Population.to_sklearn`."""
    try:
        from sklearn.neural_network import MLPClassifier, MLPRegressor
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn") from None
    _check_sklearn(mlp)
    biases = biases or [np.zeros(len(weight.T), weight.dtype) for weight in weights]
    if mlp.loss == "cross_entropy" and mlp.outputs == 2:
        # two classes have one output there: a sigmoid of the difference is the softmax of two
        weights[-1], biases[-1] = np.diff(weights[-1], axis=1), np.diff(biases[-1])
    loss = LOSSES[mlp.loss]
    classify = loss.inverse_link in ("sigmoid", "softmax")
    make = MLPClassifier if classify else partial(MLPRegressor, loss.sklearn)
    estimator = make(
        hidden_layer_sizes=mlp.layers[1:-1],
        activation=ACTIVATIONS[(*mlp.activations, "identity")[0]].sklearn,
        random_state=0,  # otherwise it draws from NumPy's global generator
    )
    # one step of training sets all attributes of a fitted estimator, in any version of scikit-learn
    targets = _some_targets(mlp)
    inputs = np.zeros((len(targets), mlp.inputs), weights[0].dtype)
    classes = {"classes": np.arange(max(mlp.outputs, 2))} if classify else {}
    estimator.partial_fit(inputs, targets, **classes)
    estimator.coefs_, estimator.intercepts_ = weights, biases
    return estimator


def _check_sklearn(mlp: MLP) -> None:
    """Refuse losses and activations that scikit-learn's networks lack."""
    if not LOSSES[mlp.loss].sklearn:
        known = ", ".join(name for name, other in LOSSES.items() if other.sklearn)
        raise ValueError(
            f"scikit-learn has no network with loss={mlp.loss!r}; it has those with {known}"
        )
    _check_activations(mlp, "sklearn", "scikit-learn")
    if len(set(mlp.activations)) > 1:
        raise ValueError(
            f"scikit-learn has one activation for all hidden layers, got {mlp.activations}"
        )


def _some_targets(mlp: MLP) -> np.ndarray:
    """Any targets of the kind and number that a network predicts."""
    if LOSSES[mlp.loss].inverse_link in ("identity", "exp"):
        return np.zeros((2, mlp.outputs) if mlp.outputs > 1 else 2)
    if mlp.loss == "binary_cross_entropy" and mlp.outputs > 1:
        return np.eye(mlp.outputs, dtype=int)
    return np.arange(max(mlp.outputs, 2))


def _functions(mlp: MLP) -> tuple[Activation | InverseLink, ...]:
    """The function of each layer: activations, and at last the loss's inverse link."""
    activations = (ACTIVATIONS[name] for name in mlp.activations)
    return (*activations, INVERSE_LINKS[LOSSES[mlp.loss].inverse_link])


def _check_activations(mlp: MLP, column: str, library: str) -> None:
    """Refuse activations without a library's counterpart, a column of their table."""
    known = [name for name, row in ACTIVATIONS.items() if getattr(row, column)]
    for name in mlp.activations:
        if name not in known:
            raise ValueError(
                f"activation {name!r} is not known to {library}: it has {', '.join(known)}"
            )

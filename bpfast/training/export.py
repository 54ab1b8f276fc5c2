"""A network handed to PyTorch, ONNX or scikit-learn, where it gives the same predictions.

A network is given as its architecture, its weights (d_in, d_out) and its biases (d_out,), which
are an empty list for an architecture without.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import missing_extra
from ..kernels.tables import ACTIVATIONS, INVERSE_LINKS, LOSSES, Activation, InverseLink
from .network import MLP

if TYPE_CHECKING:
    import onnx
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from torch import nn

    from ..tables.data import Scaler

Arrays = list[np.ndarray]
OPSET = 17
IR_VERSION = 8  # the one that came with the opset: older runtimes read it


def to_torch(mlp: MLP, weights: Arrays, biases: Arrays) -> nn.Sequential:
    """See :meth:`bpfast.Population.to_torch`."""
    try:
        import torch
        from torch import nn
    except ImportError:
        raise ImportError("torch is not installed: pip install torch") from None
    _check_activations(mlp, "torch", "PyTorch")
    if INVERSE_LINKS[LOSSES[mlp.loss].inverse_link].torch is None:
        raise ValueError(
            f"PyTorch has no module for the exponential that loss={mlp.loss!r} ends with: "
            "export to ONNX or scikit-learn"
        )
    modules: list[Any] = []
    for weight, bias, after in zip_longest(weights, biases, _functions(mlp)):
        tensor = torch.from_numpy(weight.T.copy())
        # without numbers that PyTorch would draw from its one generator
        linear = nn.utils.skip_init(
            nn.Linear, *weight.shape, bias=bias is not None, dtype=tensor.dtype
        )
        linear.weight.data = tensor
        if bias is not None:
            linear.bias.data = torch.from_numpy(bias)
        modules += [linear, after.torch(nn)]
    if LOSSES[mlp.loss].inverse_link == "identity":
        modules.pop()
    return nn.Sequential(*modules)


def to_onnx(
    mlp: MLP,
    weights: Arrays,
    biases: Arrays,
    scalers: tuple[Scaler, Scaler | None] | None = None,
    metadata: dict[str, str] | None = None,
) -> onnx.ModelProto:
    """See :meth:`bpfast.Population.to_onnx`.

    With the scalers of a model's inputs and target, it takes and gives float64 numbers in their
    own units: large ones with small differences lose these in float32.
    """
    try:
        import onnx
    except ImportError:
        raise missing_extra("onnx", "export") from None
    _check_activations(mlp, "onnx", "ONNX")
    graph, dtype = _Graph(onnx), weights[0].dtype
    operators, outside, value = _Operators(graph, dtype), dtype, "X"
    if scalers is not None:
        outside = np.dtype(np.float64)
        value = graph.add("Sub", value, scalers[0].mean)
        value = graph.cast(graph.add("Div", value, scalers[0].scale), dtype)
    for weight, bias, after in zip_longest(weights, biases, _functions(mlp)):
        value = graph.add("Gemm", value, weight, *([] if bias is None else [bias]))
        value = after.onnx(operators, value)
    if scalers is not None:
        value = graph.cast(value, outside)
        if scalers[1] is not None:
            value = graph.add("Mul", value, scalers[1].scale)
            value = graph.add("Add", value, scalers[1].mean)
    graph.add("Identity", value, output="predictions")
    return graph.model(outside, mlp, metadata or {})


class _Graph:
    """An ONNX graph that grows node by node; a value in it is known by its name."""

    def __init__(self, library: Any) -> None:
        self.onnx = library
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: Any, output: str = "", **attributes: Any) -> str:
        """The value that an operator makes of other values, and of arrays."""
        names = [name if isinstance(name, str) else self._constant(name) for name in inputs]
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        node = self.onnx.helper.make_node(operator, names, [output], name=output, **attributes)
        self.nodes.append(node)
        return output

    def cast(self, value: str, dtype: Any) -> str:
        return self.add("Cast", value, to=self.onnx.helper.np_dtype_to_tensor_dtype(dtype))

    def _constant(self, array: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(array), name))
        return name

    def model(self, dtype: np.dtype, mlp: MLP, metadata: dict[str, str]) -> onnx.ModelProto:
        """The graph as a model, checked."""
        helper = self.onnx.helper
        kind = helper.np_dtype_to_tensor_dtype(dtype)
        graph = helper.make_graph(
            self.nodes,
            "bpfast",
            [helper.make_tensor_value_info("X", kind, ["samples", mlp.inputs])],
            [helper.make_tensor_value_info("predictions", kind, ["samples", mlp.outputs])],
            self.constants,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(
            graph, producer_name="bpfast", opset_imports=opsets, ir_version=IR_VERSION
        )
        helper.set_model_props(model, metadata)
        self.onnx.checker.check_model(model, full_check=True)
        return model


class _Operators:
    """ONNX's operators as functions of values' names; numbers among these are of a dtype."""

    def __init__(self, graph: _Graph, dtype: np.dtype) -> None:
        self._graph, self._dtype = graph, dtype

    def __getattr__(self, operator: str) -> Callable[..., str]:
        def add(*inputs: str | float, **attributes: Any) -> str:
            values = (v if isinstance(v, str) else self._dtype.type(v) for v in inputs)
            return self._graph.add(operator, *values, **attributes)

        return add

    def erf(self, value: str) -> str:
        """Erf, which onnxruntime has in float32 only: it is 1e-7 off."""
        narrow = self._graph.cast(value, np.dtype(np.float32))
        return self._graph.cast(self._graph.add("Erf", narrow), self._dtype)


def to_sklearn(mlp: MLP, weights: Arrays, biases: Arrays) -> MLPClassifier | MLPRegressor:
    """See :meth:`bpfast.Population.to_sklearn`."""
    try:
        from sklearn.neural_network import MLPClassifier, MLPRegressor
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn") from None
    loss = LOSSES[mlp.loss]
    if not loss.sklearn:
        known = ", ".join(name for name, other in LOSSES.items() if other.sklearn)
        raise ValueError(
            f"scikit-learn has no network with loss={mlp.loss!r}; it has those with {known}"
        )
    _check_activations(mlp, "sklearn", "scikit-learn")
    if len(set(mlp.activations)) > 1:
        raise ValueError(
            f"scikit-learn has one activation for all hidden layers, got {mlp.activations}"
        )
    biases = biases or [np.zeros(len(weight.T), weight.dtype) for weight in weights]
    if mlp.loss == "cross_entropy" and mlp.outputs == 2:
        # two classes have one output there: a sigmoid of the difference is the softmax of two
        weights[-1], biases[-1] = np.diff(weights[-1], axis=1), np.diff(biases[-1])
    classify = loss.inverse_link in ("sigmoid", "softmax")
    made = MLPClassifier if classify else partial(MLPRegressor, loss.sklearn)
    estimator = made(
        hidden_layer_sizes=mlp.layers[1:-1],
        activation=ACTIVATIONS[(*mlp.activations, "identity")[0]].sklearn,
        random_state=0,  # NumPy's one generator is left alone
    )
    # one step makes all that a fitted estimator has, whatever scikit-learn's version keeps there
    targets = _some_targets(mlp)
    inputs = np.zeros((len(targets), mlp.inputs), weights[0].dtype)
    classes = {"classes": np.arange(max(mlp.outputs, 2))} if classify else {}
    estimator.partial_fit(inputs, targets, **classes)
    estimator.coefs_, estimator.intercepts_ = weights, biases
    return estimator


def _some_targets(mlp: MLP) -> np.ndarray:
    """Targets from which scikit-learn sees what a network's outputs are."""
    if LOSSES[mlp.loss].inverse_link in ("identity", "exp"):
        return np.zeros((2, mlp.outputs) if mlp.outputs > 1 else 2)
    if mlp.loss == "binary_cross_entropy" and mlp.outputs > 1:
        return np.eye(mlp.outputs, dtype=int)
    return np.arange(max(mlp.outputs, 2))


def _functions(mlp: MLP) -> tuple[Activation | InverseLink, ...]:
    """What comes after each layer's product: activations, then the loss's inverse link."""
    activations = (ACTIVATIONS[name] for name in mlp.activations)
    return (*activations, INVERSE_LINKS[LOSSES[mlp.loss].inverse_link])


def _check_activations(mlp: MLP, column: str, library: str) -> None:
    """Refuse activations that lack something in their rows."""
    known = [name for name, row in ACTIVATIONS.items() if getattr(row, column)]
    for name in mlp.activations:
        if name not in known:
            raise ValueError(
                f"activation {name!r} is not known to {library}: it has {', '.join(known)}"
            )

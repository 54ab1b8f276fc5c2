"""Building of ONNX models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import import_optional
from .network import MLP

if TYPE_CHECKING:
    import onnx

OPSET = 17
IR_VERSION = 8  # the one that came with the opset: older runtimes read it
INPUT, OUTPUT = "X", "predictions"


class Graph:
    """An ONNX graph, which grows node by node from the value ``INPUT``; values are named."""

    def __init__(self) -> None:
        self._onnx = import_optional("onnx", "export")
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, operator: str, *inputs: Any, output: str = "", **attributes: Any) -> str:
        """Apply an operator to values and arrays; returns the name of the result."""
        names = [name if isinstance(name, str) else self._constant(name) for name in inputs]
        output = output or f"{operator.lower()}_{len(self._nodes)}"
        node = self._onnx.helper.make_node(operator, names, [output], name=output, **attributes)
        self._nodes.append(node)
        return output

    def cast(self, value: str, dtype: Any) -> str:
        """A value in another dtype."""
        return self.add("Cast", value, to=self._onnx.helper.np_dtype_to_tensor_dtype(dtype))

    def model(
        self, value: str, mlp: MLP, dtype: Any, metadata: Mapping[str, str] | None = None
    ) -> onnx.ModelProto:
        """A model that takes a network's inputs, and gives a value as its outputs; checked."""
        self.add("Identity", value, output=OUTPUT)
        helper = self._onnx.helper
        tensor_dtype = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        graph = helper.make_graph(
            self._nodes,
            "bpfast",
            [helper.make_tensor_value_info(INPUT, tensor_dtype, ["samples", mlp.inputs])],
            [helper.make_tensor_value_info(OUTPUT, tensor_dtype, ["samples", mlp.outputs])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(
            graph, producer_name="bpfast", opset_imports=opsets, ir_version=IR_VERSION
        )
        helper.set_model_props(model, metadata or {})
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _constant(self, array: Any) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(self._onnx.numpy_helper.from_array(np.asarray(array), name))
        return name


class Operators:
    """ONNX's operators as methods that take values of a graph, and numbers in a dtype."""

    def __init__(self, graph: Graph, dtype: np.dtype) -> None:
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

"""Building of ONNX models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import import_optional

if TYPE_CHECKING:
    import onnx

OPSET = 17
IR_VERSION = 8  # the one that came with the opset: older runtimes read it
ML, ML_OPSET = "ai.onnx.ml", 3  # the domain of operators of classical machine learning
INPUT, OUTPUT = "X", "predictions"
DOUBLE = np.dtype(np.float64)


class Graph:
    """An ONNX graph, which grows node by node from its inputs; values are named."""

    def __init__(self) -> None:
        self._onnx = import_optional("onnx", "export")
        self._inputs: list[Any] = []
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._names: set[str] = set()

    def input(self, name: str, dtype: Any, columns: int) -> str:
        """An input (samples, columns) of a dtype, of which ``object`` is strings; returns its name.

        All inputs come before the first node, so that no node's name is theirs.
        """
        name = self._unused(name)
        self._inputs.append(self._tensor(name, dtype, columns))
        return name

    def add(self, operator: str, *inputs: Any, output: str = "", **attributes: Any) -> str:
        """Apply an operator to values and arrays; returns the name of the result."""
        names = [name if isinstance(name, str) else self._constant(name) for name in inputs]
        output = self._unused(output or f"{operator.lower()}_{len(self._nodes)}")
        node = self._onnx.helper.make_node(operator, names, [output], name=output, **attributes)
        self._nodes.append(node)
        return output

    def cast(self, value: str, dtype: Any) -> str:
        """A value in another dtype."""
        return self.add("Cast", value, to=self._onnx.helper.np_dtype_to_tensor_dtype(dtype))

    def model(
        self, value: str, dtype: Any, columns: int, metadata: Mapping[str, str] | None = None
    ) -> onnx.ModelProto:
        """A model that gives a value (samples, columns) of a dtype as its output; checked."""
        output = self.add("Identity", value, output=OUTPUT)
        helper = self._onnx.helper
        graph = helper.make_graph(
            self._nodes,
            "bpfast",
            self._inputs,
            [self._tensor(output, dtype, columns)],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        if any(node.domain == ML for node in self._nodes):
            opsets.append(helper.make_opsetid(ML, ML_OPSET))
        model = helper.make_model(
            graph, producer_name="bpfast", opset_imports=opsets, ir_version=IR_VERSION
        )
        helper.set_model_props(model, metadata or {})
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _constant(self, array: Any) -> str:
        name = self._unused(f"constant_{len(self._constants)}")
        self._constants.append(self._onnx.numpy_helper.from_array(np.asarray(array), name))
        return name

    def _tensor(self, name: str, dtype: Any, columns: int) -> Any:
        helper = self._onnx.helper
        element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return helper.make_tensor_value_info(name, element, ["samples", columns])

    def _unused(self, name: str) -> str:
        """The name, with underscores behind it where another value has it already."""
        while name in self._names:
            name += "_"
        self._names.add(name)
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

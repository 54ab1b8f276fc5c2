"""The weights and biases of each layer: views of a population's parameters, and given arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..checks import check_array, check_finite
from ..kernels.task import layer_slices
from .network import MLP


class Views(list):
    """Arrays that stay where they are: assigning to one writes into it."""

    def __setitem__(self, index, values) -> None:
        self[index][...] = values


def layer_views(mlp: MLP, parameters: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """(weights, biases or None) of each layer, as views of rows of parameters."""
    for part, d_in, d_out in zip(
        layer_slices(mlp.layers, mlp.bias), mlp.layers[:-1], mlp.layers[1:], strict=True
    ):
        matrices = parameters[:, part].reshape(len(parameters), -1, d_out)
        yield matrices[:, :d_in], (matrices[:, d_in] if mlp.bias else None)


def check_layer_arrays(
    name: str, given, shapes: Sequence[tuple[int, ...]], dtype
) -> list[np.ndarray]:
    """Given arrays, one for each layer, with an axis for networks: of length 1 or n."""
    if isinstance(given, str) or not isinstance(given, (Sequence, np.ndarray)):
        raise TypeError(f"{name} must be a sequence of arrays, one for each layer, got {given!r}")
    if len(given) != len(shapes):
        raise ValueError(f"{name} has {len(given)} arrays for {len(shapes)} layers")
    arrays = []
    for k, shape in enumerate(shapes):
        array = check_finite(f"{name}[{k}]", check_array(f"{name}[{k}]", given[k], dtype))
        if array.shape[-len(shape) :] != shape or array.ndim - len(shape) not in (0, 1):
            expected = ", ".join(map(str, ("n", *shape)))
            raise ValueError(f"{name}[{k}] has shape {array.shape}, expected ({expected})")
        arrays.append(array.reshape(-1, *shape))
    return arrays

"""The architecture of a network, and the functions it may use."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from .errors import one_of
from .kernels.math import ACTIVATIONS, LOSSES, Activation, Loss
from .kernels.task import Network

BUILT_IN = frozenset(ACTIVATIONS) | frozenset(LOSSES)


@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron's architecture: layers ``z = a @ W + b``, the last one linear.

    Parameters
    ----------
    layers : tuple of int
        Units from inputs to outputs, at least two numbers.
    activation : str or tuple of str
        For the hidden layers, one for all or one for each: identity, relu, leaky_relu, tanh,
        sigmoid, softplus, elu, silu, gelu, or a name given to :func:`register_activation`.
    loss : str
        half_squared_error, mse, mae, huber, quantile, binary_cross_entropy, cross_entropy, or a
        name given to :func:`register_loss`. The last layer's sigmoid or softmax is part of it.
    bias : bool
        Whether layers have biases.
    delta : float
        Where huber's loss turns from a square into a line (PyTorch's ``HuberLoss``).
    quantile : float
        The level that the quantile loss aims at, between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        A width that is not a positive integer, a name that is not known, one output with
        cross_entropy.
    """

    layers: tuple[int, ...]
    activation: str | tuple[str, ...] = "relu"
    loss: str = "mse"
    bias: bool = True
    delta: float = 1.0
    quantile: float = 0.5

    def __post_init__(self) -> None:
        try:
            layers = tuple(int(width) for width in self.layers)
            whole_numbers = all(a == b for a, b in zip(layers, self.layers, strict=True))
        except (TypeError, ValueError):
            whole_numbers = False
        if not whole_numbers:
            raise TypeError(f"layers must be integers such as (64, 32, 10), got {self.layers!r}")
        if len(layers) < 2 or min(layers) < 1:
            raise ValueError(f"layers needs inputs and outputs, all at least 1, got {self.layers!r}")
        object.__setattr__(self, "layers", layers)
        if not isinstance(self.activation, str):
            object.__setattr__(self, "activation", tuple(self.activation))
            if len(self.activation) != len(layers) - 2:
                raise ValueError(
                    f"activation has {len(self.activation)} names for {len(layers) - 2} hidden "
                    "layers: give one for all, or one for each"
                )
        for name in {self.activation} if isinstance(self.activation, str) else self.activation:
            one_of("activation", name, ACTIVATIONS)
        one_of("loss", self.loss, LOSSES)
        if LOSSES[self.loss].link == "softmax" and layers[-1] < 2:
            raise ValueError(
                f"{self.loss} needs an output for each class, at least 2, got layers={layers}; "
                "for one output there is binary_cross_entropy"
            )
        if not self.delta > 0:
            raise ValueError(f"delta must be above 0, got {self.delta!r}")
        if not 0 < self.quantile < 1:
            raise ValueError(f"quantile must lie between 0 and 1, got {self.quantile!r}")

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.layers[0]

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return self.layers[-1]

    @property
    def activations(self) -> tuple[str, ...]:
        """The activation of each hidden layer."""
        if isinstance(self.activation, str):
            return (self.activation,) * (len(self.layers) - 2)
        return self.activation

    @cached_property
    def network(self) -> Network:
        """What kernels know of the architecture."""
        parameter = self.quantile if self.loss == "quantile" else self.delta
        return Network(self.layers, self.bias, self.activations, self.loss, float(parameter))

    @property
    def n_parameters(self) -> int:
        """Weights and biases of one network."""
        return self.network.n_parameters


def _check_registration(name: str, arity: int, *functions: Callable) -> None:
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"a name such as 'softsign' is needed, got {name!r}")
    if name in BUILT_IN:
        raise ValueError(f"{name!r} is one of bpfast's own functions: choose another name")
    for function in functions:
        if len(inspect.signature(function).parameters) != arity:
            raise ValueError(f"{function.__name__} must take {arity} arguments")


def register_activation(name: str, value: Callable, slope: Callable) -> None:
    """Make an activation of your own known under a name, for every device.

    Parameters
    ----------
    name : str
    value : function of z, a float, that returns a = f(z); Numba must be able to compile it
    slope : function of z and a that returns da/dz

    Raises
    ------
    ValueError
        The name is taken by bpfast, or a function takes another number of arguments.
    """
    _check_registration(name, 1, value)
    _check_registration(name, 2, slope)
    ACTIVATIONS[name] = Activation(value, slope)


def register_loss(name: str, value: Callable, slope: Callable, average: bool = False) -> None:
    """Make a loss of your own known under a name, for every device.

    Parameters
    ----------
    name : str
    value : function of prediction, target and a parameter (the MLP's ``delta``), all floats;
        the loss of one output
    slope : function of the same that returns the derivative with respect to the prediction
    average : whether a sample's loss is the mean over outputs instead of their sum

    Raises
    ------
    ValueError
        The name is taken by bpfast, or a function takes another number of arguments.
    """
    _check_registration(name, 3, value, slope)
    LOSSES[name] = Loss(value, slope, average=average)

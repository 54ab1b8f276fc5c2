"""The architecture of a network, and the functions it may use."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from types import FunctionType

from ..checks import BELOW_ONE, check_bool, check_choice, check_int, check_number
from ..kernels.tables import ACTIVATIONS, LOSSES, REPORTED, Activation, Loss
from ..kernels.task import Network
from .docstring import docstring

BUILT_IN = frozenset(ACTIVATIONS) | frozenset(LOSSES)


def loss_names() -> list[str]:
    """Losses that an MLP may have: bpfast's own, and those that were registered."""
    return [name for name in LOSSES if name not in REPORTED.values()]


@docstring(activations=ACTIVATIONS, losses=loss_names())
@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron's architecture: layers ``z = a @ W + b``, the last one linear.

    Parameters
    ----------
    layers : tuple of int
        Units from inputs to outputs, at least two numbers.
    activation : str or tuple of str
        For the hidden layers, one for all or one for each:
        {activations},
        or a name given to :func:`register_activation`.
    loss : str
        {losses},
        or a name given to :func:`register_loss`. The last layer's exponential, sigmoid or softmax
        is part of it: poisson (half its deviance) is of logarithms.
    bias : bool
        Whether layers have biases.
    delta : float
        Where huber's loss turns from a square into a line (PyTorch's ``HuberLoss``).
    quantile : float
        The level that the quantile loss aims at, between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        A width that is not a positive integer, a name that is not known, a delta or quantile out
        of range, one output with cross_entropy.
    """

    layers: tuple[int, ...]
    activation: str | tuple[str, ...] = "relu"
    loss: str = "mse"
    bias: bool = True
    delta: float = 1.0
    quantile: float = 0.5

    def __post_init__(self) -> None:
        layers = _check_layers(self.layers)
        checked = {
            "layers": layers,
            "activation": _check_activation(self.activation, len(layers) - 2),
            "bias": check_bool("bias", self.bias),
            "delta": check_number("delta", self.delta, 0.0, open_low=True),
            "quantile": check_number("quantile", self.quantile, 0.0, BELOW_ONE, open_low=True),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        check_choice("loss", self.loss, loss_names())
        if LOSSES[self.loss].inverse_link == "softmax" and self.outputs < 2:
            raise ValueError(
                f"{self.loss} needs an output for each class, at least 2, got "
                f"layers={self.layers}; for one output there is binary_cross_entropy"
            )

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
        parameter = getattr(self, LOSSES[self.loss].parameter)
        return Network(self.layers, self.bias, self.activations, self.loss, float(parameter))

    @property
    def n_parameters(self) -> int:
        """Weights and biases of one network."""
        return self.network.n_parameters


@dataclass(frozen=True)
class ScikitLearnMLP(MLP):
    """An MLP that reports its loss as scikit-learn's do, which trains no other way.

    Probabilities stay ``delta`` away from 0 and from 1 before their logarithm is taken, which for
    scikit-learn is the machine epsilon of their dtype: so a loss is never beyond 36.04 in float64,
    and a network whose probabilities are all 0 or 1 has one that stands still.
    """

    @cached_property
    def network(self) -> Network:
        """What kernels know of the architecture."""
        network = super().network
        return replace(network, loss=REPORTED.get(self.loss, self.loss))


def _check_layers(layers) -> tuple[int, ...]:
    try:
        widths = tuple(check_int("each width in layers", width, 1) for width in layers)
    except TypeError:
        raise TypeError(f"layers must be integers such as (64, 32, 10), got {layers!r}") from None
    if len(widths) < 2:
        raise ValueError(f"layers needs inputs and outputs, such as (64, 32, 10), got {layers!r}")
    return widths


def _check_activation(activation, hidden: int) -> str | tuple[str, ...]:
    if isinstance(activation, str):
        check_choice("activation", activation, ACTIVATIONS)
        return activation
    if not isinstance(activation, Iterable):
        raise TypeError(f"activation must be a name, or one for each layer, got {activation!r}")
    names = tuple(activation)
    if len(names) != hidden:
        raise ValueError(
            f"activation has {len(names)} names for {hidden} hidden layers: "
            "give one for all, or one for each"
        )
    for name in names:
        check_choice("activation", name, ACTIVATIONS)
    return names


def _check_registration(name: str, arguments: tuple[str, ...], *functions: Callable) -> None:
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"a name such as 'softsign' is needed, got {name!r}")
    if name in BUILT_IN:
        raise ValueError(f"{name!r} is one of bpfast's own functions: choose another name")
    for function in functions:
        if not isinstance(function, FunctionType):
            raise TypeError(f"{name}: a plain Python function is needed, got {function!r}")
        signature = inspect.signature(function)
        given = signature.parameters.values()
        plain = [p for p in given if p.kind <= p.POSITIONAL_OR_KEYWORD and p.default is p.empty]
        if not len(plain) == len(given) == len(arguments):
            raise ValueError(
                f"{name}: {function.__name__} takes {signature}, "
                f"it must take ({', '.join(arguments)})"
            )


def register_activation(name: str, value: Callable, slope: Callable) -> None:
    """Make an activation of your own known under a name, for every device.

    Parameters
    ----------
    name : str
    value : function of z, a float, that returns a = f(z); Numba must be able to compile it
    slope : function of z and a that returns da/dz

    Raises
    ------
    TypeError, ValueError
        No plain Python function; a name that is bpfast's own or no identifier; a function that
        takes another number of arguments.
    """
    _check_registration(name, ("z",), value)
    _check_registration(name, ("z", "a"), slope)
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
    TypeError, ValueError
        No plain Python function; a name that is bpfast's own or no identifier; a function that
        takes another number of arguments.
    """
    _check_registration(name, ("prediction", "target", "parameter"), value, slope)
    LOSSES[name] = Loss(value, slope, average=check_bool("average", average))

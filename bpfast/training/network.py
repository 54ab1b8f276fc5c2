"""The architecture of a network, and the functions it may use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from ..checks import BELOW_ONE, check_bool, check_choice, check_int, check_number
from ..kernels.tables import ACTIVATIONS, LOSSES, REPORTED
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


def check_mlp(mlp) -> None:
    """Raise ``TypeError`` where it is no MLP."""
    if not isinstance(mlp, MLP):
        raise TypeError(f"mlp must be a bpfast.MLP, got {type(mlp).__name__}")


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

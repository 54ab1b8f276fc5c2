"""Activations and losses of the user's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType

from ..checks import check_bool
from ..kernels.tables import ACTIVATIONS, LOSSES, Activation, Loss
from .network import BUILT_IN


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

"""The tables of activations, losses and optimisers: one row makes a function known everywhere.

Kernels read a row's functions. The rest is for others, so that they need no lists of their own:
how its derivative is written in an explanation, what it is in PyTorch, ONNX and scikit-learn. A row
may leave that out; whoever needs it then says that it is missing, and all else works.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import math as m


class Activation(NamedTuple):
    """An activation of hidden layers.

    Attributes
    ----------
    value, slope : ``value(z)`` and its derivative ``slope(z, a)`` with ``a = value(z)``
    formula : the derivative in symbols; {a} and {z} stand for the names of ``a`` and ``z``
    init : how weights into such a layer begin where a user leaves that open
    torch : makes its module, from ``torch.nn``
    onnx : makes its nodes, from an object that has ONNX's operators as methods, and a name of ``z``
    sklearn : scikit-learn's name for it
    """

    value: Callable
    slope: Callable
    formula: str = ""
    init: str = "glorot_uniform"
    torch: Any = None
    onnx: Any = None
    sklearn: str = ""


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(
        m.identity,
        m.identity_slope,
        formula="1",
        torch=lambda nn: nn.Identity(),
        onnx=lambda op, z: z,
        sklearn="identity",
    ),
    "relu": Activation(
        m.relu,
        m.relu_slope,
        formula="1 if {z} > 0 else 0",
        init="he_uniform",
        torch=lambda nn: nn.ReLU(),
        onnx=lambda op, z: op.Relu(z),
        sklearn="relu",
    ),
    "leaky_relu": Activation(
        m.leaky_relu,
        m.leaky_relu_slope,
        formula="1 if {z} > 0 else 0.01",
        init="he_uniform",
        torch=lambda nn: nn.LeakyReLU(0.01),
        onnx=lambda op, z: op.LeakyRelu(z, alpha=0.01),
    ),
    "tanh": Activation(
        m.hyperbolic_tangent,
        m.hyperbolic_tangent_slope,
        formula="1 - {a}²",
        torch=lambda nn: nn.Tanh(),
        onnx=lambda op, z: op.Tanh(z),
        sklearn="tanh",
    ),
    "sigmoid": Activation(
        m.sigmoid,
        m.sigmoid_slope,
        formula="{a}·(1 - {a})",
        torch=lambda nn: nn.Sigmoid(),
        onnx=lambda op, z: op.Sigmoid(z),
        sklearn="logistic",
    ),
    # onnxruntime has Softplus and Elu in float32 only: they are put together here
    "softplus": Activation(
        m.softplus,
        m.softplus_slope,
        formula="sigmoid({z})",
        # from 20 on, PyTorch's default is the identity: 2e-9 off in float64
        torch=lambda nn: nn.Softplus(threshold=40.0),
        onnx=lambda op, z: op.Add(op.Relu(z), op.Log(op.Add(op.Exp(op.Neg(op.Abs(z))), 1.0))),
    ),
    "elu": Activation(
        m.elu,
        m.elu_slope,
        formula="1 if {z} > 0 else {a} + 1",
        init="he_uniform",
        torch=lambda nn: nn.ELU(),
        onnx=lambda op, z: op.Add(op.Relu(z), op.Sub(op.Exp(op.Min(z, 0.0)), 1.0)),
    ),
    "silu": Activation(
        m.silu,
        m.silu_slope,
        formula="sigmoid({z}) + {a}·(1 - sigmoid({z}))",
        init="he_uniform",
        torch=lambda nn: nn.SiLU(),
        onnx=lambda op, z: op.Mul(z, op.Sigmoid(z)),
    ),
    "gelu": Activation(
        m.gelu,
        m.gelu_slope,
        formula="Φ({z}) + {z}·φ({z})",
        init="he_uniform",
        torch=lambda nn: nn.GELU(),
        onnx=lambda op, z: op.Mul(op.Mul(z, 0.5), op.Add(op.erf(op.Mul(z, 0.5**0.5)), 1.0)),
    ),
}


class InverseLink(NamedTuple):
    """What turns the last layer's values into predictions.

    Attributes
    ----------
    value : of one output; None where it leaves outputs alone, or joins all of a sample's
    output : what an explanation calls the last layer's values
    torch, onnx : as an activation's
    """

    value: Callable | None
    output: str
    torch: Any = None
    onnx: Any = None


INVERSE_LINKS: dict[str, InverseLink] = {
    "identity": InverseLink(
        None, "prediction", ACTIVATIONS["identity"].torch, ACTIVATIONS["identity"].onnx
    ),
    "exp": InverseLink(m.exponential, "logarithm", onnx=lambda op, z: op.Exp(z)),
    "sigmoid": InverseLink(
        m.sigmoid, "logit", ACTIVATIONS["sigmoid"].torch, ACTIVATIONS["sigmoid"].onnx
    ),
    "softmax": InverseLink(
        None, "logit", lambda nn: nn.Softmax(dim=1), lambda op, z: op.Softmax(z, axis=1)
    ),
}


class Loss(NamedTuple):
    """A loss.

    Attributes
    ----------
    value, slope : of one output, as :mod:`math` has them
    average : whether outputs are averaged; otherwise they are summed
    inverse_link : a name in INVERSE_LINKS; "softmax" joins outputs
    parameter : which of an architecture's numbers ``value`` and ``slope`` are given
    formula, slope_formula : loss and slope in symbols: {p} is the prediction, {t} the target, {c}
        the parameter, {d} is 1 - {c}. With an inverse link, the derivative is that with respect to
        what the prediction is made of, a logarithm or a logit.
    meaning : what the loss measures, in words
    sklearn : what scikit-learn calls it
    reported : the loss that scikit-learn reports in its place, while it goes down this one's slope
    """

    value: Callable
    slope: Callable
    average: bool = False
    inverse_link: str = "identity"
    parameter: str = "delta"
    formula: str = ""
    slope_formula: str = ""
    meaning: str = ""
    sklearn: str = ""
    reported: str = ""


SURPRISE = "how surprised the network is by the truth: zero if "
LOSSES: dict[str, Loss] = {
    "half_squared_error": Loss(
        m.half_squared_error,
        m.half_squared_error_slope,
        formula="½·({p} - {t})²",
        slope_formula="{p} - {t}",
        meaning="half the squared difference: twice as far off is four times as wrong",
        sklearn="squared_error",
    ),
    "mse": Loss(
        m.squared_error,
        m.squared_error_slope,
        average=True,
        formula="({p} - {t})²",
        slope_formula="2·({p} - {t})",
        meaning="the squared difference: twice as far off is four times as wrong",
        sklearn="squared_error",
    ),
    "mae": Loss(
        m.absolute_error,
        m.absolute_error_slope,
        average=True,
        formula="|{p} - {t}|",
        slope_formula="sign({p} - {t})",
        meaning="the size of the difference",
    ),
    "huber": Loss(
        m.huber,
        m.huber_slope,
        average=True,
        formula="huber({p} - {t}, delta {c})",
        slope_formula="clip({p} - {t}, ±{c})",
        meaning="a square for small differences and a straight line for large ones",
    ),
    "quantile": Loss(
        m.quantile,
        m.quantile_slope,
        parameter="quantile",
        formula="max({c}·({t} - {p}), ({c} - 1)·({t} - {p}))",
        slope_formula="{d} if {p} > {t} else -{c}",
        meaning="the difference, where too low counts otherwise than too high",
    ),
    "poisson": Loss(
        m.poisson,
        m.poisson_slope,
        inverse_link="exp",
        formula="{t}·log({t} / {p}) - {t} + {p}",
        slope_formula="{p} - {t}",
        meaning=f"{SURPRISE}the rate is the target",
        sklearn="poisson",
    ),
    "binary_cross_entropy": Loss(
        m.binary_cross_entropy,
        m.binary_cross_entropy_slope,
        inverse_link="sigmoid",
        formula="-{t}·log({p}) - (1 - {t})·log(1 - {p})",
        slope_formula="{p} - {t}",
        meaning=f"{SURPRISE}it was sure of it",
        sklearn="log_loss",
        reported="binary_log_loss",
    ),
    "cross_entropy": Loss(
        m.cross_entropy,
        m.cross_entropy_slope,
        inverse_link="softmax",
        formula="-{t}·log({p})",
        slope_formula="{p} - {t}",
        meaning=f"{SURPRISE}it was sure of it",
        sklearn="log_loss",
        reported="log_loss",
    ),
    # what scikit-learn's estimators report, and nobody asks for by name
    "binary_log_loss": Loss(
        m.binary_log_loss, m.binary_cross_entropy_slope, inverse_link="sigmoid"
    ),
    "log_loss": Loss(m.log_loss, m.cross_entropy_slope, inverse_link="softmax"),
}
REPORTED = {name: loss.reported for name, loss in LOSSES.items() if loss.reported}


class Rule(NamedTuple):
    """An optimiser's rule.

    Attributes
    ----------
    coefficients, update : as :mod:`math` has them
    states : how many numbers it keeps for each parameter, up to two
    hyperparameters : their names, up to five, in the order in which ``coefficients`` takes them
    powers : whether coefficients change from step to step, as a bias correction does
    """

    coefficients: Callable
    update: Callable
    states: int
    hyperparameters: tuple[str, ...]
    powers: bool = False


OF_SGD = ("momentum", "nesterov", "weight_decay")
OF_ADAM = ("beta1", "beta2", "epsilon", "weight_decay", "decoupled")
OF_RMSPROP = ("alpha", "epsilon", "weight_decay", "momentum")
OPTIMIZERS: dict[str, Rule] = {
    "sgd": Rule(m.sgd_coefficients, m.sgd, 0, OF_SGD),
    "sgd_momentum": Rule(m.sgd_coefficients, m.sgd_momentum, 1, OF_SGD),
    "sgd_velocity": Rule(m.sgd_coefficients, m.sgd_velocity, 1, OF_SGD),
    "adam": Rule(m.adam_coefficients, m.adam, 2, OF_ADAM, powers=True),
    "adam_epsilon_hat": Rule(m.adam_epsilon_hat_coefficients, m.adam, 2, OF_ADAM, powers=True),
    "rmsprop": Rule(m.rmsprop_coefficients, m.rmsprop, 2, OF_RMSPROP),
}

# Names that bpfast comes with; users add others to the tables.
BUILT_IN = frozenset([*ACTIVATIONS, *INVERSE_LINKS, *LOSSES, *OPTIMIZERS])

"""Networks, populations of them, and their training."""

from . import dispatch
from .dispatch import devices
from .history import History, Progress
from .network import MLP, register_activation, register_loss
from .optimizers import SGD, Adam, AdamW, RMSprop
from .population import Population
from .precompile import warmup
from .training import Training, fit, gradients

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "History",
    "Population",
    "Progress",
    "RMSprop",
    "Training",
    "devices",
    "dispatch",
    "fit",
    "gradients",
    "register_activation",
    "register_loss",
    "warmup",
]

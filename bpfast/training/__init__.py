"""Networks, populations of them, and their training."""

from . import dispatch
from .backpropagation import gradients
from .dispatch import devices
from .history import History
from .loop import Training, fit
from .network import MLP
from .optimizers import SGD, Adam, AdamW, RMSprop
from .population import Population
from .precompile import warmup
from .progress import Progress
from .registration import register_activation, register_loss

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

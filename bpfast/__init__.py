"""Train many small neural networks at once, by backpropagation, as fast as the machine allows."""

__version__ = "0.1.0"

from pathlib import Path

if not (Path(__file__).parent / "kernels").is_dir():
    # In a checkout, kernels/ and bench/ lie beside bpfast/: setup.cfg puts them here when it
    # installs.
    __path__.append(str(Path(__file__).parent.parent))

from . import dispatch
from .data import Scaler
from .dispatch import devices
from .errors import DeviceError
from .explain import explain
from .gradient_check import check_gradients
from .halving import Halving
from .history import History, Progress
from .model import Model
from .network import MLP, register_activation, register_loss
from .optimizers import SGD, Adam, AdamW, RMSprop
from .population import Population
from .space import Space
from .sweep import SweepResult, sweep
from .training import Training, fit, gradients
from .verify import verify
from .warmup import warmup

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "DeviceError",
    "Halving",
    "History",
    "Model",
    "Population",
    "Progress",
    "RMSprop",
    "Scaler",
    "Space",
    "SweepResult",
    "Training",
    "check_gradients",
    "devices",
    "dispatch",
    "explain",
    "fit",
    "gradients",
    "register_activation",
    "register_loss",
    "sweep",
    "verify",
    "warmup",
]

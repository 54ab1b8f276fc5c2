"""Train many small neural networks at once, by backpropagation, as fast as the machine allows."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if not (Path(__file__).parent / "kernels").is_dir():
    # In a checkout, kernels/ and bench/ lie beside bpfast/: setup.cfg puts them here when it
    # installs.
    __path__.append(str(Path(__file__).parent.parent))

from .errors import DeviceError
from .on_demand import MovedModule, on_demand
from .training import (
    MLP,
    SGD,
    Adam,
    AdamW,
    History,
    Population,
    Progress,
    RMSprop,
    Training,
    devices,
    dispatch,
    fit,
    gradients,
    register_activation,
    register_loss,
    warmup,
)
from .version import __version__

if TYPE_CHECKING:
    from .checking import check_gradients, verify
    from .explaining import explain
    from .sweeps import Halving, Space, SweepResult, sweep
    from .tables import Ensemble, Model, Scaler, read_table
else:
    # The wings that training does not need are imported when one of their names is used.
    __getattr__, __dir__ = on_demand(
        __name__,
        checking=("check_gradients", "verify"),
        explaining=("explain",),
        sweeps=("Halving", "Space", "SweepResult", "sweep"),
        tables=("Ensemble", "Model", "Scaler", "read_table"),
    )

# Pickles of before the wings name the modules that their classes were in.
for _name, _now in {
    "data": "tables.scaling",
    "dispatch": "training.dispatch",
    "explain": "explaining.explanation",
    "explain_chain": "explaining.chain",
    "explain_repeat": "explaining.steps",
    "explain_sweep": "explaining.sweep",
    "halving": "sweeps.halving",
    "history": "training.history",
    "model": "tables.model",
    "network": "training.network",
    "optimizers": "training.optimizers",
    "population": "training.population",
    "space": "sweeps.space",
    "sweep": "sweeps.result",
}.items():
    _name = f"{__name__}.{_name}"
    sys.modules[_name] = MovedModule(_name, f"{__name__}.{_now}")

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "DeviceError",
    "Ensemble",
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
    "__version__",
    "check_gradients",
    "devices",
    "dispatch",
    "explain",
    "fit",
    "gradients",
    "read_table",
    "register_activation",
    "register_loss",
    "sweep",
    "verify",
    "warmup",
]

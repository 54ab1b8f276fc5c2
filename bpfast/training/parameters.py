"""Where a population's parameters are: in the host's memory, or on GPUs."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np

from . import dispatch


class Parameters:
    """(n, P) parameters that move between the host's memory and GPUs.

    Parameters
    ----------
    host : the array in the host's memory, or None
    on_gpus : a copy on GPUs by :func:`dispatch.to_device`, or None; where it is, it is the newer
    """

    def __init__(self, host: np.ndarray | None = None, on_gpus: Any = None) -> None:
        self._host, self._on_gpus = host, on_gpus
        self._trainings = 0  # how many write to the copy on GPUs
        newer: Any = host if on_gpus is None else on_gpus
        self.shape: tuple[int, int] = newer.shape
        self.dtype: np.dtype = newer.dtype

    def on_host(self) -> np.ndarray:
        """The array in the host's memory, up to date; its holder may write to it."""
        if self._host is None:
            self._host = np.empty(self.shape, self.dtype)
        if self._on_gpus is not None:
            self._on_gpus.to_host(self._host)
            if not self._trainings:
                self._on_gpus = None
        return self._host

    def move(self, device: str) -> Any:
        """The parameters, on a device from now on."""
        if device != "cuda":
            return self.on_host()
        if self._on_gpus is None:
            self._on_gpus = dispatch.to_device(self.on_host(), device)
        return self._on_gpus

    def readable(self, device: str) -> Any:
        """The parameters for a device that only reads them; nothing is moved to a GPU."""
        return self._on_gpus if device == "cuda" and self._on_gpus is not None else self.on_host()

    def lend(self, device: str) -> Any:
        """The parameters where a device trains them, until :meth:`take_back`."""
        moved = self.move(device)
        self._trainings += device == "cuda"
        return moved

    def take_back(self, device: str) -> None:
        """After a training: an array of the host that somebody holds gets what was trained."""
        self._trainings -= device == "cuda"
        if self._on_gpus is not None and self._is_held():
            self.on_host()

    def _is_held(self) -> bool:
        """Whether somebody else has the host's array, or a view of it."""
        if self._host is None:
            return False
        return self._host.base is not None or _references(self) > NOBODY_ELSE

    def take(self, networks: np.ndarray) -> Parameters:
        """Copies of the parameters of some networks, where they are."""
        if self._on_gpus is not None:
            return Parameters(on_gpus=self._on_gpus.take(networks))
        return Parameters(self.on_host()[networks])


def _references(owner: Any) -> int:
    """How many there are to an owner's array; those of this function count too."""
    return sys.getrefcount(owner._host)


NOBODY_ELSE = _references(SimpleNamespace(_host=np.empty(1)))

"""What a model knows of its target: it turns a network's outputs into predictions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..kernels.tables import LOSSES
from ..training.network import MLP
from .scaling import Scaler
from .target import in_units

TRANSFORMS = ("", "log", "log1p")


@dataclass(frozen=True)
class TargetInfo:
    """The target's names, classes and units; what is not given does not concern it.

    Parameters
    ----------
    names : of the target's columns; empty, or of empty names, for a target without names
    classes : names of the classes that the outputs stand for
    labels : for each column of a target of labels its two names: an output is the probability of
        the second
    scaler : Scaler of a target of numbers
    transform : "log" or "log1p": what was applied to a target of numbers before it was scaled
    """

    names: tuple[str, ...] = ()
    classes: list[str] = field(default_factory=list)
    labels: dict[str, list[str]] = field(default_factory=dict)
    scaler: Scaler | None = None
    transform: str = ""

    def check(self, mlp: MLP) -> None:
        """Raise ``ValueError`` where a network's outputs cannot stand for it."""
        expected = mlp.outputs if LOSSES[mlp.loss].inverse_link == "softmax" else 0
        if len(self.classes) != expected:
            raise ValueError(
                f"classes has {len(self.classes)} names, {mlp.loss} with {mlp.outputs} outputs "
                f"needs {expected}"
            )
        if self.labels and (mlp.loss, mlp.outputs) != ("binary_cross_entropy", len(self.labels)):
            raise ValueError(
                f"labels are {len(self.labels)} and need binary_cross_entropy with as many "
                f"outputs, got {mlp.loss} with {mlp.outputs}"
            )
        if any(len(pair) != 2 for pair in self.labels.values()):
            raise ValueError(f"each of labels must have two names, got {self.labels}")
        if any(self.names) and len(self.names) != (1 if self.classes else mlp.outputs):
            raise ValueError(f"target_names has {len(self.names)} names for {mlp.outputs} outputs")
        if self.transform not in TRANSFORMS:
            known = ", ".join(map(repr, TRANSFORMS))
            raise ValueError(f"transform={self.transform!r} is not known: choose from {known}")

    def predictions(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs (samples, outputs) in the target's own terms.

        Returns
        -------
        (samples,) names of classes, (samples, labels) names, or float64 numbers in the target's
        units: (samples,), and (samples, outputs) for several outputs

        Raises
        ------
        ValueError
            A row's probabilities are not numbers, so that it has no class.
        """
        if self.classes:
            _check_probabilities(outputs)
            return np.array(self.classes)[outputs.argmax(axis=1)]
        if self.labels:
            _check_probabilities(outputs)
            chosen = zip(self.labels.values(), outputs.T > 0.5, strict=True)
            return np.stack([np.array(names)[k.astype(int)] for names, k in chosen], axis=1)
        return self._numbers(outputs.astype(np.float64))

    @property
    def has_probabilities(self) -> bool:
        """Whether outputs are probabilities of classes or labels, and not numbers."""
        return bool(self.classes or self.labels)

    def output_names(self, outputs: int) -> list[str]:
        """A name for each of several outputs: a target's column, or its number from 1."""
        names = [*self.labels] or (self.names if any(self.names) else [""] * outputs)
        return [name or str(k + 1) for k, name in enumerate(names)]

    def _numbers(self, outputs: np.ndarray) -> np.ndarray:
        numbers = outputs[:, 0] if outputs.shape[1] == 1 else outputs
        return in_units(numbers, self.scaler, self.transform)


def _check_probabilities(outputs: np.ndarray) -> None:
    """Refuse NaN, which ``argmax`` would take for the first class."""
    lost = np.isnan(outputs).any(axis=1)
    if lost.any():
        raise ValueError(
            f"row {int(lost.argmax())} of X, and {int(lost.sum()) - 1} others, have no class: the "
            "network's outputs overflow there; it diverged, or was never trained on such numbers"
        )

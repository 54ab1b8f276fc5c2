"""Networks that a sweep picked to answer together, with all that they need to do so."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..checks import check_number
from ..errors import import_optional, import_torch
from ..plurals import many
from .encoding.encoding import Encoding
from .encoding.left_out import LeftOut
from .ensemble_file import read_ensemble, write_ensemble
from .export import ensemble_to_onnx
from .input_info import InputInfo
from .member import Group, Member, check_members, grouped, in_groups
from .member_predictions import encode_side_by_side, said_by_members
from .target_info import TargetInfo
from .tempering import tempered

if TYPE_CHECKING:
    import onnx
    from torch import nn

    from .pipeline import EnsembleClassifier, EnsembleRegressor

SHOWN = 4  # architectures that are named


class Spread(NamedTuple):
    """What an ensemble says of rows, and how far its members are apart.

    Attributes
    ----------
    outputs : (rows, outputs), as :meth:`Ensemble.outputs` gives them
    std : (rows, outputs), the standard deviation of what the members say
    quantiles : (quantiles, rows, outputs) of what the members say
    """

    outputs: np.ndarray
    std: np.ndarray
    quantiles: np.ndarray


@dataclass(frozen=True, repr=False, eq=False)
class Ensemble:
    """Networks that answer together: the weighted mean of what each of them says.

    :attr:`bpfast.SweepResult.ensemble` is one; ``bpfast sweep`` writes one and ``bpfast predict``
    reads it. Its members may be of any architectures and number encodings, and of any folds, which
    have encodings and scalers of their own.

    Parameters
    ----------
    members : Member of each network
    classes : names of the classes that the outputs stand for, empty for numbers and labels
    target_names : names of the target's columns, empty for a target without names
    labels : for a target of labels, the two names of each: an output is the second's probability
    transform : "log" or "log1p" if that of the target was trained on, else ""
    metric : the score that the members were picked by, such as "neg_log_loss"
    temperature : what the logarithms of mean probabilities are divided by, 1 to leave them alone
    score : of the ensemble by the metric, on the validation rows; NaN where it is not known

    Raises
    ------
    TypeError, ValueError
        No members; weights that are not above 0, or do not sum to 1; members that do not fit their
        inputs, one another, or the classes, labels and names.
    """

    members: tuple[Member, ...]
    classes: list[str] = field(default_factory=list)
    target_names: tuple[str, ...] = ()
    labels: dict[str, list[str]] = field(default_factory=dict)
    transform: str = ""
    metric: str = ""
    temperature: float = 1.0
    score: float = math.nan
    groups: list[Group] = field(init=False)

    def __post_init__(self) -> None:
        check_members(self.members)
        check_number("temperature", self.temperature, 0.0, open_low=True)
        object.__setattr__(self, "target_names", tuple(self.target_names))
        for member in self.members:
            TargetInfo(
                self.target_names, self.classes, self.labels, member.target_scaler, self.transform
            ).check(member.population.mlp)
        object.__setattr__(self, "groups", grouped(self.members))
        object.__setattr__(self, "members", in_groups(self.members, self.groups))

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles keep: what it was made of."""
        return {known.name: getattr(self, known.name) for known in fields(self) if known.init}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def __repr__(self) -> str:
        layers = Counter("-".join(map(str, m.population.mlp.layers)) for m in self.members)
        named = [f"{name} ({count})" for name, count in layers.most_common(SHOWN)]
        if len(layers) > SHOWN:
            named.append(f"{len(layers) - SHOWN} more")
        score = "" if math.isnan(self.score) else f"; {self.metric or 'score'} {self.score:.6g}"
        return (
            f"Ensemble of {many(len(self.members), 'network')} of "
            f"{many(len(layers), 'architecture')}: {', '.join(named)}{score}"
        )

    @cached_property
    def inputs(self) -> list[InputInfo]:
        """The different ways in which a table becomes the inputs of a member."""
        return [*{id(member.inputs): member.inputs for member in self.members}.values()]

    @cached_property
    def encoding(self) -> Encoding:
        """What each column of a table is encoded as, by the first of ``inputs`` that uses it."""
        found = {column.name: column for column in self.inputs[0].encoding.columns}
        for inputs in self.inputs[1:]:
            for column in inputs.encoding.columns:
                if isinstance(found.get(column.name, column), LeftOut):
                    found[column.name] = column
        return Encoding(tuple(found.values()))

    @property
    def target_info(self) -> TargetInfo:
        """What the outputs mean, which are in the target's units already."""
        return TargetInfo(self.target_names, self.classes, self.labels)

    def predict(self, X, device: str = "auto") -> np.ndarray:
        """Predictions in the target's own terms: names of classes, or numbers in its units.

        Parameters
        ----------
        X, device : as for :meth:`bpfast.Model.predict`

        Returns
        -------
        (samples,) names of classes; (samples, labels) names; or (samples,) float64 numbers in the
        target's units, (samples, outputs) of them for several outputs

        Raises
        ------
        TypeError, ValueError, DeviceError, MemoryError
            As :meth:`bpfast.Model.predict`.
        """
        return self.target_info.predictions(self.outputs(X, device))

    def predict_proba(self, X, device: str = "auto") -> np.ndarray:
        """The probability of each class, in the order of ``classes``; or of each label's second.

        Parameters
        ----------
        X, device : as for :meth:`predict`

        Returns
        -------
        (samples, classes) or (samples, labels)

        Raises
        ------
        TypeError, ValueError, DeviceError, MemoryError
            As :meth:`predict`; the ensemble predicts numbers.
        """
        if not self.target_info.has_probabilities:
            raise ValueError("an ensemble that predicts numbers has no probabilities: use predict")
        return self.outputs(X, device)

    def predict_std(self, X, device: str = "auto") -> np.ndarray:
        """How far the members disagree: the weighted standard deviation of what they say.

        It tells of rows that are unlike the training rows, and not of noise, which is the same for
        all members.

        Parameters
        ----------
        X, device : as for :meth:`predict`

        Returns
        -------
        (samples,) in the target's units, (samples, outputs) for several outputs; of probabilities,
        before the temperature, (samples, classes) or (samples, labels)

        Raises
        ------
        TypeError, ValueError, DeviceError, MemoryError
            As :meth:`predict`.
        """
        return self._shaped(self.spread(X, device=device).std)

    def predict_quantiles(
        self, X, quantiles: float | Sequence[float], device: str = "auto"
    ) -> np.ndarray:
        """Weighted quantiles of what the members say: error bars, as :meth:`predict_std`'s.

        Each is a member's: the first, in rising order, with which the weights reach the level
        (NumPy's "inverted_cdf").

        Parameters
        ----------
        X, device : as for :meth:`predict`
        quantiles : levels from 0 to 1, such as (0.05, 0.95)

        Returns
        -------
        (quantiles, ...) with :meth:`predict_std`'s shape behind it; for one level, that shape

        Raises
        ------
        TypeError, ValueError, DeviceError, MemoryError
            As :meth:`predict`; levels that are not from 0 to 1.
        """
        found = self._shaped(self.spread(X, [*np.atleast_1d(quantiles)], device).quantiles)
        return found if np.ndim(quantiles) else found[0]

    def outputs(self, X, device: str = "auto") -> np.ndarray:
        """The mean of the members' outputs, (samples, outputs) float64.

        They are probabilities, at the temperature, or numbers in the target's units.
        """
        return np.concatenate([self.combined(said) for said in self._said(X, device)])

    def combined(self, said: np.ndarray) -> np.ndarray:
        """:meth:`outputs` for what the members say of rows, (members, rows, outputs)."""
        return self._tempered(self._mean(said))

    def spread(self, X, quantiles: Sequence[float] = (), device: str = "auto") -> Spread:
        """:meth:`outputs`, the members' standard deviation and quantiles, of one prediction.

        Parameters
        ----------
        X, quantiles, device : as for :meth:`predict_quantiles`
        """
        levels = [check_number("quantiles", level, 0.0, 1.0) for level in quantiles]
        blocks = []
        for said in self._said(X, device):
            mean = self._mean(said)
            with np.errstate(invalid="ignore"):  # a number in units may be infinite
                std = np.sqrt(self._mean((said - mean) ** 2))
            blocks.append((mean, std, self._quantiles(said, levels)))
        means, stds, found = zip(*blocks, strict=True)
        return Spread(
            self._tempered(np.concatenate(means)),
            np.concatenate(stds),
            np.concatenate(found, axis=1),
        )

    def encode(self, X) -> np.ndarray:
        """What the module of :meth:`to_torch` takes: all different inputs side by side.

        Parameters
        ----------
        X : as for :meth:`predict`

        Returns
        -------
        (samples, inputs of all) in the members' dtype
        """
        return encode_side_by_side(self.groups, X)

    def to_onnx(self) -> onnx.ModelProto:
        """The ensemble as one ONNX model of opset 17: raw columns in, predictions out.

        Inputs and ``predictions`` are as those of :meth:`bpfast.Model.to_onnx`.

        Raises
        ------
        ValueError, ImportError
            As :meth:`Population.to_onnx`; a column that is words for one member and numbers for
            another.
        """
        return ensemble_to_onnx(self.groups, self.target_info, self.transform, self.temperature)

    def to_torch(self) -> nn.Module:
        """The ensemble as one module of PyTorch's, with copies of its members' parameters.

        It takes :meth:`encode`'s inputs, as a tensor, and gives :meth:`outputs`, in float64.

        Raises
        ------
        ValueError, ImportError
            As :meth:`Population.to_torch`.
        """
        import_torch()
        from .ensemble_torch import EnsembleModule

        return EnsembleModule(self.groups, self.target_info, self.transform, self.temperature)

    def to_sklearn(self) -> EnsembleClassifier | EnsembleRegressor:
        """The ensemble as a fitted scikit-learn estimator, from the raw table to predictions.

        As in :meth:`bpfast.Model.to_sklearn`, its ``classes_`` are sorted as text, and ``fit``
        changes nothing.

        Raises
        ------
        ImportError
            scikit-learn is not installed.
        """
        import_optional("sklearn", "sklearn")
        from .pipeline import EnsembleClassifier, EnsembleRegressor

        has_probabilities = self.target_info.has_probabilities
        return EnsembleClassifier(self) if has_probabilities else EnsembleRegressor(self)

    def save(self, path: str | os.PathLike) -> None:
        """Write all of it to one safetensors file, whole or not at all.

        Networks of one architecture are stacked in tensors; what is no array is JSON in the file's
        metadata.

        Raises
        ------
        OSError
            The file cannot be written; what was there before is as it was.
        """
        known = {k.name: getattr(self, k.name) for k in fields(self) if k.init}
        write_ensemble(Path(path), known.pop("members"), known)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Ensemble:
        """Read what :meth:`save` wrote.

        Raises
        ------
        ValueError, OSError
            The file is not an ensemble's; it cannot be read.
        """
        members, known = read_ensemble(Path(path))
        return cls(members, **known)

    def _said(self, X, device: str) -> Iterator[np.ndarray]:
        return said_by_members(self.groups, X, self.transform, device)

    def _mean(self, values: np.ndarray) -> np.ndarray:
        """The weighted mean over members; added up in their order, which no library changes."""
        mean = np.zeros(values.shape[1:])
        for member, own in zip(self.members, values, strict=True):
            mean += member.weight * own
        return mean

    def _quantiles(self, values: np.ndarray, levels: list[float]) -> np.ndarray:
        if not levels:  # NumPy would sort all the same
            return np.empty((0, *values.shape[1:]))
        weights = [member.weight for member in self.members]
        return np.quantile(values, levels, axis=0, weights=weights, method="inverted_cdf")

    def _tempered(self, outputs: np.ndarray) -> np.ndarray:
        if not self.target_info.has_probabilities:
            return outputs
        return tempered(outputs, self.temperature, labels=bool(self.labels))

    def _shaped(self, values: np.ndarray) -> np.ndarray:
        """Values (..., rows, outputs), without an axis for the one output of numbers."""
        numbers = not self.target_info.has_probabilities
        return values[..., 0] if numbers and values.shape[-1] == 1 else values

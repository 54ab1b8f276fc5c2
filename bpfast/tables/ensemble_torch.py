"""An ensemble as a module of PyTorch's; imported only where PyTorch is installed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ..training.export import torch_functions
from .member import Group
from .target_info import TargetInfo


class EnsembleModule(nn.Module):
    """All members, for their inputs side by side; see :meth:`bpfast.Ensemble.to_torch`."""

    def __init__(
        self, groups: Sequence[Group], target: TargetInfo, transform: str, temperature: float
    ) -> None:
        super().__init__()
        columns, first = {}, 0
        for group in groups:
            if id(group.inputs) not in columns:
                columns[id(group.inputs)] = (first, first := first + group.mlp.inputs)
        places = [columns[id(group.inputs)] for group in groups]
        self.groups = nn.ModuleList(
            _Group(group, place, transform) for group, place in zip(groups, places, strict=True)
        )
        self.classes, self.labels = bool(target.classes), bool(target.labels)
        self.temperature = temperature

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The ensemble's outputs (rows, outputs) float64, for inputs (rows, inputs of all)."""
        mean = torch.stack([group(inputs) for group in self.groups]).sum(dim=0)
        if self.labels and self.temperature != 1.0:
            return self._tempered(torch.stack([1.0 - mean, mean], dim=-1))[..., 1]
        return self._tempered(mean) if self.classes else mean

    def _tempered(self, probabilities: torch.Tensor) -> torch.Tensor:
        greatest = probabilities.amax(dim=-1, keepdim=True)
        powers = (probabilities / greatest) ** (1.0 / self.temperature)
        return powers / powers.sum(dim=-1, keepdim=True)


class _Group(nn.Module):
    """Members of one architecture with the same inputs; it gives their weighted sum."""

    def __init__(self, group: Group, columns: tuple[int, int], transform: str) -> None:
        super().__init__()
        population = group.population
        self.columns, self.transform = columns, transform
        self.weights, self.biases = (
            nn.ParameterList(torch.tensor(array) for array in arrays)
            for arrays in (population.weights, [b[:, None] for b in population.biases])
        )
        *activations, self.inverse_link = torch_functions(group.mlp)
        self.activations = nn.ModuleList([*activations, nn.Identity()])
        self.register_buffer("shares", torch.tensor(group.weights[:, None, None]))
        scaler = {} if group.target_scaler is None else vars(group.target_scaler)
        for name in ("mean", "scale", "low", "high"):
            array = scaler.get(name)
            self.register_buffer(name, None if array is None else torch.tensor(array))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        first, last = self.columns
        values = inputs[:, first:last].to(self.weights[0].dtype)
        for k, (weight, activation) in enumerate(zip(self.weights, self.activations, strict=True)):
            values = values @ weight
            if len(self.biases):
                values = values + self.biases[k]
            values = activation(values)
        values = self.inverse_link(values.flatten(0, 1)).unflatten(0, (len(values), -1))
        return (self.shares * self._in_units(values.to(torch.float64))).sum(dim=0)

    def _in_units(self, values: torch.Tensor) -> torch.Tensor:
        if self.scale is not None:
            values = values * self.scale + self.mean
        if self.low is not None:
            values = values.clamp(self.low, self.high)
        if self.transform:
            return values.exp() if self.transform == "log" else values.expm1()
        return values

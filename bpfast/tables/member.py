"""An ensemble's networks, and those among them that predict in one call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..checks import check_number
from ..training.network import MLP
from ..training.population import Population, check_population
from .input_info import InputInfo
from .scaling import Scaler
from .target import in_units


class Member(NamedTuple):
    """A network of an ensemble.

    Attributes
    ----------
    network : number of its trial in the sweep
    fold : that it was not trained on; 0 without a cross-validation
    weight : of its predictions, above 0; those of all members sum to 1
    population : Population of the one network
    inputs : how a table becomes its inputs; members that agree on that share the object
    target_scaler : of a target of numbers, or None for one that was not scaled
    """

    network: int
    fold: int
    weight: float
    population: Population
    inputs: InputInfo
    target_scaler: Scaler | None = None


class Group(NamedTuple):
    """Members of one architecture with the same inputs.

    Attributes
    ----------
    members : their numbers in the ensemble
    weights : (members,)
    population : of their networks
    inputs : how a table becomes their inputs
    target_scaler : of arrays (members, 1, outputs), or (members, 1, 1); None if none has one
    """

    members: tuple[int, ...]
    weights: np.ndarray
    population: Population
    inputs: InputInfo
    target_scaler: Scaler | None

    @property
    def mlp(self) -> MLP:
        """Their architecture."""
        return self.population.mlp

    def said(self, inputs: np.ndarray, transform: str, device: str) -> np.ndarray:
        """Probabilities, or numbers in units, (members, rows, outputs) float64."""
        outputs = self.population.predict(inputs, device).astype(np.float64)
        return in_units(outputs, self.target_scaler, transform)


def check_members(members: Sequence[Member]) -> None:
    """Raise ``TypeError`` or ``ValueError`` where members do not make an ensemble."""
    if not members:
        raise ValueError("an ensemble needs at least one member, got none")
    for member in members:
        if not isinstance(member, Member):
            raise TypeError(f"members must be of bpfast.tables.ensemble.Member, got {member!r}")
        check_population(member.population)
        if len(member.population) != 1:
            raise ValueError(f"a member is one network, got {len(member.population)}")
        check_number("weight", member.weight, 0.0, open_low=True)
        member.inputs.check(member.population.mlp)
    if not math.isclose(total := sum(member.weight for member in members), 1.0, rel_tol=1e-6):
        raise ValueError(f"weights of members must sum to 1, got {total:g}")
    outputs = {member.population.mlp.outputs for member in members}
    if len(outputs) > 1:
        raise ValueError(f"members have different numbers of outputs: {sorted(outputs)}")


def grouped(members: Sequence[Member]) -> list[Group]:
    """The members' groups; those with the same inputs follow one another."""
    found: dict[Any, dict[MLP, list[int]]] = {}
    for k, (*_, population, inputs, _) in enumerate(members):
        same_inputs = found.setdefault((id(inputs), population.dtype), {})
        same_inputs.setdefault(population.mlp, []).append(k)
    return [_group(members, own) for groups in found.values() for own in groups.values()]


def in_groups(members: Sequence[Member], groups: Sequence[Group]) -> tuple[Member, ...]:
    """The same members, with views of their groups' parameters in place of their own."""
    viewed = [*members]
    for group in groups:
        parameters = group.population.parameters
        for row, k in enumerate(group.members):
            network = members[k].population.with_parameters(parameters[row : row + 1])
            viewed[k] = members[k]._replace(population=network)
    return tuple(viewed)


def stacked(populations: Sequence[Population]) -> Population:
    """All networks of populations of one architecture."""
    weights, biases = (
        [np.concatenate(layers) for layers in zip(*arrays, strict=True)]
        for arrays in ([p.weights for p in populations], [p.biases for p in populations])
    )
    first = populations[0]
    together = Population.from_arrays(first.mlp, weights, biases, first.dtype.name)
    together.seeds = np.concatenate([population.seeds for population in populations])
    return together


def _group(members: Sequence[Member], numbers: Sequence[int]) -> Group:
    own = [members[k] for k in numbers]
    return Group(
        members=tuple(numbers),
        weights=np.array([member.weight for member in own]),
        population=stacked([member.population for member in own]),
        inputs=own[0].inputs,
        target_scaler=_stacked_scaler([member.target_scaler for member in own]),
    )


def _stacked_scaler(scalers: Sequence[Scaler | None]) -> Scaler | None:
    """A scaler for outputs (members, rows, outputs)."""
    if all(scaler is None for scaler in scalers):
        return None
    unbounded = Scaler(np.array(0.0), np.array(1.0), np.array(-np.inf), np.array(np.inf))
    parts = {}
    for name, usual in vars(unbounded).items():
        arrays = [getattr(scaler or unbounded, name) for scaler in scalers]
        arrays = [usual if array is None else array for array in arrays]
        parts[name] = np.stack(np.broadcast_arrays(*map(np.atleast_2d, arrays)))
    if np.isinf(parts["low"]).all():
        del parts["low"], parts["high"]
    return Scaler(**parts)

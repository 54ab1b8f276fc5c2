"""Members of an ensemble, and those that predict in one call."""

import numpy as np
import pytest
from ensembles import member
from mixed_tables import new_rows
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.tables.member import grouped, in_groups, stacked

pytest.importorskip("polars")

MEMBERS = (
    member("numbers", 0, 0, "scaled", (4,)),
    member("numbers", 1, 1, "scaled", (4,)),
    member("numbers", 2, 0, "scaled", (4,)),
    member("numbers", 3, 0, "quantile", (4,)),
    member("numbers", 4, 0, "scaled", (5,)),
    member("numbers", 5, 0, "scaled", (4,), "float64"),
)


def test_groups_are_of_one_architecture_dtype_and_inputs():
    groups = grouped(MEMBERS)
    assert [group.members for group in groups] == [(0, 2), (4,), (1,), (3,), (5,)]
    assert [len(group.population) for group in groups] == [2, 1, 1, 1, 1]
    for group in groups:
        for k in group.members:
            assert group.inputs is MEMBERS[k].inputs
            assert group.mlp == MEMBERS[k].population.mlp


def test_members_share_the_parameters_of_their_group():
    groups = grouped(MEMBERS)
    for viewed, own in zip(in_groups(MEMBERS, groups), MEMBERS, strict=True):
        assert_array_equal(viewed.population.parameters, own.population.parameters)
        assert any(
            np.shares_memory(viewed.population.parameters, group.population.parameters)
            for group in groups
        )


def test_a_group_says_what_its_members_say():
    for group in grouped(MEMBERS):
        inputs = group.inputs.encode(new_rows(), group.population.dtype)
        said = group.said(inputs, "log", "auto")
        for k, own in zip(group.members, said, strict=True):
            outputs = MEMBERS[k].population.predict(inputs)[0].astype(np.float64)
            assert_array_equal(own, np.exp(MEMBERS[k].target_scaler.invert(outputs)))


def test_scalers_of_a_group_may_be_of_all_kinds():
    """Some bounded, some of each output, some not there."""
    scalers = (
        bp.Scaler(np.array(2.0), np.array(0.5), np.array(1.9), np.array(2.1)),
        bp.Scaler(np.array([1.0, 3.0]), np.array([0.5, 2.0])),
        None,
    )
    members = [
        member("outputs", k)._replace(target_scaler=scaler) for k, scaler in enumerate(scalers)
    ]
    (group,) = grouped(members)
    inputs = group.inputs.encode(new_rows(), np.float32)
    outputs = group.population.predict(inputs).astype(np.float64)
    said = group.said(inputs, "", "auto")
    assert_array_equal(said[0], scalers[0].invert(outputs[0]))
    assert_array_equal(said[1], scalers[1].invert(outputs[1]))
    assert_array_equal(said[2], outputs[2])
    assert said[0].min() >= 1.9


def test_networks_are_stacked_as_they_are():
    mlp = bp.MLP((3, 4, 2), bias=False)
    populations = [bp.Population(mlp, n, seed=n, dtype="float64") for n in (1, 2)]
    together = stacked(populations)
    assert (together.mlp, len(together), together.dtype) == (mlp, 3, np.float64)
    expected = np.concatenate([population.parameters for population in populations])
    assert_array_equal(together.parameters, expected)
    assert_array_equal(together.seeds[1:], populations[1].seeds)

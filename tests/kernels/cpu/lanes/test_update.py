"""Clipping and penalties of networks side by side."""

import numpy as np
import pytest
from compiled import compiled

from bpfast.kernels.cpu.arguments import NET, OPTIMIZING
from bpfast.kernels.cpu.lanes import update
from bpfast.kernels.cpu.lanes.layout import (
    CLIP_NORM,
    LAYOUT,
    PENALTY,
    PENALTY_SHARE,
    WEIGHT,
    WORKSPACE,
)

pytestmark = pytest.mark.xdist_group("functions of lanes")  # compiled once


@compiled(LAYOUT, WORKSPACE)
def clip(layout, work):
    update.clip(layout, work)


@compiled(NET, OPTIMIZING, LAYOUT, WORKSPACE)
def add_penalties(net, optimizing, layout, work):
    update.add_penalties(net, optimizing, layout, work)


@pytest.fixture
def group(arguments_of, lanes_of):
    """Sixteen networks in their lanes, and the arguments of kernels."""
    args = arguments_of((3, 2), n=16)
    return args, *lanes_of(args)


def test_each_lane_has_its_own_longest_gradient(group):
    _, layout, work = group
    size = layout.weights[-1] - layout.weights[0]
    gradient = work.numbers[layout.gradient :][:size].reshape(-1, work.lanes)
    gradient[:] = np.random.default_rng(0).normal(size=gradient.shape)
    before = gradient.copy()
    norms = np.linalg.norm(before, axis=0)
    limits = np.where(np.arange(work.lanes) % 3, np.inf, 0.5 * norms)
    work.lane_floats[CLIP_NORM] = limits
    clip(layout, work)
    np.testing.assert_allclose(gradient, before * np.minimum(1.0, limits / (norms + 1e-6)))


def test_penalties_count_weights_and_no_biases(group):
    args, layout, work = group
    penalties = np.column_stack([np.linspace(0, 1, 16), np.linspace(1, 0, 16), np.full(16, np.inf)])
    work.lane_floats[PENALTY_SHARE], work.lane_floats[WEIGHT] = 0.5, 4.0
    add_penalties(args.net, args.optimizing._replace(penalties=penalties), layout, work)
    weights = args.memory.parameters[:, : 3 * 2]
    expected = penalties[:, 0] * np.abs(weights).sum(1) + penalties[:, 1] / 2 * (weights**2).sum(1)
    np.testing.assert_allclose(work.lane_floats[PENALTY], 2.0 * expected)

"""Splits by whole groups, also where one is larger than all others."""

import numpy as np
import pytest

from bpfast.sweeps.whole_groups import WholeGroups

SIZES = [500, *[10] * 30, 1, 1]
GROUPS = np.repeat([f"group {k}" for k in range(len(SIZES))], SIZES)


@pytest.mark.parametrize("seed", range(5))
def test_a_large_group_is_trained_on(seed):
    parts = WholeGroups(GROUPS, seed).parts(0.2, 0.1)
    assert "group 0" in GROUPS[parts.train]
    assert len(parts.validation) == pytest.approx(0.2 * len(GROUPS), abs=6)
    assert len(parts.test) == pytest.approx(0.1 * len(GROUPS), abs=6)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (100, 1, 1), (1, 100, 100)])
def test_three_groups_are_enough_for_three_parts(sizes):
    groups = np.repeat(np.arange(3), sizes)
    parts = WholeGroups(groups, 0).parts(0.2, 0.2)
    assert sorted(len(np.unique(groups[part])) for part in parts) == [1, 1, 1]


def test_too_few_groups_are_refused():
    way = WholeGroups(np.repeat([0, 1], 50), 0)
    with pytest.raises(
        ValueError, match=r"100 rows in 2 groups are too few .* validation and test"
    ):
        way.parts(0.2, 0.2)
    assert len(way.parts(0.2, 0.0).validation) == 50

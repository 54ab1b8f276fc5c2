"""Random sweeps of random tables: what they wrote and said is what others' code finds.

A few in CI; ``BPFAST_EXAMPLES=2000 pytest tests/sweeps/test_recomputed.py`` draws as many new ones.
"""

import pytest
from drawn_sweeps import sweep_and_check, sweeps
from examples_budget import drawn
from hypothesis import Phase, given
from hypothesis import strategies as st

pytest.importorskip("optuna")


@pytest.mark.parametrize("strategy", ["lanes", "tiles", "large batch"])
@drawn(6, phases=[Phase.generate])  # to shrink a sweep takes minutes
@given(data=st.data())
def test_what_a_sweep_says_is_what_others_find(forced, strategy, data):
    asked = data.draw(sweeps("cpu"))
    with forced(strategy):
        sweep_and_check(asked)

"""What a sweep on a GPU says is what others' code finds: see test_recomputed.py."""

import pytest
from examples_budget import drawn
from hypothesis import Phase, given
from hypothesis import strategies as st

pytest.importorskip("optuna")
pytest.importorskip("polars")

pytestmark = [
    pytest.mark.cuda_simulator,
    pytest.mark.gpu,
    pytest.mark.filterwarnings(
        "ignore:(overflow|invalid value|divide by zero) encountered:RuntimeWarning"
    ),
]


@pytest.mark.parametrize("strategy", ["thread", "block", "large batch"])
@drawn(3, phases=[Phase.generate])
@given(data=st.data())
def test_what_a_sweep_says_is_what_others_find(forced, strategy, data):
    from drawn_sweeps import sweep_and_check, sweeps  # others' code takes longer than a few tests

    asked = data.draw(sweeps("cuda"))
    with forced(strategy):
        sweep_and_check(asked)

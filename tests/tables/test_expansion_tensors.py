"""Expansions come back from a file's tensors as they were."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bpfast.tables.encoding.expansion import Expansion
from bpfast.tables.expansion_tensors import from_tensors, to_tensors


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["quantile", "piecewise3", "piecewise48"]),
    st.lists(st.booleans(), max_size=4),
    st.integers(0, 99),
)
def test_they_come_back_as_they_were(name, bounded, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, len(bounded))).round(seed % 3).astype(np.float32)
    expansion = Expansion.fit(name, X, bounded)
    tensors = to_tensors(expansion, "own.")
    assert all(key.startswith("own.") for key in tensors)
    again = from_tensors(name, tensors, "own.")
    assert again == expansion
    assert again.to_plain() == expansion.to_plain()

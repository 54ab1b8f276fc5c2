"""Device "cuda" is the large batch, whatever is best."""

import pytest

from bpfast.training import dispatch


@pytest.fixture(autouse=True)
def _large_batch(monkeypatch):
    def choose(mlp, n, batch_size, device, *rule, **dtype):
        return dispatch.Plan("large batch", "cuda", "a test")

    monkeypatch.setattr(dispatch, "choose", choose)

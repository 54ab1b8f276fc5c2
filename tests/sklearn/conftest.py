"""What tests of searches share."""

import pytest

from bpfast.sklearn import candidates


@pytest.fixture
def populations(monkeypatch):
    """How many networks each population search trained at once."""
    sizes, train = [], candidates.fit_together
    monkeypatch.setattr(
        candidates,
        "fit_together",
        lambda networks, *args: sizes.append(len(networks)) or train(networks, *args),
    )
    return sizes

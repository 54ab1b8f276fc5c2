"""scikit-learn's time beside a sweep."""

import pytest
from typed import SMALL

pytest.importorskip("sklearn")
pytest.importorskip("typer")


def test_baseline_is_measured_beside_the_sweep(houses, bpfast):
    code, out, err = bpfast("sweep", houses, "--target", "kind", *SMALL, "--baseline")
    assert code == 0, err
    assert "scikit-learn's MLP, measured now" in out
    assert "6 one after the other" in " ".join(out.split())

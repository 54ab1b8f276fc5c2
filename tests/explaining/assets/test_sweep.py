"""sweep.js: the landmarks are those of bpfast's sweep."""

import pytest
from explanations import drawn, tutorial

from bpfast.explaining.sweep import sweep_learning_rate

pytestmark = pytest.mark.xdist_group("browser")


def test_landmarks_are_those_of_the_terminal(in_javascript):
    sweeps = [
        sweep_learning_rate(e, 5, 200) for e in (tutorial(), drawn((2, 3), loss="cross_entropy"))
    ]
    function = """([rates, errors, first]) =>
  landmarks(Float64Array.from(rates), Float64Array.from(errors, (e) => e ?? Infinity), first)"""
    arguments = [(s.learning_rates, s.as_dict()["errors"], s.start_error) for s in sweeps]
    results = in_javascript("sweep", function, arguments)
    for sweep, result in zip(sweeps, results, strict=True):
        assert result.get("best") == sweep.best_rate
        assert result.get("bestError") == sweep.best_error
        assert result.get("crawls") == sweep.crawls_below
        assert result.get("diverges") == sweep.diverges_from
        assert result.get("always") in (None, sweep.diverges_above)

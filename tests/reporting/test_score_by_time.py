"""The curve of scores by time, and what is said of it."""

import numpy as np
import pytest

from bpfast.reporting import score_by_time
from bpfast.reporting.run import Run
from bpfast.reporting.style import LIGHT, NARROW, WIDE


def run_of(curve, metric="neg_log_loss", seconds=0.0, networks=0, **manifest):
    network = np.arange(networks)
    scores = np.full(networks, curve[-1][-1])
    table = {"network": network, "validation_score": scores, "diverged": np.zeros(networks, bool)}
    said = {"metric": metric, "curve": curve, "seconds": seconds} | manifest
    return Run(said, table, network, network, network, {}, "")


def test_what_the_time_brought():
    curve = [[0.5, 1, -0.9], [20.0, 120, -0.45], [29.5, 200, -0.44], [59.0, 950, -0.42]]
    run = run_of(curve, seconds=60.0, networks=1000, ensemble={"score": -0.4})
    assert score_by_time.caption(run).sentence == (
        "The best validation log loss was 0.9000 after 0.5 seconds and 1 network, 0.4400 after "
        "29.5 seconds and 200 networks, 0.4200 after 59 seconds and 950 networks; none better came "
        "in all of 60 seconds and 1,000 networks; the ensemble's is 0.4000."
    )
    few = [[1.0, 5, 0.5], [1.5, 9, 0.75]]
    assert score_by_time.caption(run_of(few, "accuracy")).sentence == (
        "The best validation accuracy was 0.5000 after 1 second and 5 networks, 0.7500 after 1.5 "
        "seconds and 9 networks."
    )
    assert score_by_time.caption(run_of(few[:1], "accuracy", ensemble=None)) == (
        True,
        "The best validation accuracy was 0.5000 after 1 second and 5 networks.",
    )


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_steps_and_the_ensembles_line(width):
    curve = [[1.0, 1, -0.9], [300.0, 120, -0.45]]
    run = run_of(curve, seconds=600.0, networks=3, ensemble={"score": -0.4})
    (axes,) = score_by_time.draw(run, width).axes
    steps, level = axes.lines
    np.testing.assert_allclose(steps.get_xdata(), np.array([1.0, 300.0, 600.0]) / 60.0)
    np.testing.assert_allclose(steps.get_ydata(), [0.9, 0.45, 0.45])
    assert steps.get_drawstyle() == "steps-post"
    assert (level.get_ydata()[0], level.get_color()) == (0.4, LIGHT["fourth"])
    assert axes.get_xlabel() == "minutes of training"
    assert axes.get_xscale() == "log"
    assert axes.get_ylim()[0] < 0.4

"""The curve of scores by time, and what is said of it."""

import numpy as np
import pytest

from bpfast.reporting import score_by_time
from bpfast.reporting.run import Run
from bpfast.reporting.style import LIGHT, NARROW, WIDE


def run_of(curve, metric="neg_log_loss", ensemble=None, folds=0):
    nothing = np.empty(0)
    table = {"network": nothing} | {f"split{k}_validation_score": nothing for k in range(folds)}
    table |= {
        "validation_score": np.array([score for *_, score in curve]),
        "diverged": np.zeros(len(curve), bool),
    }
    manifest = {"metric": metric, "curve": curve}
    if ensemble is not None:
        manifest["ensemble"] = {"score": ensemble}
    return Run(manifest, table, nothing, nothing, nothing, {}, "")


def test_what_the_time_brought():
    curve = [[0.5, 1, -0.9], [20.0, 120, -0.45], [29.5, 200, -0.44], [60.0, 1000, -0.42]]
    assert score_by_time.caption(run_of(curve, ensemble=-0.4)).sentence == (
        "The best validation log loss was 0.9000 after 0.5 seconds and 1 network, 0.4400 after "
        "29.5 seconds and 200 networks, 0.4200 after 60 seconds and 1,000 networks; the ensemble's "
        "is 0.4000."
    )
    few = [[1.0, 5, 0.5], [1.5, 9, 0.75]]
    assert score_by_time.caption(run_of(few, "accuracy", folds=3)).sentence == (
        "The best mean validation accuracy over 3 folds was 0.5000 after 1 second and 5 networks, "
        "0.7500 after 1.5 seconds and 9 networks."
    )
    one = score_by_time.caption(run_of(few[:1], "accuracy"))
    assert one == (True, "The best validation accuracy was 0.5000 after 1 second and 5 networks.")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_steps_and_the_ensembles_line(width):
    curve = [[1.0, 1, -0.9], [300.0, 120, -0.45], [600.0, 1000, -0.42]]
    figure = score_by_time.draw(run_of(curve, ensemble=-0.4), width)
    (axes,) = figure.axes
    steps, level = axes.lines
    np.testing.assert_allclose(steps.get_xdata(), np.array([1.0, 300.0, 600.0]) / 60.0)
    np.testing.assert_allclose(steps.get_ydata(), [0.9, 0.45, 0.42])
    assert steps.get_drawstyle() == "steps-post"
    assert (level.get_ydata()[0], level.get_color()) == (0.4, LIGHT["fourth"])
    assert axes.get_xlabel() == "minutes since the sweep began"
    assert axes.get_xscale() == "log"
    assert axes.get_ylim()[0] < 0.4
    (alone,) = score_by_time.draw(run_of(curve[:1]), width).axes[0].lines
    assert alone.get_marker() == "o"

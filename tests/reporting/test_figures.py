"""Figures: any table can be drawn, marks are thinned out, and captions have the numbers."""

import polars as pl
import pytest
from examples_budget import drawn as so_many
from hypothesis import given
from pages import edit
from results import results
from runs import make_run

from bpfast.reporting import leaderboard, learning_rate, parallel, timeline
from bpfast.reporting.figures import FIGURES, figures_of, render
from bpfast.reporting.reading import read_run
from bpfast.reporting.style import MARKS, NARROW, WIDE


@so_many(2)
@given(results())
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_any_table_can_be_drawn(drawn):
    run = drawn.run()
    for name, figure in figures_of(run).items():
        if figure.caption(run).has_figure:
            assert all(render(name, run, NARROW, "svg"))


PREDICTED = ["confusion", "roc", "calibration", "residuals"]


@pytest.mark.parametrize(
    ("manifest", "names"),
    [
        ({}, ["confusion", "roc", "calibration"]),
        ({"classes": ["no", "yes"]}, ["confusion", "roc", "calibration"]),
        ({"classes": [], "labels": {"a": ["no", "yes"], "b": ["0", "1"]}}, ["roc", "calibration"]),
        ({"classes": [], "metric": "R²"}, ["residuals"]),
        ({"classes": [], "metric": "r2", "target_names": ["x", "y"]}, ["residuals"]),
    ],
)
def test_figures_of_predictions_are_of_what_is_predicted(manifest, names, tmp_path):
    run = read_run(make_run(tmp_path, 12, **manifest))
    assert [name for name in figures_of(run) if name in PREDICTED] == names
    for name in names:
        assert FIGURES[name].caption(run).has_figure
        for width in (WIDE, NARROW):
            assert all(render(name, run, width, "svg"))
    (tmp_path / "predictions.parquet").unlink()  # as in folders of older versions
    assert not {*figures_of(read_run(tmp_path))} & {*PREDICTED}


def test_many_networks_are_thinned_out(tmp_path, monkeypatch):
    run = read_run(make_run(tmp_path, 60, diverged=0))
    for width, lines, marks in ((WIDE, 20, 30), (NARROW, 10, 20)):
        monkeypatch.setitem(parallel.LINES, width, lines)
        monkeypatch.setitem(MARKS, width, marks)
        figure = parallel.draw(run, width)
        assert sum(len(drawn.get_segments()) for drawn in figure.axes[0].collections) == lines
        dots = learning_rate.draw(run, width).axes[0].collections
        assert sum(len(drawn.get_offsets()) for drawn in dots) == marks + 1  # the best has a ring
        upper, lower = timeline.draw(run, width).axes
        assert len(upper.collections[0].get_offsets()) == marks
        assert len(lower.collections[0].get_segments()) == marks // 2


def test_sentences_have_the_numbers(tmp_path):
    make_run(tmp_path, 4, epochs=5, diverged=0, varied=("learning_rate",))
    losses = {"network": range(4), "loss": [[2.0, 1.5, 1.0, 0.8, 0.4 + k / 10] for k in range(4)]}
    pl.DataFrame(losses).write_parquet(tmp_path / "losses.parquet")
    edit(
        tmp_path,
        network=range(4),
        learning_rate=[0.01, 0.02, 0.04, 0.5],
        validation_score=[0.9, 0.8, 0.7, 0.2],
        test_score=[0.85, 0.8, 0.7, 0.2],
    )
    run = read_run(tmp_path)
    assert leaderboard.sentence(run) == (
        "Network 0 is first: its validation accuracy is 0.9000; the scores of the first 4 span "
        "0.7. On the test part, which the ranking never looked at, its accuracy is 0.8500."
    )
    assert FIGURES["loss_best"].caption(run).sentence == (
        "The best network's training loss went from 2 in epoch 1 to 0.4 in epoch 5; since epoch 4 "
        "it fell by 50%: more epochs may help."
    )
    assert FIGURES["loss_quantiles"].caption(run).sentence == (
        "In epoch 5, the training losses of the 4 networks that came so far have a median of 0.55, "
        "and quartiles of 0.475 and 0.625."
    )
    assert FIGURES["learning_rate"].caption(run).sentence == (
        "The best 3 networks have learning rates from 0.01 to 0.04; from 0.01 to 0.5 were tried."
    )

"""What a run says of its networks."""

from dataclasses import replace

import numpy as np
import pytest
from claims import each_table
from pages import edit
from runs import make_run

from bpfast.reporting import losses
from bpfast.reporting.reading import read_run
from bpfast.reporting.run import has_value


def test_what_was_varied_is_told_from_what_was_fixed(tmp_path):
    run = read_run(make_run(tmp_path, 30, varied=("learning_rate", "hidden")))
    assert run.varied == ["learning_rate", "hidden"]
    expected = {"optimizer": "sgd", "momentum": 0.5, "l2": 1e-4, "batch_size": 64}
    assert run.fixed == expected


@each_table
def test_fates_are_told_apart(drawn):
    run, fates = drawn.run(), np.array([row["fate"] for row in drawn.rows])
    np.testing.assert_array_equal(run.table["diverged"], fates == "diverged")
    np.testing.assert_array_equal(run.let_go, fates == "let go")
    np.testing.assert_array_equal(run.unfinished, fates == "on the way")
    np.testing.assert_array_equal(run.scored, [drawn.rows.index(row) for row in drawn.scored])


def test_who_runs_out_of_patience_is_trained_to_its_end(tmp_path):
    make_run(tmp_path, 20, diverged=0)
    edit(tmp_path, epochs=[3] * 20, stopped=[True] * 12 + [False] * 8)
    run = read_run(tmp_path)
    assert run.finished.tolist() == [*range(12)]
    assert run.importance
    assert run.let_go.tolist() == [False] * 12 + [True] * 8
    early = np.where(np.arange(6) < 3, run.losses, np.nan)
    early[0] = 1.0  # the best had every epoch
    text = losses.caption_quantiles(replace(run, losses=early)).sentence
    assert text.endswith("; the others: 8 let go, 11 out of patience.")
    assert "more epochs" not in losses.caption_best(run).sentence


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.0, np.nan], [True, False]), (["8", ""], [True, False]), ([0, 1], [True, True])],
)
def test_a_network_may_lack_a_hyperparameter(values, expected):
    assert has_value(np.array(values)).tolist() == expected


def test_losses_are_drawn_without_their_minus_and_not_beyond_the_worst(tmp_path):
    run = read_run(make_run(tmp_path, 3, metric="neg_log_loss", classes=["a", "b"]))
    table = run.table | {"validation_score": -np.array([0.5, 1.0, 20.0])}
    run = replace(run, table=table)
    assert (run.kind, run.outputs, run.worst_drawn) == ("classes", 2, 10.0)
    np.testing.assert_array_equal(run.drawn_scores, [0.5, 1.0, 10.0])


@pytest.mark.parametrize(
    ("manifest", "kind", "outputs"),
    [
        ({"classes": [], "labels": {"a": ["f", "t"], "b": ["f", "t"]}}, "labels", 2),
        ({"classes": [], "labels": {}, "metric": "R²"}, "numbers", 1),
        ({"classes": [], "target_names": ["x", "y"]}, "numbers", 2),
    ],
)
def test_what_is_predicted(manifest, kind, outputs, tmp_path):
    run = read_run(make_run(tmp_path, 3, **manifest))
    assert (run.kind, run.outputs) == (kind, outputs)
    assert replace(run, predictions=None).outputs == outputs  # of networks that all diverged


def test_the_curve_has_points_with_a_score(tmp_path):
    assert read_run(make_run(tmp_path / "old", 3)).curve is None
    curve = [[0.5, 1, None], [1.0, 2, 0.5], [2.0, 9, 0.75]]
    run = read_run(make_run(tmp_path / "new", 3, curve=curve))
    np.testing.assert_array_equal(run.curve, curve[1:])
    assert read_run(make_run(tmp_path / "none", 3, curve=[])).curve is None

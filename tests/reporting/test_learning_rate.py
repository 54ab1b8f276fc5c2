"""Scores by learning rate: the sentence is true of the table, and hopeless scores do not rule."""

from statistics import median

import numpy as np
import polars as pl
from claims import (
    BEYOND,
    DRAWN,
    N,
    check_beyond,
    check_no_score,
    check_span,
    check_whom,
    claims,
    each_table,
    same,
)
from pages import edit
from runs import make_run

from bpfast.reporting import learning_rate
from bpfast.reporting.page import page_html
from bpfast.reporting.reading import read_run
from bpfast.reporting.style import WIDE


@each_table
def test_which_learning_rates_are_best(drawn):
    has_figure, text = learning_rate.caption(drawn.run())
    rates = [row["learning_rate"] for row in drawn.rows]
    assert has_figure == bool(len(set(rates)) > 1 and drawn.scored)
    if len(set(rates)) == 1:
        (told,) = claims(rf"The learning rate does not differ between networks, {N}\.", text)
        assert same(told, rates[0])
        return
    if not drawn.scored:
        check_no_score(drawn, text)
        return
    span = rf"((?:from {N} to|of|around) {N})".replace(N, N[1:-1])
    whom, own, tried, lost, middle, worst, beyond, _, _ = claims(
        rf"(The best \d*\s?networks?) (?:have learning rates|has a learning rate) {span}; {span} "
        rf"were tried(?:, and (the median of the \d+|that of the one) that diverged is {N})?"
        rf"{BEYOND}\.{DRAWN}",
        text,
    )
    top = check_whom(drawn, whom)
    check_span(own, [row["learning_rate"] for row in top])
    check_span(tried, rates)
    diverged = [row["learning_rate"] for row in drawn.with_fate("diverged")]
    assert bool(lost) == bool(diverged)
    if diverged:
        count = "that of the one" if len(diverged) == 1 else f"the median of the {len(diverged)}"
        assert lost == count
        assert same(middle, median(diverged))
    check_beyond(drawn, drawn.scored, worst, beyond)


def test_hopeless_losses_are_drawn_at_ten_times_the_median(tmp_path):
    make_run(tmp_path, 31, metric="neg_root_mean_squared_error", classes=[], diverged=0)
    scores = -np.concatenate([np.linspace(0.1, 0.5, 28), [3.0, 1e3, 1e300]])
    edit(tmp_path, validation_score=scores)
    run = read_run(tmp_path)
    limit = -10 * np.median(scores)
    axes = learning_rate.draw(run, WIDE).axes[0]
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "validation RMSE, less is better"
    low, high = axes.get_ylim()
    assert 0.05 < low < 0.1 < limit < high < 2 * limit
    words = f"; losses above {limit:.3g}, 2 of them, are drawn there."
    assert words in learning_rate.caption(run).sentence


def test_hopeless_scores_are_drawn_at_the_floor_and_the_sentence_says_so(tmp_path):
    make_run(tmp_path, 30, metric="R²", classes=[], diverged=0)
    scores = pl.read_csv(tmp_path / "networks.csv")["validation_score"].to_numpy().copy()
    scores[-4:] = -3.0, -1e3, -1e30, -1e300
    edit(tmp_path, validation_score=scores)
    run = read_run(tmp_path)
    low, high = learning_rate.draw(run, WIDE).axes[0].get_ylim()
    assert -1.5 < low < -1.0 < high < 1.5
    assert "; scores below -1, 4 of them, are drawn there." in learning_rate.caption(run).sentence
    assert "64 inputs, a number to predict" in page_html(run, [])

"""Greedy selection: it is the plain one, on few rows too; weights add up; the best is not lost."""

import numpy as np
import pytest
from examples_budget import drawn as so_many
from hypothesis import given
from hypothesis import strategies as st

from bpfast.sweeps import selection
from bpfast.sweeps.mean_values import mean_values
from bpfast.sweeps.metrics import Metric
from bpfast.sweeps.selection import START, TIE, select, selected

STEPS, PATIENCE = 8, 3  # fewer, for the time that plain selections take
NAMES = [
    ("classes", "neg_log_loss"),
    ("classes", "accuracy"),
    ("classes", "neg_brier_score"),
    ("binary", "roc_auc"),
    ("labels", "neg_log_loss"),
    ("labels", "accuracy"),
    ("numbers", "neg_root_mean_squared_error"),
    ("numbers", "r2"),
    ("numbers", "neg_mean_absolute_error"),
]


def drawn(kind, name, candidates=8, rows=40, folds=1, seed=0):
    """Candidates that are partly right, the best first: predicted, truths, metric, kind."""
    rng = np.random.default_rng(seed)
    outputs = 2 if kind in ("binary", "labels", "numbers") else 3
    kind = "classes" if kind == "binary" else kind
    metric, predicted, truths = Metric(name), [], []
    noise = rng.uniform(0.7, 1.5, (candidates, 1, 1))
    for fold in range(folds):
        wanted = rng.normal(size=(rows + fold, outputs))
        own = wanted + noise * rng.normal(size=(candidates, *wanted.shape))
        if kind == "classes":
            truths.append((wanted + 0.5 * rng.gumbel(size=wanted.shape)).argmax(axis=1))
            truths[-1][:outputs] = np.arange(outputs)  # each class is there
            powers = np.exp(own)
            own = (powers / powers.sum(axis=2, keepdims=True)).astype(np.float32)
        elif kind == "labels":
            truths.append((wanted > 0).astype(float))
            own = (1 / (1 + np.exp(-own))).astype(np.float32)
        else:
            truths.append(wanted)
        predicted.append(own)
    order = np.argsort(-score_of_each(predicted, truths, metric, kind), kind="stable")
    return [own[order] for own in predicted], truths, metric, kind


def score_of_each(predicted, truths, metric, kind):
    pairs = zip(predicted, truths, strict=True)
    return np.mean([metric.scores(own, truth, kind) for own, truth in pairs], axis=0)


def score_of(weights, predicted, truths, metric, kind):
    """Of the weighted mean prediction, by NumPy's own weighted mean."""
    means = [np.average(own, axis=0, weights=weights)[None].astype(own.dtype) for own in predicted]
    return score_of_each(means, truths, metric, kind)[0]


def plainly_selected(predicted, truths, metric, kind, members):
    """The weights of a greedy selection, by scores of each mean."""
    candidates = len(predicted[0])

    def score(picked):
        counts = np.bincount(picked, minlength=candidates)
        return score_of(counts, predicted, truths, metric, kind)

    def first_best(scores):
        return next(k for k, s in enumerate(scores) if s >= max(scores) - TIE * abs(max(scores)))

    starts = [[*range(k + 1)] for k in range(min(START, members))]
    picked = starts[first_best([score(own) for own in starts])]
    best = picked
    for _ in range(STEPS):
        allowed = range(candidates) if len(set(picked)) < members else sorted(set(picked))
        tried = [[*picked, k] for k in allowed]
        picked = tried[first_best([score(own) for own in tried])]
        if score(picked) > score(best) + TIE * abs(score(best)):
            best = picked
        elif len(picked) - len(best) == PATIENCE:
            break
    return np.bincount(best, minlength=candidates) / len(best)


@pytest.mark.parametrize("members", [2, 8])
@pytest.mark.parametrize(("kind", "name"), [*NAMES, ("classes", "balanced_accuracy")])
def test_each_step_is_the_best_one(kind, name, members, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(selection, "STEPS", STEPS)
    monkeypatch.setattr(selection, "PATIENCE", PATIENCE)
    predicted, truths, metric, kind = drawn(kind, name, folds=2)
    values = mean_values(predicted, truths, metric, kind)
    expected = plainly_selected(predicted, truths, metric, kind, members)
    np.testing.assert_array_equal(selected(values, members), expected)
    assert np.count_nonzero(expected) <= members


@so_many(40)
@given(
    st.sampled_from(NAMES),
    st.integers(1, 30),
    st.integers(1, 3),
    st.sampled_from([None, 1, 2, 5, 100]),
    st.integers(0, 2**64 - 1),
)
def test_weights_add_up_and_are_never_worse_than_the_best_network(
    kind_and_name, candidates, folds, members, seed
):
    pytest.importorskip("sklearn")
    predicted, truths, metric, kind = drawn(*kind_and_name, candidates, 15, folds, seed)
    found = select(predicted, truths, metric, kind, members=members, seed=seed)
    assert found.weights.shape == (candidates,)
    assert found.weights.dtype == np.float64
    assert found.weights.min() >= 0.0
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.count_nonzero(found.weights) <= (members or candidates)
    alone = score_of_each(predicted, truths, metric, kind)
    assert found.score >= alone[0] == alone.max()
    recomputed = score_of(found.weights, predicted, truths, metric, kind)
    assert found.score == pytest.approx(recomputed, rel=1e-5, abs=1e-5)
    assert sorted(found.order) == np.flatnonzero(found.weights).tolist()
    assert [*found.order] == sorted(found.order, key=lambda k: (-found.weights[k], k))
    again = select(predicted, truths, metric, kind, members=members, seed=seed)
    np.testing.assert_array_equal(found.weights, again.weights)


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_the_order_of_rows_does_not_matter(kind, name):
    pytest.importorskip("sklearn")
    predicted, truths, metric, kind = drawn(kind, name, candidates=20)
    found = select(predicted, truths, metric, kind)
    order = np.random.default_rng(1).permutation(len(truths[0]))
    turned = select([predicted[0][:, order]], [truths[0][order]], metric, kind)
    np.testing.assert_allclose(found.weights, turned.weights, atol=0.01)  # a bag may end later
    assert found.score == pytest.approx(turned.score, rel=1e-4)


def test_of_equal_networks_the_first_counts():
    predicted, truths, metric, kind = drawn("numbers", "r2", candidates=1)
    same = predicted[0] * (1.0 + 1e-12 * np.arange(5)[:, None, None])  # but for rounding
    found = selected(mean_values([same], truths, metric, kind))
    assert found.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_many_networks_are_better_than_one_and_bags_have_more_than_a_plain_selection():
    case = drawn("classes", "neg_log_loss", candidates=60, rows=200)
    found, plain = select(*case), selected(mean_values(*case))
    assert found.score > score_of(np.eye(60)[0], *case) + 0.02
    assert np.count_nonzero(found.weights) > np.count_nonzero(plain)
    assert select(*case, seed=1).order != found.order  # other bags


def test_a_bound_on_members_costs_little():
    case = drawn("numbers", "neg_root_mean_squared_error", candidates=60, rows=400)
    free, bounded = select(*case), select(*case, members=8)
    cut = np.where(np.isin(np.arange(60), free.order[:8]), free.weights, 0.0)
    assert len(bounded.order) == 8
    assert bounded.score > score_of(cut, *case)
    assert select(*case, members=1).order == [0]
    np.testing.assert_array_equal(select(*case, members=60).weights, free.weights)


def test_few_rows_leave_weights_nearly_equal():
    predicted, truths, metric, kind = drawn("numbers", "r2", candidates=30, rows=20)
    few = select(predicted, truths, metric, kind).weights
    many = select(
        [np.tile(predicted[0], (1, 100, 1))], [np.tile(truths[0], (100, 1))], metric, kind
    )
    np.testing.assert_array_equal(np.flatnonzero(few), np.flatnonzero(many.weights))
    few, more = few[few > 0], many.weights[many.weights > 0]
    assert few.std() < 0.3 * more.std()


def test_what_nothing_helps_stays_alone():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(50, 1))
    predicted = np.stack([truth, *(truth + 1.0 + rng.random((9, 50, 1)))])
    found = select([predicted], [truth], Metric("neg_mean_squared_error"), "numbers")
    assert found.order == [0]
    assert found.score == 0.0


def test_networks_that_predict_nothing_have_no_weight():
    predicted, truths, metric, kind = drawn("numbers", "r2", candidates=12, folds=2)
    predicted[1][0, 3], predicted[0][5] = np.nan, np.inf
    found = select(predicted, truths, metric, kind)
    assert found.weights[[0, 5]].tolist() == [0.0, 0.0]
    others = np.delete(np.arange(12), [0, 5])
    alone = select([own[others] for own in predicted], truths, metric, kind)
    np.testing.assert_array_equal(found.weights[others], alone.weights)
    predicted[0][:] = np.nan
    with pytest.raises(ValueError, match="none of 12 networks has a R² on the validation rows"):
        select(predicted, truths, metric, kind)


def test_of_very_many_rows_some_are_looked_at(monkeypatch):
    predicted, truths, metric, kind = drawn("classes", "neg_log_loss", 30, 600, folds=2)
    truths[0][:] = np.arange(600) // 598  # of the last class two rows
    looked_at = []

    def watched(predicted, truths, metric, kind):
        looked_at.extend(truths)
        return mean_values(predicted, truths, metric, kind)

    monkeypatch.setattr(selection, "mean_values", watched)
    monkeypatch.setattr(selection, "ROWS", 120)
    found = select(predicted, truths, metric, kind)
    assert [len(own) for own in looked_at] == pytest.approx([60, 60], abs=3)
    assert set(looked_at[0]) == {0, 1}
    assert found.score == pytest.approx(score_of(found.weights, predicted, truths, metric, kind))
    assert found.score > score_of(np.eye(30)[0], predicted, truths, metric, kind)


def test_a_metric_that_takes_long_has_fewer_candidates_and_bags(monkeypatch):
    case = drawn("classes", "neg_log_loss", candidates=60)
    searches = []
    monkeypatch.setattr(
        selection._Search, "proposals", lambda own, *_: searches.append(own) or iter([])
    )
    for work in (1e12, 1e6, 10.0):
        monkeypatch.setattr(selection, "WORK", int(work))
        assert select(*case).order == [0]
    sizes = [(own.bags, len(own.values)) for own in searches]
    assert sizes[0] == (selection.BAGS, 60)
    assert selection.LEAST_BAGS <= sizes[1][0] <= selection.BAGS
    assert sizes[2] == (selection.LEAST_BAGS, selection.LEAST_CANDIDATES)

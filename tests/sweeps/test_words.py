"""What the terminal and the report say of a table."""

import re

import numpy as np
import pytest

from bpfast.sweeps.metrics import Metric
from bpfast.sweeps.words import (
    by_epoch,
    column_title,
    duration,
    in_ensemble,
    listed,
    metric_in,
    no_score,
    ranked_by,
    to_predict,
    which_is_better,
)


def test_lists_end_in_and():
    assert [listed(list("abc")[:k]) for k in (1, 2, 3)] == ["a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(1.5, "1.5 s"), (119.0, "119 s"), (150.0, "2.5 min"), (7200.0, "2 h")]
)
def test_a_time_is_in_its_best_unit(seconds, words):
    assert duration(seconds) == words


def test_a_few_ends_are_counted_and_many_are_a_range():
    assert by_epoch(np.array([1, 3, 1])) == "2 after epoch 1 and 1 after epoch 3"
    assert by_epoch(np.arange(1, 10)) == "after epochs 1 to 9"


def test_a_ranking_names_its_folds():
    assert ranked_by(Metric("r2"), 0) == "validation R²"
    assert ranked_by(Metric("neg_log_loss"), 3) == "mean validation log loss over 3 folds"


def test_an_ensemble_has_so_many_of_the_table_s_networks():
    assert in_ensemble([4], 0) == "1 network"
    assert in_ensemble([4, 4, 7, 7], 2) == "2 networks on each of 2 folds"


def test_less_of_a_loss_is_better():
    assert which_is_better(Metric("r2")) == ""
    assert which_is_better(Metric("neg_log_loss")) == " (less is better)"


def test_what_is_predicted():
    kinds = [("classes", 2), ("labels", 3), ("numbers", 1), ("numbers", 2)]
    told = ["2 classes", "3 labels", "a number to predict", "2 numbers to predict"]
    assert [to_predict(*kind) for kind in kinds] == told


@pytest.mark.parametrize(
    ("column", "metric", "title"),
    [
        ("validation_score", Metric("neg_log_loss"), "validation log loss"),
        ("test_score", Metric("neg_log_loss"), "test log loss"),
        ("split0_validation_score", Metric("neg_log_loss"), "split0 log loss"),
        ("validation_accuracy", Metric("accuracy"), "validation accuracy"),
        ("test_r2", Metric("r2"), "test R²"),
        ("validation_std", None, "validation std"),
        ("learning_rate", None, "learning rate"),
    ],
)
def test_columns_of_scores_are_called_by_their_metric(column, metric, title):
    assert metric_in(column, Metric("neg_log_loss")) == metric
    assert column_title(column, Metric("neg_log_loss")) == title


def test_what_to_do_where_a_metric_is_not_defined():
    table = {"network": np.arange(2), "diverged": np.array([True, False])}
    told = no_score(table)
    assert "1 of 2 diverged, and what the others predict has no finite score" in told
    assert told.endswith("or choose another metric")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "2 of 2 diverged; lower the learning rate, or set clip_norm"),
        ({"learning_rate": np.array([1.0, 10.0])}, r"rate \(1 to 10 was tried\), or set clip_norm"),
        ({"learning_rate": np.ones(2), "clip_norm": np.ones(2)}, r"\(1 was tried\), or lower clip"),
    ],
)
def test_what_to_do_without_a_score(more, words):
    table = {"network": np.arange(2), "diverged": np.ones(2, bool), **more}
    assert re.search(words, no_score(table))

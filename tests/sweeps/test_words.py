"""What the terminal and the report say of a table."""

import re

import numpy as np
import pytest

from bpfast.sweeps.words import by_epoch, duration, listed, many, no_score, ranked_by


def test_counts_and_lists():
    assert (many(1, "network"), many(1200, "network")) == ("1 network", "1,200 networks")
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
    assert ranked_by("R²", 0) == "validation R²"
    assert ranked_by("R²", 3) == "mean validation R² over 3 folds"


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

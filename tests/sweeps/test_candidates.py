"""Candidates: the first by rank, whatever the order in which they come."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpfast as bp
from bpfast.sweeps.candidates import MOST, Candidates, best_indices
from bpfast.sweeps.trials import rank


def row(number: int, score: float) -> dict:
    return {"network": number, "validation_score": score}


def network(size: int = 1) -> bp.Population:
    return bp.Population(bp.MLP((1, size, 1)))


def offered(rows, sizes, **limits) -> list[int]:
    candidates = Candidates(**limits)
    for own, size in zip(rows, sizes, strict=True):
        candidates.offer(own, network(size))
    return [candidate.row["network"] for candidate in candidates]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([-np.inf, -2.0, -1.0, 0.5, 0.75, 1.0]), min_size=1, max_size=20),
    st.integers(1, 8),
    st.integers(4, 60),
    st.randoms(),
)
def test_the_order_of_offers_does_not_matter(scores, most, most_parameters, random):
    rows = [row(k, score) for k, score in enumerate(scores)]
    sizes = [random.randint(1, 6) for _ in rows]
    limits = {"most": most, "most_parameters": most_parameters}
    kept = offered(rows, sizes, **limits)
    pairs = [*zip(rows, sizes, strict=True)]
    random.shuffle(pairs)
    assert offered(*zip(*pairs, strict=True), **limits) == kept
    able = sorted((own for own in rows if own["validation_score"] > -np.inf), key=rank)
    assert kept == [own["network"] for own in able[: len(kept)]]
    assert bool(kept) == bool(able)
    parameters = np.cumsum([network(sizes[own["network"]]).parameters.size for own in able])
    fits = 1 + np.arange(len(able)) <= most
    fits &= parameters <= most_parameters
    expected = max(1, int(np.argmin([*fits, False]))) if able else 0
    assert len(kept) == expected


def test_what_would_not_be_kept_is_known_before():
    candidates = Candidates(most=2)
    assert candidates.worst == -np.inf
    assert candidates.best is None
    for number, score in enumerate([0.5, 0.1, 0.9]):
        assert candidates.wants(row(number, score))
        candidates.offer(row(number, score), network())
    assert candidates.worst == pytest.approx(0.1)
    assert not candidates.wants(row(3, 0.05))
    assert not candidates.wants(row(1, 0.1))
    assert candidates.wants(row(4, 0.6))
    assert not candidates.wants(row(2, 0.9))  # it is there
    assert not candidates.wants(row(5, -np.inf))
    assert [candidate.row["network"] for candidate in candidates] == [2, 0]
    assert candidates.best.row == row(2, 0.9)


def test_what_has_no_room_is_left_out_as_if_it_had_been_offered():
    candidates = Candidates(most_parameters=20)  # a network of width w has 3 w + 1 of them
    for number, score in enumerate([0.9, 0.5, 0.1]):
        candidates.offer(row(number, score), network())
    assert candidates.has_room(row(3, 0.7), 16)
    assert len([*candidates]) == 3
    assert not candidates.has_room(row(3, 0.7), 17)
    assert [candidate.row["network"] for candidate in candidates] == [0]
    assert not candidates.wants(row(4, 0.6))
    assert Candidates(most_parameters=20).has_room(row(0, 0.5), 21)  # the first always has


def test_indices_of_the_best_are_those_that_may_be_kept():
    scores = np.array([0.5, -np.inf, 0.7, 0.1, 0.5])
    assert best_indices(scores, -np.inf) == [2, 0, 4, 3]
    assert best_indices(scores, 0.5) == [2, 0, 4]
    assert len(best_indices(np.zeros(MOST + 9), -np.inf)) == MOST

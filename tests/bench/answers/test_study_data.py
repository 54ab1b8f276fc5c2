"""A study's tables: parts of them, and variants of piecewise linear inputs."""

import json

import numpy as np
import pytest

from bpfast.bench.answers.runners import RUNNERS, Runner
from bpfast.bench.answers.study_data import expansion_of, frame_of, parts_of, rival_loss
from bpfast.tables.encoding.expansion import DEVIATION, Expansion

NUMBERS = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
INPUTS = np.hstack([NUMBERS, NUMBERS[:, :1] > 0]).astype(np.float32)
BOUNDED = (False, False, True)


def facts_of(folder, name):
    return next(
        own for own in json.loads((folder / "tables.json").read_text()) if own["name"] == name
    )


@pytest.mark.parametrize("name", ["sorts", "sizes"])
def test_parts_share_no_rows(name, studied):
    facts = facts_of(studied, name)
    parts = parts_of(facts, studied, 150)
    frame = frame_of(facts, studied)
    assert [len(own.X) for own in (parts.validation, parts.train)] == [30, 120]
    known, held = parts.raw
    assert len(held.y) == len(parts.test.X) == min(len(frame) - 150, 5000)
    found = sorted([*known.X["x"], *held.X["x"]])
    np.testing.assert_array_equal(found, sorted(frame["x"]))
    assert parts.kind == ("classes" if name == "sorts" else "numbers")
    assert known.classes == (2 if name == "sorts" else 0)


def test_the_least_that_is_held_out_is_a_quarter(studied):
    parts = parts_of(facts_of(studied, "sorts"), studied, 10_000)
    assert len(parts.test.X) == 60


def test_a_rival_is_scored_on_test_rows(studied, monkeypatch):
    train, test = parts_of(facts_of(studied, "sizes"), studied, 150).raw
    mean = Runner(lambda part, _: lambda X: {"mean": np.full(len(X), part.y.mean())}, (), (), ())
    monkeypatch.setitem(RUNNERS, "mean", mean)
    expected = np.sqrt(np.mean((test.y - train.y.mean()) ** 2))
    assert rival_loss("mean", train, test) == pytest.approx(expected)


def test_encodings_are_those_of_a_sweep():
    assert expansion_of("scaled", INPUTS, BOUNDED) is None
    for name in ("quantile", "piecewise8"):
        own = expansion_of(name, INPUTS, BOUNDED).apply(INPUTS)
        np.testing.assert_array_equal(own, Expansion.fit(name, INPUTS, BOUNDED).apply(INPUTS))


def test_bins_have_the_deviation_that_is_asked_for():
    for name, deviation in (
        ("piecewise4", DEVIATION),
        ("piecewise4-0.2", 0.2),
        ("piecewise4-1", 1),
    ):
        bins = expansion_of(name, INPUTS, BOUNDED).apply(INPUTS)[:, :8]
        np.testing.assert_allclose(bins.std(axis=0), deviation, rtol=1e-4)
        np.testing.assert_allclose(bins.mean(axis=0), 0.0, atol=1e-5)


def test_bins_may_be_centred_or_left_between_0_and_1():
    raw, centred = (
        expansion_of(f"piecewise4-{how}", INPUTS, BOUNDED).apply(INPUTS)
        for how in ("raw", "centred")
    )
    assert raw[:, :8].min() == 0.0
    assert raw[:, :8].max() == 1.0
    np.testing.assert_allclose(centred[:, :8], raw[:, :8] - raw[:, :8].mean(axis=0), atol=1e-5)
    np.testing.assert_array_equal(centred[:, 8], INPUTS[:, 2])


def test_open_bins_go_on():
    far = np.array([[-9.0, 9.0, 0.0]], np.float32)
    shut, wide = (expansion_of(name, INPUTS, BOUNDED) for name in ("piecewise4", "piecewise4-open"))
    inside = np.clip(INPUTS, -1, 1)
    np.testing.assert_allclose(wide.apply(inside), shut.apply(inside), atol=1e-3)
    beyond = wide.apply(far) - shut.apply(far)
    np.testing.assert_allclose(beyond[0, [1, 2, 3, 4, 5, 6, 8]], 0.0, atol=1e-3)
    assert beyond[0, 0] < -1
    assert beyond[0, 7] > 1


def test_numbers_may_stay_beside_their_bins():
    found = expansion_of("piecewise4-plus", INPUTS, BOUNDED).apply(INPUTS)
    assert found.shape == (400, 11)
    np.testing.assert_array_equal(found[:, [4, 9, 10]], INPUTS)

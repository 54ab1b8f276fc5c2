"""By what a sweep is told from others: its settings, and those of a sampler that it was given."""

import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpfast.sweeps.identity import (
    OLDER_SETTINGS,
    PHRASES,
    check_same,
    fingerprint,
    has_grown,
    settings_of,
)

optuna = pytest.importorskip("optuna")

SETTINGS = st.fixed_dictionaries(
    {
        "seed": st.one_of(st.none(), st.integers(0, 2)),
        "n_startup_trials": st.integers(1, 2),
        "n_ei_candidates": st.integers(1, 2),
    }
)


@given(SETTINGS, SETTINGS)
def test_samplers_of_other_settings_are_told_apart(one, other):
    first, again, second = (optuna.samplers.TPESampler(**own) for own in (one, one, other))
    assert settings_of(first) == settings_of(again)
    assert settings_of(first) == settings_of(pickle.loads(pickle.dumps(first)))
    assert (settings_of(first) == settings_of(second)) == (one == other)


class Own:
    """What a sampler of one's own may hold."""

    def __init__(self, held):
        self.held, self.me, self.other = held, self, object()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(3), np.arange(4)),
        (np.random.default_rng(0), np.random.default_rng(1)),
        (np.random.RandomState(0), np.random.RandomState(1)),
        ({1, "a"}, {1, "b"}),
        (partial(int, base=2), partial(int, base=3)),
        ([b"1", None, 2.0], [b"1", None, 2]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}),
        (np.float64(1.5), np.float64(2.5)),
        (np.sin, np.cos),
    ],
)
def test_whatever_an_object_holds_tells_it_apart(one, other):
    assert settings_of(Own(one)) == settings_of(Own(pickle.loads(pickle.dumps(one))))
    assert settings_of(Own(one)) != settings_of(Own(other))


def test_what_cannot_be_copied_tells_nothing():
    import threading

    assert settings_of(Own(threading.Lock())) == settings_of(Own(threading.Lock()))


VALUES = st.sampled_from([0, 1, "a", None, [1, 2]])


NAMES = st.sampled_from(["epochs", "seed", *(PHRASES.keys() - OLDER_SETTINGS.keys())])


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES))
def test_what_differs_is_refused_by_name_and_nothing_else(before, now):
    other = [name for name in now if name in before and now[name] != before[name]]
    if not other:
        check_same(before, now, "it", "begin another")
        return
    with pytest.raises(ValueError, match=r"it was begun with .*: begin another") as refused:
        check_same(before, now, "it", "begin another")
    name = other[0]
    words = str(refused.value)
    assert f"{name}=" in words or PHRASES[name].split("{")[0] in words
    assert str(before[name]) in words
    assert str(now[name]) in words


def test_what_an_older_version_did_not_write_was_without_a_choice():
    begun = {"seed": 1}
    check_same(begun, begun | OLDER_SETTINGS, "it", "begin another")
    for name, value in {"metric": "r2", "drop": ["a"], "sample_weight": "0f"}.items():
        phrase = "other sample weights" if name == "sample_weight" else f"{name}="
        with pytest.raises(ValueError, match=f"it was begun with {phrase}"):
            check_same(begun, begun | {name: value}, "it", "begin another")


MANY = 500


@pytest.mark.parametrize(
    "other",
    [
        {"words": ["b", "a", None, "c"]},
        {"words": ["a", "b", "", "c"]},
        {"numbers": [1.0, 2.0, None, 0.5]},
        {"days": [3, 1, 2, 5]},
        {"true": [True, None, False, True]},
        {"words": ["a", "b", None, "c" * MANY]},
    ],
)
def test_tables_have_fingerprints_of_their_contents(other):
    pl = pytest.importorskip("polars")

    def table(**changed):
        columns = {
            "words": ["a", "b", None, "c"],
            "numbers": [1.0, None, 2.0, 0.5],
            "days": [3, 1, 2, 4],
            "true": [True, None, None, True],
        }
        frame = pl.DataFrame(columns | changed)
        return frame.with_columns(pl.col("days").cast(pl.Date), kept=frame["words"])

    first = fingerprint(table(), np.arange(3))
    assert first == fingerprint(table(), np.arange(3))
    assert first != fingerprint(table(**other), np.arange(3))
    assert first != fingerprint(table().rename({"days": "dates"}), np.arange(3))
    enum = table().with_columns(pl.col("words").cast(pl.Categorical))
    assert fingerprint(enum, np.arange(3)) == first


def test_what_may_grow_is_told_last():
    with pytest.raises(ValueError, match="seed=1, not 2"):
        check_same({"networks": 8, "seed": 1}, {"networks": 7, "seed": 2}, "it", "more")


@pytest.mark.parametrize("name", ["networks", "time"])
@pytest.mark.parametrize(
    ("before", "now", "allowed"),
    [(8, 8, True), (8, 9, True), (8, 7, False), (8, None, False), (None, 8, False)],
)
def test_networks_and_time_may_grow(name, before, now, allowed):
    if allowed:
        check_same({name: before}, {name: now}, "it", "more")
    else:
        with pytest.raises(ValueError, match=f"begun with {name}={before}, not {now}"):
            check_same({name: before}, {name: now}, "it", "more")


def test_a_sweep_of_before_had_no_time():
    check_same({}, {"time": None}, "it", "more")
    with pytest.raises(ValueError, match="begun with time=None, not 60"):
        check_same({}, {"time": 60.0}, "it", "more")
    assert has_grown({"networks": 8}, {"networks": 8, "time": 9.0})
    assert not has_grown({"networks": 8}, {"networks": 8, "time": None})

"""By what a resumed sweep is recognised: its settings, and fingerprints of data and samplers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

GROWS = ("networks", "time")  # settings that may be greater when a sweep is resumed
# Settings of sweeps that an older bpfast began, which had no other choice and did not write them.
OLDER_SETTINGS: dict[str, Any] = {
    "metric": "score",
    "split": "random",
    "target_transform": "none",
    "class_weight": None,
    "sample_weight": None,
    "drop": [],
    "numeric": [],
    "categorical": [],
    "keep": [],
    "test_data": None,
    "block": None,
    "time": None,
}
OLDER_SPACE = {"number_encoding": "'scaled'"}  # in the same words
# How a message names settings whose values say nothing to a reader.
PHRASES = {
    "data": "other data: its X and y have the fingerprint {before}, these {now}",
    "classes": "other names of classes: theirs have the fingerprint {before}, these {now}",
    "folds": "other folds: their rows have the fingerprint {before}, these {now}",
    "held_out": "another test part: its rows have the fingerprint {before}, these {now}",
    "test_data": "other test_data: theirs have the fingerprint {before}, these {now}",
    "sample_weight": "other sample weights: theirs have the fingerprint {before}, these {now}",
    "sampler_settings": "a sampler of other settings: theirs have the fingerprint {before}, "
    "these {now}",
    "block": "blocks of {before} networks (None: no blocks, as of up to 1,048,576), not {now}",
    "runs_on": "device='auto' on {before!r}, which is {now!r} here (BPFAST_DEVICE can name it)",
}


def fingerprint(*contents: Any) -> str:
    """A hash of the contents of some arrays, or polars tables."""
    digest = hashlib.sha256()
    for own in contents:
        for array in [own] if isinstance(own, np.ndarray) else _arrays_of(own):
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()[:16]


def settings_of(instance: object) -> str:
    """A hash of an object's attributes, and of theirs: the same for those that were made alike."""
    text = json.dumps(_plain(instance, ()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_same(before: Mapping[str, Any], now: Mapping[str, Any], where: str, advice: str) -> None:
    """Raise ``ValueError`` unless a sweep goes on as it was begun.

    Parameters
    ----------
    before, now : settings; what ``before`` lacks, since an older bpfast wrote it, is as in
        OLDER_SETTINGS, or may be anything
    where, advice : what was begun, and what to do, in words
    """
    values = json.loads(json.dumps(now))
    for name in sorted(values, key=GROWS.__contains__):  # last: other differences say more
        value = values[name]
        known = before.get(name, OLDER_SETTINGS.get(name, value))
        if name == "space":
            known = OLDER_SPACE | known
        if known == value or (name in GROWS and None not in (known, value) and value > known):
            continue
        phrase = PHRASES.get(name, "{name}={before!r}, not {now!r}")
        told = phrase.format(name=name, before=known, now=value)
        raise ValueError(f"{where} was begun with {told}: {advice}")


def has_grown(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a sweep is to have more than it was begun with."""
    return any(before.get(name) != now[name] for name in GROWS)


def _arrays_of(table: Any) -> Iterator[np.ndarray]:
    """What a table's columns hold, in arrays: names, which values are missing, and values.

    Words are the different ones, and their numbers; so no array is as wide as the longest word.
    """
    import polars as pl

    for series in table:
        yield np.frombuffer(series.name.encode(), np.uint8)
        yield series.is_null().to_numpy()
        if series.dtype in (pl.String, pl.Categorical, pl.Enum):
            words = series.cast(pl.String)
            known = words.drop_nulls().unique().sort()
            yield np.frombuffer("\0".join(known).encode(), np.uint8)
            series = words.cast(pl.Enum(known))
        if series.dtype == pl.Decimal:
            series = series.cast(pl.Float64)
        yield series.to_physical().fill_null(0).to_numpy()


def _plain(value: Any, above: tuple[int, ...]) -> Any:
    """A value as JSON can hold it, without addresses in memory."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, bytes):
        return value.hex()
    if id(value) in above:
        return "itself"
    above = (*above, id(value))
    if isinstance(value, Mapping):
        return [[_plain(key, above), _plain(own, above)] for key, own in value.items()]
    if isinstance(value, (list, tuple, Iterator)):
        return [_plain(own, above) for own in value]
    if isinstance(value, (set, frozenset)):
        return sorted(json.dumps(_plain(own, above)) for own in value)
    if hasattr(value, "__qualname__"):  # a function or a class
        return f"{value.__module__}.{value.__qualname__}"
    return [_plain(type(value), above), _plain(_made_of(value), above)]


def _made_of(value: Any) -> Any:
    if isinstance(value, np.random.RandomState):  # its pickle differs from that of an equal one
        return value.get_state()
    try:
        return value.__reduce_ex__(4)  # arrays have their bytes in it
    except Exception:  # a lock, a file, a connection
        return None

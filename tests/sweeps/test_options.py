"""What a sweep was asked for: by its settings a folder refuses another sweep."""

import numpy as np
import pytest
from sweeps import CLASSES, FEATURES, KEPT_SPACE, halved_sweep, kept_sweep, on_disk, same

import bpfast as bp
from bpfast.sweeps.folds import Splitting, split_rows
from bpfast.sweeps.halving import Halving

pytest.importorskip("polars")
optuna = pytest.importorskip("optuna")
pytest.importorskip("filelock")
pytest.importorskip("safetensors")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "has a sweep already: resume it"),
        ({"resume": True, "epochs": 4}, "was begun with epochs=3, not 4"),
        ({"resume": True, "space": KEPT_SPACE | {"hidden": 2}}, "was begun with space="),
        ({"resume": True, "seed": 1}, "was begun with seed=0, not 1"),
        ({"resume": True, "networks": 19}, "was begun with networks=20, not 19"),
        ({"resume": True, "halving": "successive"}, "was begun with halving=None, not"),
        ({"resume": True, "cv": 2}, "was begun with cross_validation=False, not True"),
        ({"resume": True, "sampler": "tpe"}, "was begun with sampler='random', not 'tpe'"),
        ({"resume": True, "device": "auto"}, "was begun with device='reference', not 'auto'"),
    ],
)
def test_another_sweep_is_refused(options, words, tmp_path):
    kept_sweep(tmp_path)
    before = on_disk(tmp_path)
    with pytest.raises(ValueError, match=words):
        kept_sweep(tmp_path, **options)
    assert before == on_disk(tmp_path)


def test_other_data_are_refused(tmp_path):
    kept_sweep(tmp_path)
    options = {"device": "reference", "run": tmp_path, "resume": True}
    with pytest.raises(ValueError, match="was begun with other data"):
        bp.sweep(2 * FEATURES, CLASSES, KEPT_SPACE, 20, 3, **options)
    renamed = np.where(CLASSES == "more", "much", "little")
    with pytest.raises(ValueError, match="was begun with other names of classes"):
        bp.sweep(FEATURES, renamed, KEPT_SPACE, 20, 3, **options)


class OfRows:
    """A splitter that finds the same rows of FEATURES wherever they are."""

    def __init__(self, rows):
        self.rows = rows

    def split(self, given, *_):
        there = np.flatnonzero(np.isin(given[:, 0], FEATURES[self.rows, 0]))
        return [(there[::2], there[1::2])]


def test_another_test_part_is_refused(tmp_path):
    """Folds are the same; of the other rows not the same ones are held out."""
    groups = [np.arange(60) // 10, np.roll(np.arange(60) // 10, 10)]
    ways = [Splitting(cv=OfRows(slice(None)), groups=own) for own in groups]
    splits = [split_rows(FEATURES, FEATURES[:, 0], 0, way, 0) for way in ways]
    assert not np.array_equal(splits[0].test, splits[1].test)
    folds = OfRows(np.intersect1d(*(own.winner for own in splits)))
    kept_sweep(tmp_path, cv=folds, groups=groups[0], networks=2)
    with pytest.raises(ValueError, match="was begun with another test part"):
        kept_sweep(tmp_path, cv=folds, groups=groups[1], networks=2, resume=True)


@pytest.mark.parametrize("other", [{"seed": 2}, {"seed": 1, "n_startup_trials": 3}])
def test_a_sampler_of_other_settings_is_refused(other, tmp_path):
    made = optuna.samplers.TPESampler
    first = kept_sweep(tmp_path, sampler=made(seed=1), networks=5)
    with pytest.raises(ValueError, match="was begun with a sampler of other settings"):
        kept_sweep(tmp_path, sampler=made(**other), networks=5, resume=True)
    same(kept_sweep(tmp_path, sampler=made(seed=1), networks=5, resume=True), first)


def test_a_device_is_the_same_wherever_auto_is_another(tmp_path, monkeypatch):
    monkeypatch.setenv("BPFAST_DEVICE", "reference")
    first = kept_sweep(tmp_path, device="auto", networks=3)
    monkeypatch.setenv("BPFAST_DEVICE", "cpu")
    with pytest.raises(ValueError, match="device='auto' on 'reference', which is 'cpu' here"):
        kept_sweep(tmp_path, device="auto", networks=3, resume=True)
    monkeypatch.setenv("BPFAST_DEVICE", "reference")
    same(kept_sweep(tmp_path, device="auto", networks=3, resume=True), first)


def test_halving_for_other_epochs_is_refused():
    with pytest.raises(ValueError, match="halving is for 27 epochs, the sweep has 9"):
        halved_sweep(halving=Halving("successive", 27))

"""Fits of a shard: with patience each fold stops by its own samples."""

import numpy as np
import pytest
from sweeps import CLASSES, FEATURES, press, same, sweep

import bpfast as bp
from bpfast.sweeps import trainer
from bpfast.sweeps.fits import Fits
from bpfast.sweeps.trainer import Trainer

PATIENT = {"learning_rate": "1e-3:3e-1:log", "hidden": ["3", "40"], "patience": [2, 3]}


def patient(**options):
    settings = {"X": FEATURES, "space": PATIENT, "epochs": 12, "networks": 10, "device": "cpu"}
    return sweep(CLASSES, **settings | options)


def test_a_network_has_the_parameters_of_its_best_epoch():
    result = patient(cv=None)
    table = result.table
    assert table["stopped"].any()
    assert (table["epochs"] >= table["best_epoch"]).all()
    stopped = table["stopped"]
    waited = table["epochs"] - table["best_epoch"]
    np.testing.assert_array_equal(waited[stopped], table["patience"][stopped])
    for k in range(len(table["network"])):  # trained for just as long, it has the same score
        fixed = {
            name: column[k].item()
            for name, column in table.items()
            if name in PATIENT and name != "patience"
        }
        fixed |= {"seed": int(table["network"][k])}
        again = patient(space=fixed, networks=1, epochs=int(table["best_epoch"][k])).table
        np.testing.assert_allclose(
            again["validation_score"][0], table["validation_score"][k], rtol=1e-6
        )


@pytest.mark.parametrize("hidden", ["3", "40"])
def test_folds_stop_by_themselves(hidden):
    """A fold's networks are those of a sweep that has this fold alone."""
    rows = np.arange(len(FEATURES))
    pairs = [(rows[:40], rows[40:]), (rows[20:], rows[:20])]
    space = PATIENT | {"hidden": hidden, "patience": 2}
    both = patient(space=space, cv=pairs, test=0.0).table
    for k, pair in enumerate(pairs):
        alone = patient(space=space, cv=[pair], test=0.0).table
        for name, own in (
            ("network", "network"),
            (f"split{k}_validation_score", "split0_validation_score"),
        ):
            order, other = np.argsort(both["network"]), np.argsort(alone["network"])
            np.testing.assert_array_equal(both[name][order], alone[own][other])
    assert (both["best_epoch"] <= 12).all()


def test_trials_with_patience_do_not_notice_others(monkeypatch):
    whole = patient(cv=3, space=PATIENT | {"number_encoding": ["scaled", "piecewise4", "quantile"]})
    monkeypatch.setattr(trainer, "MAX_NETWORKS", 7)
    same(
        patient(cv=3, space=PATIENT | {"number_encoding": ["scaled", "piecewise4", "quantile"]}),
        whole,
    )


@pytest.mark.parametrize("cv", [None, 3])
def test_patience_goes_on_after_a_pause(cv, monkeypatch):
    whole = patient(cv=cv)
    advance = Trainer.advance
    pauses = []

    def paused(self, job, watch=None):
        outcome = advance(self, job._replace(seconds=0.0), watch)
        pauses.append(outcome.paused)
        return outcome

    monkeypatch.setattr(Trainer, "advance", paused)
    same(patient(cv=cv), whole)


@pytest.mark.parametrize("halving", ["successive", "hyperband"])
def test_patience_and_halving_go_together(halving, tmp_path):
    pytest.importorskip("polars")
    options = {"halving": halving, "networks": 30, "epochs": 27}
    whole = patient(**options)
    assert (whole.table["epochs"] < 27).any()
    kept = patient(**options, run=tmp_path / "kept")
    same(kept, whole)
    same(patient(**options, run=tmp_path / "kept", resume=True), whole)


def test_ctrl_c_ends_folds_with_patience(monkeypatch):
    begun = []
    advance = bp.Training.advance

    def pressed(self, *arguments):
        begun.append(self)
        if len(begun) == 2:
            press()
        advance(self, *arguments)

    monkeypatch.setattr(bp.Training, "advance", pressed)
    result = patient(cv=3)
    assert result.interrupted
    assert np.isfinite(result.table["validation_score"]).any()


class Slow:
    """A fit that takes all seconds that it is given."""

    interrupted = False

    def __init__(self, clock):
        self.clock, self.seconds = clock, []

    def advance(self, until, show, seconds):
        self.seconds.append(seconds)
        self.clock[0] += seconds


def test_folds_share_the_time(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("bpfast.sweeps.fits.time.perf_counter", lambda: clock[0])
    folds = [Slow(clock) for _ in range(3)]
    fits = Fits(None, folds, 1, [])
    fits.advance(5, None, 9.0)
    assert [fold.seconds for fold in folds] == [[3.0]] * 3
    monkeypatch.setattr(folds[0], "advance", lambda *_: None)  # it is there already
    fits.advance(5, None, 9.0)
    assert [fold.seconds[-1] for fold in folds[1:]] == [4.5, 4.5]
    fits.advance(5, None, np.inf)
    assert folds[1].seconds[-1] == np.inf

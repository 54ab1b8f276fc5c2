"""The trainer: trials that are trained together never notice, and a winner is as it was ranked."""

import numpy as np
import pytest
from sweeps import NUMBERS, X, sweep

from bpfast.sweeps import trainer
from bpfast.sweeps.trainer import Trainer


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_a_trials_folds_do_not_depend_on_other_trials(device):
    """One alone: how its sums are rounded, too. Nine folds are summed otherwise than a few."""
    options = {"space": {"hidden": 3}, "cv": 9, "device": device}
    alone, many = sweep(NUMBERS, networks=1, **options), sweep(NUMBERS, **options)
    place = np.flatnonzero(many.table["network"] == 0)
    for name in alone.table.keys() - {"test_score", "test_r2"}:
        np.testing.assert_array_equal(alone.table[name], many.table[name][place])


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("hidden", ["3", "40x8", "none"])  # lanes and tiles on the CPU
def test_a_fold_with_fewer_inputs_is_trained_as_if_it_were_alone(hidden, device):
    """Another fold lacks values that this one is not trained on, and so has an input more."""
    holes, rows = X.copy(), np.arange(90)
    holes[80:, 1] = np.nan
    pairs = [(rows[:60], rows[60:80]), (rows[20:], rows[:20])]
    space = {"learning_rate": "1e-3:1e-1:log", "hidden": hidden, "batch_size": 90}
    space |= {"optimizer": ["adamw", "sgd"], "momentum": 0.9, "weight_decay": 0.1}
    space |= {"l1": 0.01, "l2": 0.01, "clip_norm": 0.5, "dropout": 0.2 if hidden != "none" else 0.0}
    options = {"X": holes, "test": 0.0, "device": device, "space": space, "epochs": 4}
    both = sweep(NUMBERS, cv=pairs, **options).table
    alone = sweep(NUMBERS, cv=pairs[:1], **options).table
    for name in ("split0_validation_score", "network"):
        own = [table[name][np.argsort(table["network"])] for table in (both, alone)]
        np.testing.assert_array_equal(*own)


def test_all_folds_of_a_trial_are_in_one_fit(monkeypatch):
    whole_sweep = sweep(NUMBERS, cv=3).table
    monkeypatch.setattr(trainer, "MAX_NETWORKS", 7)  # two trials at a time
    sizes, advance = [], Trainer.advance

    def counted(self, job, *arguments):
        sizes.append(len(job.shard))
        return advance(self, job, *arguments)

    monkeypatch.setattr(Trainer, "advance", counted)
    cut_sweep = sweep(NUMBERS, cv=3).table
    assert max(sizes) == 2
    order, other = np.argsort(whole_sweep["network"]), np.argsort(cut_sweep["network"])
    for name in whole_sweep.keys() - {"test_score", "test_r2"}:
        np.testing.assert_array_equal(whole_sweep[name][order], cut_sweep[name][other])

"""The trainer: trials that are trained together never notice, and a winner is as it was ranked."""

import numpy as np
import pytest
from sweeps import NUMBERS, sweep

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

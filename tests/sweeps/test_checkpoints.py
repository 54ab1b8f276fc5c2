"""Checkpoints: states of trials, joined for a fit, parted again, and in a file."""

import numpy as np
import pytest

from bpfast.sweeps.checkpoints import Checkpoint, joined, parted, read_checkpoint, write_checkpoint
from bpfast.sweeps.trials import Trial

PARAMS = {"activation": "relu", "optimizer": "sgd", "batch_size": 8, "init": "auto"}
PARAMS |= {"number_encoding": "scaled"}
FOLDS = 2


def state(k, moments=1):
    """A trial's tensors: a row for each fold."""
    return {
        "parameters": np.arange(FOLDS * 3.0).reshape(FOLDS, 3) + 10 * k,
        "moments": np.full((FOLDS, moments, 3), float(k)),
        "status": np.zeros(FOLDS, np.int8),
    }


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        np.testing.assert_array_equal(found[name], tensor, name)


def test_fold_0_of_all_trials_comes_first():
    tensors = joined([state(0), state(1)])
    np.testing.assert_array_equal(tensors["parameters"][:, 0], [0.0, 10.0, 3.0, 13.0])
    for k, own in enumerate(parted(tensors, FOLDS)):
        same(own, state(k))


def test_trials_without_moments_are_joined_with_others():
    tensors = joined([state(1, moments=0), state(2)])
    np.testing.assert_array_equal(tensors["moments"][:, 0, 0], [0.0, 2.0, 0.0, 2.0])


def test_a_file_has_trials_of_all_groups_and_epochs(tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "checkpoint.safetensors"
    assert read_checkpoint(path) == {}
    epochs = {4: 1, 7: 3, 2: 1}
    trials = [
        Trial(number, PARAMS | {"hidden": "3"}, epoch=epoch, state=state(number))
        for number, epoch in epochs.items()
    ]
    trials[1].rungs = [(1.0, -0.5)]
    write_checkpoint(path, trials)
    found = read_checkpoint(path)
    assert {number: own.epoch for number, own in found.items()} == epochs
    assert isinstance(found[7], Checkpoint)
    assert (found[7].rungs, found[4].rungs) == ({1: -0.5}, {})
    for number, own in found.items():
        same(own.state, state(number))

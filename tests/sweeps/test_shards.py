"""Shards: trials that one fit trains together, and parts of them."""

import numpy as np

from bpfast.sweeps.shards import Shard
from bpfast.sweeps.trials import Trial

PARAMS = {"hidden": "3", "activation": "relu", "optimizer": "sgd", "batch_size": 8, "init": "auto"}
PARAMS |= {"number_encoding": "scaled"}


def test_a_part_has_its_own_trials_and_states():
    states = [{"parameters": np.full((1, 2), k)} for k in range(4)]
    trials = [Trial(10 + k, PARAMS | {"l2": k}, epoch=2, state=states[k]) for k in range(4)]
    shard = Shard.of(trials)
    part = shard.part(slice(1, 3))
    assert (len(shard), len(part)) == (4, 2)
    assert part.numbers == [11, 12]
    assert [params["l2"] for params in part.params] == [1, 2]
    assert part.states == states[1:3]
    assert (part.group, part.epoch) == (trials[0].group, 2)


def test_new_trials_have_no_states():
    shard = Shard.of([Trial(k, PARAMS) for k in range(3)])
    assert (shard.epoch, shard.states, shard.part(slice(2)).states) == (0, [], [])

"""Shards: trials that one fit trains together, and parts of them."""

import numpy as np

from bpfast.sweeps.shards import MOMENT, Job, Shard
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


def test_a_job_ends_with_the_time_of_the_sweep():
    fresh = Shard.of([Trial(0, PARAMS)])
    begun = Shard.of([Trial(0, PARAMS, epoch=1, state={"parameters": np.zeros((1, 2))})])
    for shard in (fresh, begun):
        job = Job(shard, 9, seconds=30.0)
        assert job.within(np.inf) == job.within(31.0) == job
        assert job.within(30.0) == job.within(30.0).within(99.0) == job._replace(is_last=True)
        assert job.within(2.0) == job._replace(seconds=2.0, is_last=True)
        assert Job(shard, 9).within(2.0) == Job(shard, 9, seconds=2.0, is_last=True)
        assert not Job(shard, 9).within(np.inf).is_last
    assert Job(begun, 9).within(-1.0).seconds == 0.0  # it is only scored
    assert Job(fresh, 9).within(-1.0).seconds == MOMENT

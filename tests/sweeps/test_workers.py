"""Workers: how jobs are cut into shards, and that no number depends on it."""

import numpy as np
import pytest
from sweeps import kept_sweep, same

from bpfast.sweeps.shards import Job, Shard
from bpfast.sweeps.trainer import Trainer
from bpfast.sweeps.workers import Workers


class Counting:
    """A trainer of trials that take an operation an epoch each."""

    def operations(self, job):
        return float(len(job.shard) * job.until)

    def max_trials(self, group, memory):
        return memory


class Idle(Workers):
    """Workers that only cut."""

    prepare = submit = next = close = None

    def __init__(self, concurrency, memory, max_operations=np.inf):
        super().__init__(Counting(), [])
        self.concurrency, self.memory = concurrency, memory
        self.max_operations = max_operations


def job(trials, epochs):
    numbers = [*range(trials)]
    return Job(Shard("group", numbers, [{} for _ in numbers]), epochs)


@pytest.mark.parametrize(
    ("workers", "sizes"),
    [
        (Idle(1, 10**6), [1000, 100]),
        (Idle(1, 400), [400, 400, 200, 100]),
        (Idle(1, 10**6, max_operations=96.0), [96] * 11 + [40, 4]),
        (Idle(4, 10**6), [80] * 13 + [40, 20]),
    ],
)
def test_jobs_are_cut_into_shards_that_fit_and_the_longest_comes_first(workers, sizes):
    cut = workers.cut([job(100, 1), job(1000, 1)])
    assert [len(piece.shard) for piece in cut] == sizes
    numbers = [number for piece in cut for number in piece.shard.numbers]
    assert sorted(numbers) == sorted([*range(100), *range(1000)])


def test_the_longest_is_what_takes_longest():
    few, many = Idle(1, 10**6).cut([job(10, 1), job(5, 3)])
    assert (len(few.shard), len(many.shard)) == (5, 10)


def test_a_small_memory_changes_no_number(monkeypatch):
    expected = kept_sweep(None)
    sizes, advance = [], Trainer.advance

    def counted(self, job, *arguments):
        sizes.append(len(job.shard))
        return advance(self, job, *arguments)

    monkeypatch.setattr(Trainer, "advance", counted)
    same(kept_sweep(None, memory=1), expected)
    assert sizes == [1] * 20

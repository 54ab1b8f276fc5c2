"""A sweep's time: how many networks are begun with, so that all have ended when it is over."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpfast.sweeps import budget
from bpfast.sweeps.budget import RESERVE, Budget
from bpfast.sweeps.costs import RATE
from bpfast.sweeps.halving import Halving
from bpfast.sweeps.hyperparameters import DEFAULTS
from bpfast.sweeps.options import Search
from bpfast.sweeps.shards import Job, Shard
from bpfast.sweeps.trials import Trial

PARAMS = DEFAULTS | {"hidden": "3"}
EPOCHS, TIME, MOST = 10, 60.0, 4096


class Counting:
    """A trainer that only counts: an epoch of a trial takes so many operations."""

    epochs = EPOCHS

    def __init__(self, epoch, refits=False):
        part = SimpleNamespace(X=range(100))
        folds = SimpleNamespace(train=SimpleNamespace(X=range(400)))
        self.epoch, self.data = epoch, SimpleNamespace(refits=refits, winner=part, folds=folds)

    def operations(self, job):
        return self.epoch * len(job.shard) * (job.until - job.shard.epoch)


class Points:
    """A space of one point."""

    def typical(self):
        return [PARAMS]


def made(cost, *, halving=None, learns=False, known=0, refits=False, seconds=0.0, beside=0.0):
    """A budget of networks that take so many operations each."""
    trainer = Counting(cost / EPOCHS, refits)
    search = Search(Points(), "random", 1 << 20, EPOCHS, halving, 0, TIME)
    made = Budget(trainer, search, learns, known)
    made.begin(seconds, beside)
    return made


def trials(count, first=0):
    return [Trial(first + k, PARAMS) for k in range(count)]


def learnt(own, count, seconds, concurrency=2):
    """A budget that has seen networks end."""
    group = Trial(0, PARAMS).group
    job = Job(Shard(group, [*range(count)], [PARAMS] * count), EPOCHS)
    own.learn(seconds, job, EPOCHS, concurrency)
    return own


def simulated(own, cost, rate, most=MOST, concurrency=2):
    """When the last network has ended, and how many there were: two cohorts take turns."""
    now, asked, queue, empty = 0.0, 0, [], 0
    while True:
        room = own.room(most, asked, [t for c in queue for t in c], now, concurrency)
        cohort = trials(room, asked)
        asked, empty = asked + room, 0 if room else empty + 1
        for trial in cohort:
            own.begun(trial)
        queue.append(cohort)
        if empty == 2:
            return now, asked
        if len(queue) == 2:
            ended = queue.pop(0)
            now += len(ended) * cost / rate
            if ended:
                learnt(own, len(ended), now, concurrency)


@settings(max_examples=40, deadline=None)
@given(
    guess=st.floats(0.2, 20.0),
    fitting=st.floats(20.0, 1e4),
    learns=st.booleans(),
    concurrency=st.sampled_from([1, 2, 8]),
)
def test_all_end_in_time_and_little_of_it_is_left(guess, fitting, learns, concurrency):
    """Whatever a network costs, and however far the machine is from what is assumed."""
    rate = guess * RATE
    cost = TIME * rate / fitting
    own = made(cost, learns=learns)
    most = own.size(32) if learns else MOST
    now, _ = simulated(own, cost, rate, most, concurrency)
    limit = (1 - RESERVE) * TIME
    of_each = concurrency * cost / rate  # thread a network
    late = 2 * most * cost / rate if learns else of_each
    assert limit - 2 * of_each - 1e-6 <= now <= limit + late + 1e-6


def test_cohorts_begin_small_grow_and_become_small_again():
    own, cost, sizes = made(1e9), 1e9, []
    room = own.room

    def noted(*arguments):
        sizes.append(room(*arguments))
        return sizes[-1]

    own.room = noted
    simulated(own, cost, RATE)
    assert sizes[:2] == [64, 64]
    assert sizes[2] == 4 * 64
    assert 256 < max(sizes) < 3000
    grown = sizes[sizes.index(max(sizes)) :]
    assert grown[:-3] == sorted(grown[:-3], reverse=True)
    assert min(grown[:-3]) >= 100  # a fiftieth of the time
    assert sizes[-2:] == [0, 0]


def test_the_speed_is_that_of_the_later_half():
    own = learnt(learnt(learnt(made(1e9, learns=True), 1, 10.0), 1, 20.0), 30, 30.0)
    assert own.room(1000, 32, [], 30.0, 2) == 42  # 31 of 20 seconds for the 27 that are left


def test_a_sweep_without_any_time_has_a_result():
    own = made(1e9, beside=TIME)
    assert own.limit < 0
    assert own.room(MOST, 0, [], 0.0, 2) == 2
    assert own.room(MOST, 2, trials(2), 0.0, 2) == 0


def test_what_is_known_is_asked_for_again_in_any_case():
    own = made(1e9, known=500, seconds=TIME)
    assert own.room(MOST, 0, [], TIME, 2) == 500
    assert own.room(MOST, 500, [], TIME, 2) == 0
    own = made(1e9, known=50, seconds=TIME, learns=True)
    assert [own.room(32, asked, [], TIME, 2) for asked in (0, 32, 50)] == [32, 18, 0]


@pytest.mark.parametrize("halving", [None, Halving("successive", EPOCHS)])
def test_where_results_depend_on_it_cohorts_are_the_same_on_any_machine(halving):
    kind = {"learns": halving is None, "halving": halving}
    slow, fast = (learnt(made(1e9, **kind), 64, seconds) for seconds in (20.0, 0.1))
    assert not slow.is_free
    assert slow.size(32) == fast.size(32) == 32
    huge = made(1e12, **kind)
    assert huge.size(32) == (1 if halving is None else 32)
    assert made(1e12, **kind).size(4096) == (1 if halving is None else 32)
    assert slow.room(32, 64, [], 20.0, 2) == 32
    few = slow.room(
        32, 96, [], 54.0 if halving is None else 56.5, 2
    )  # the last cohort: those after it would be others
    assert 0 < few < 16
    assert slow.room(32, 96 + few, [], 30.0, 2) == 0


def test_there_is_time_to_train_the_winner_anew():
    """On a quarter as many rows as all folds have, by one of two threads, and some more."""
    own = learnt(made(RATE, refits=True), 5, 5.0)
    assert own.limit == pytest.approx((1 - RESERVE) * TIME - 1.5 * 2 / 4)
    assert learnt(made(RATE), 5, 5.0).limit == (1 - RESERVE) * TIME
    assert budget.SPARE == 1.5

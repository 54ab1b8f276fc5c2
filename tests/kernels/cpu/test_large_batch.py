"""A team of threads trains one network after the other."""

from types import SimpleNamespace

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels.cpu import large_batch
from bpfast.kernels.cpu.large_batch import number_of_teams, pays, share_of_time
from bpfast.kernels.task import Network


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_team_gets_the_bits_of_a_thread(forced, threads):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(700, 5)), rng.integers(0, 3, 700)

    def train(strategy, threads):
        population = bp.Population(bp.MLP((5, 20, 3), "tanh", "cross_entropy"), 5)
        with forced(strategy, threads):
            history = bp.fit(
                population, X, y, bp.Adam(l2=0.1, clip_norm=0.1), epochs=2, batch_size=600,
                dropout=0.2, validation=(X, y), device="cpu", progress=False,
            )  # fmt: skip
        return population.parameters, history.loss, history.validation_loss

    for ours, alone in zip(train("large batch", threads), train("tiles", 1), strict=True):
        np.testing.assert_array_equal(ours, alone)


def test_small_steps_are_not_worth_waiting_for_each_other():
    wide = Network((100, 100, 10), True, ("tanh",), "mse", 0.0)
    assert [pays(wide, rows) for rows in (128, 129)] == [False, True]
    assert not pays(Network((2, 2, 1), True, ("tanh",), "mse", 0.0), 1000)


@pytest.mark.parametrize(
    ("networks", "slices", "threads", "teams"),
    [(1, 2, 16, 1), (3, 32, 8, 1), (3, 2, 8, 3), (5, 8, 8, 1), (2, 32, 5, 1), (2, 4, 8, 2)],
)
def test_as_many_teams_as_are_done_the_soonest(networks, slices, threads, teams):
    assert number_of_teams(networks, slices, threads) == teams


def test_a_share_of_time_is_that_of_a_core(monkeypatch):
    called, all_time, own_time = [], iter([5.0, 9.0]), iter([2.0, 3.0])
    clocks = {"perf_counter": lambda: next(all_time), "thread_time": lambda: next(own_time)}
    monkeypatch.setattr(large_batch, "time", SimpleNamespace(**clocks))
    assert share_of_time(called.append, 7) == 0.25
    assert called == [7]


def test_a_busy_machine_is_given_a_thread_for_each_network(forced, monkeypatch):
    """The last call's threads had half of their time: the next has no team."""
    members, run = [], large_batch.run
    monkeypatch.setattr(large_batch, "share_of_time", lambda work, member: work(member) or 0.5)
    monkeypatch.setattr(
        large_batch, "run", lambda work, threads: members.append(threads) or run(work, threads)
    )
    with forced("large batch", threads=2):
        population = bp.Population(bp.MLP((5, 20, 3)), 3)
        X = np.ones((300, 5))
        with bp.Training(population, X, X[:, :3], bp.SGD(), batch_size=300, device="cpu") as fit:
            for epoch in (1, 2, 3):
                fit.advance(epoch)
    assert members == [2, 1, 1]

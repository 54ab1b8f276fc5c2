"""A task as CUDA's kernels take it."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.kernels.cuda import device
from bpfast.kernels.task import Samples

pytestmark = pytest.mark.cuda_simulator
if not device.problem():  # which needs numba-cuda
    from bpfast.kernels.cuda import arguments
    from bpfast.kernels.cuda.arguments import own_row

RNG = np.random.default_rng(2)
X, Y, WEIGHTS = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2)), RNG.random(7)
FOLDS = [np.array([4, 0, 6, 1, 2]), np.array([5, 3, 0])]
N, BATCH = 3, 2


def task(optimizer=None, **options):
    """A task of three networks, on the GPU, before it is trained."""
    population = bp.Population(bp.MLP((3, 4, 2), "tanh", "mse"), N, dtype="float64")
    given = {"rows": (FOLDS, [0, 1, 0]), "epochs": 5, "batch_size": BATCH, "shuffle": False}
    given |= {"sample_weight": WEIGHTS, "device": "cuda"} | options
    with bp.Training(population, X, Y, optimizer or bp.Adam(), **given) as fit:
        (share,) = fit.resident.place().shares
        return share.of(fit.resident.task)


def everyone(given):
    return arguments.arguments(given, device.array_module().arange(N))


def test_what_all_networks_have_is_one_row():
    args = everyone(task(bp.Adam(l2=0.1), rows=None, dropout=0.5))
    shared = (*args.optimizing, args.dropout.p, args.stopping.tol, args.epochs.fold)
    assert [len(array) for array in shared] == [1] * len(shared)
    assert [own_row(args.optimizing.rates, i) for i in range(N)] == [0, 0, 0]
    written = (*args.memory[:3], args.stopping.status, args.stopping.losses, args.dropout.keys)
    assert [len(array) for array in written] == [N] * len(written)


def test_what_networks_have_of_their_own_is_a_row_each():
    rates, p = np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.0, 0.5])
    optimizer = bp.Adam(learning_rate=rates, beta1=[0.5, 0.6, 0.7], l2=[0.0, 0.1, 0.2])
    args = everyone(task(optimizer, dropout=p))
    assert_array_equal(args.optimizing.rates[:, 0], rates)
    assert_array_equal(args.optimizing.hyperparameters[:, 0], [0.5, 0.6, 0.7])
    assert_array_equal(args.optimizing.penalties[:, 1], [0.0, 0.1, 0.2])
    assert_array_equal(args.dropout.p[:, 0], p)
    assert_array_equal(args.epochs.fold, [0, 1, 0])
    assert [own_row(args.optimizing.rates, i) for i in range(N)] == [0, 1, 2]


def test_kernels_write_into_the_state():
    given = task()
    args, state = everyone(given), given.state
    args.memory.parameters[...] = 5.0
    args.memory.moments[1, -1] = 6.0
    args.stopping.losses[2] = 7.0
    assert (state.parameters.get() == 5.0).all()
    assert state.moments.get()[1, -1, -1] == 6.0
    assert (state.loss.get()[2] == 7.0).all()


def test_targets_lie_side_by_side_and_weights_are_added_up():
    samples = Samples(*map(device.to_device, (X, Y, WEIGHTS.astype(np.float32))))
    data = arguments.data(samples)
    assert_array_equal(data.inputs, X)
    assert_array_equal(data.targets[4 * data.target_width :][: data.target_width], Y[4])
    assert_array_equal(data.total, [WEIGHTS.astype(np.float32).sum(dtype=np.float64)])
    none = everyone(task()).validation
    assert (len(none.inputs), len(none.weights), none.total[0]) == (0, 0, 0.0)


def test_architectures_are_numbers():
    net = arguments.net(bp.MLP((3, 4, 2), "tanh", "huber", bias=False, delta=0.3).network)
    assert net == (0, 0.3, 0.5)


def test_without_dropout_nothing_drops():
    p, keys = arguments.no_dropout()
    assert (p.shape, keys.shape, keys.dtype) == ((1, 0), (1,), np.uint64)


@pytest.mark.parametrize("shuffle", [False, True])
def test_weights_of_batches_are_those_of_their_rows(shuffle):
    """Each fold's last batch is short; every epoch has its own order, or all have the same."""
    given = task(shuffle=shuffle)
    epochs = everyone(given).epochs
    assert_array_equal(epochs.first_batch, [0, 3, 5])
    assert_array_equal(epochs.fold_start, [0, 5, 8])
    starts = [0, 2, 4, 5, 7, 8]
    assert len(epochs.totals) == len(epochs.order)
    for order, totals in zip(epochs.order, epochs.totals, strict=True):
        expected = [WEIGHTS[order[a:b]].sum() for a, b in pairwise(starts)]
        np.testing.assert_allclose(totals, expected, rtol=1e-14)


def test_later_calls_have_other_epochs_and_networks_of_the_same_task():
    given = task()
    first = everyone(given)
    later = replace(given, first_epoch=3, epochs=2)
    second = arguments.arguments(later, device.to_device(np.array([2])))
    assert (second.epochs.first, second.epochs.epochs, second.networks.tolist()) == (3, 2, [2])
    assert second.samples is first.samples
    assert second.epochs.totals is first.epochs.totals  # all epochs have the same order


@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_losses_are_kept_of_every_so_many_epochs_and_the_last(every):
    fit = SimpleNamespace(first=2, every=every, total=7)
    numbers = range(3, 8)  # of the call's epochs, from 1 on
    kept = [arguments.is_recorded(fit, e) for e in range(5)]
    assert kept == [number % every == 0 or number == 7 for number in numbers]
    columns = [arguments.column_of(fit, e) for e in range(5)]
    assert columns == [(number - 1) // every for number in numbers]

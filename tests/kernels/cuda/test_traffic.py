"""What crosses to a GPU and back, what is started there and how often the host waits.

Numba's simulator runs the kernels, and what takes CuPy's place counts; see
:mod:`bpfast.kernels.cuda.simulator`.
"""

import copy
import pickle
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels.cuda import device, simulator

pytestmark = pytest.mark.cuda_simulator
STRATEGIES = ["thread", "block", "large batch"]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)

N, ROWS, SCORED = 5, 7, 3
MLP = bp.MLP((2, 3, 1), "tanh", "mse")
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(ROWS, 2)).astype("f4"), RNG.normal(size=(ROWS, 1)).astype("f4")
VALIDATION = X[:SCORED], Y[:SCORED]
FLOAT, DOUBLE, INT, BYTE = 4, 8, 8, 1
STATUS = N * (BYTE + INT)  # who stopped, and epochs run
SAMPLES = ROWS * 4 * FLOAT  # two inputs, a target and a weight
PARAMETERS = N * MLP.n_parameters * FLOAT


@contextmanager
def counted():
    """What happens inside."""
    before, found = replace(simulator.traffic), simulator.Traffic()
    yield found
    vars(found).update(vars(simulator.traffic.since(before)))


def fit(population, epochs=1, X=X, y=Y, optimizer=None, **options):
    options = {"batch_size": 4, "record": "last", "device": "cuda", "progress": False} | options
    return bp.fit(population, X, y, optimizer or bp.Adam(), epochs, **options)


def traffic_of_fit(epochs, **options):
    population = bp.Population(MLP, N)
    with counted() as found:
        fit(population, epochs, **options)
    return found


# --- a fit ----------------------------------------------------------------------------------------


@every_strategy
def test_nothing_but_launches_grows_with_epochs(forced, strategy):
    with forced(strategy):
        few, many = (
            traffic_of_fit(epochs, validation=VALIDATION, patience=100) for epochs in (2, 9)
        )
    assert (many.up, many.down, many.waits) == (few.up, few.down, few.waits)
    if strategy != "large batch":  # all epochs are one launch
        assert many.launches == few.launches


@every_strategy
def test_schedules_are_made_there(forced, strategy):
    adam = bp.Adam(schedule=["cosine", "exponential", "constant", "cosine", "cosine"], warmup=2)
    with forced(strategy):
        few, many = (traffic_of_fit(epochs, optimizer=adam) for epochs in (2, 9))
    assert (many.up, many.down, many.waits) == (few.up, few.down, few.waits)


@every_strategy
def test_samples_go_up_once_and_parameters_once(forced, strategy):
    """Beside them only numbers of the architecture and the settings that all networks share."""
    with forced(strategy):
        up = traffic_of_fit(3).up
    bare = SAMPLES + PARAMETERS + ROWS * 4  # whose order is whole numbers of four bytes
    assert bare < up < bare + 1000


@every_strategy
def test_what_comes_down_is_who_stopped_and_what_is_recorded(forced, strategy):
    with forced(strategy):
        assert traffic_of_fit(3).down == STATUS + N * DOUBLE
        every_epoch = traffic_of_fit(3, record="epoch", validation=VALIDATION)
    assert every_epoch.down == STATUS + N * DOUBLE * 3 * 2


@every_strategy
@pytest.mark.parametrize("restores", [True, False])
def test_the_best_parameters_stay_there(forced, strategy, restores):
    """Up go limits, and whose the best are to be; down comes which epoch was it, and its loss."""
    given = {"record": "epoch", "validation": VALIDATION}
    patient = {"patience": 100, "restore_best_weights": restores}
    with forced(strategy):
        bare, kept = (traffic_of_fit(3, **given, **more) for more in ({}, patient))
    assert kept.down == bare.down + N * (DOUBLE + INT)
    assert kept.up == bare.up + (N - 1) * INT + restores * N * BYTE  # else there is one limit
    assert kept.waits == bare.waits
    each_epoch = 3 if restores and strategy == "large batch" else 0
    assert kept.launches == bare.launches + each_epoch


@every_strategy
def test_the_host_waits_once_a_call(forced, strategy):
    with forced(strategy):
        assert traffic_of_fit(5, validation=VALIDATION).waits == 1


# --- from fit to fit ------------------------------------------------------------------------------


@every_strategy
def test_a_population_stays_there_until_it_is_read(forced, strategy):
    population, twin = bp.Population(MLP, N), bp.Population(MLP, N)
    with forced(strategy):
        with counted() as first:
            fit(population)
        with counted() as second:
            fit(population)
        with counted() as asked:
            population.predict(X, device="cuda")
        with counted() as third:
            trained = population.parameters
        with counted() as fourth:
            assert population.parameters is trained
            fit(population)
        for _ in range(3):
            fit(twin)
            twin.parameters.copy()
    assert first.up - second.up == PARAMETERS
    assert second.down == first.down
    assert (asked.up < PARAMETERS + X.nbytes, asked.down) == (True, N * ROWS * FLOAT)
    assert (third.up, third.down, third.waits) == (0, PARAMETERS, 1)
    assert fourth.up == first.up
    assert fourth.down == first.down + PARAMETERS  # `trained` is still held, so it is brought
    np.testing.assert_array_equal(trained, population.parameters)
    np.testing.assert_array_equal(trained, twin.parameters)


@every_strategy
def test_moments_come_when_somebody_reads_them(forced, strategy):
    population = bp.Population(MLP, N)
    with (
        forced(strategy),
        bp.Training(population, X, Y, bp.Adam(), 3, 4, device="cuda") as training,
    ):
        training.advance(1)
        with counted() as read:
            moments = training.state_dict()["moments"]
        assert read.down == PARAMETERS + 2 * PARAMETERS + N * 2 * DOUBLE
        training.advance()
    assert (training.state_dict()["moments"] != moments).any()  # also when it is closed


def test_parameters_stay_when_a_training_is_closed_and_goes_on():
    population, expected = bp.Population(MLP, N), bp.Population(MLP, N)
    with bp.Training(population, X, Y, bp.Adam(), 3, 4, device="cuda") as training:
        training.advance(1)
        training.close()
        with counted() as again:
            training.advance()
    assert again.down == STATUS + 2 * N * DOUBLE + 2 * PARAMETERS + 2 * N * DOUBLE
    assert again.up < 2 * PARAMETERS + 2 * N * DOUBLE + STATUS + SAMPLES + 3 * N * DOUBLE + 1000
    fit(expected, 3)
    np.testing.assert_array_equal(population.parameters, expected.parameters)


def test_some_networks_are_copied_there():
    population = bp.Population(MLP, N)
    fit(population)
    with counted() as found:
        some, other, one = population[1:4], population[[4, 0]], population[-1]
    assert found.down == 0
    assert found.up == 2 * INT  # the two numbers
    expected = population.parameters
    np.testing.assert_array_equal(some.parameters, expected[1:4])
    np.testing.assert_array_equal(other.parameters, expected[[4, 0]])
    np.testing.assert_array_equal(one.parameters, expected[-1:])


def test_what_is_written_on_the_host_counts():
    population = bp.Population(MLP, N)
    fit(population)
    population.weights[0][...] = 0.0
    zeros = population.parameters.copy()
    there, here = (population.predict(X, device=device) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(there, here, rtol=1e-6)
    fit(population)
    assert (population.parameters != zeros).any()
    population.parameters = zeros
    np.testing.assert_array_equal(population.to("cuda").to("cpu").parameters, zeros)


def test_who_holds_an_array_sees_what_is_trained():
    population = bp.Population(MLP, N)
    weights = population.weights[0]
    before = weights.copy()
    fit(population)
    assert (weights != before).all(axis=(1, 2)).all()
    weights *= 0.5  # and what is done to it is not lost
    after = weights.copy()
    fit(population[:])
    np.testing.assert_array_equal(population.weights[0], after)


def test_a_population_in_training_can_be_read():
    population = bp.Population(MLP, N)
    seen = [population.parameters.copy()]
    with bp.Training(population, X, Y, bp.SGD(), 3, 4, device="cuda") as training:
        for epoch in (1, 2, 3):
            training.advance(epoch)
            seen.append(population.parameters.copy())
    assert all((one != other).any() for one, other in pairwise(seen))
    np.testing.assert_array_equal(seen[-1], population.parameters)


def test_copies_and_files_have_what_was_trained(tmp_path):
    population = bp.Population(MLP, N)
    fit(population)
    copies = [copy.deepcopy(population), pickle.loads(pickle.dumps(population))]
    with counted() as found:
        fit(population)
    assert found.up < PARAMETERS + SAMPLES + 1000
    for other in copies:
        fit(other)
        np.testing.assert_array_equal(other.parameters, population.parameters)
    fit(population)
    population.save(tmp_path / "p.safetensors")
    loaded = bp.Population.load(tmp_path / "p.safetensors")
    np.testing.assert_array_equal(loaded.parameters, population.parameters)


def used(population):
    """Trained, trained on with other rates, and asked."""
    fit(population)
    with bp.Training(population, X, Y, bp.Adam(), 2, 4, device="cuda") as training:
        training.advance(1)
        training.set_learning_rate(0.01, np.array([0, 3]))
        training.advance()
    some = population[[3, 0]]
    return [population.predict(X, device="cuda"), some.parameters, population.parameters]


def test_several_gpus_have_the_networks_between_them(monkeypatch):
    """Here they are one and the same, but networks are cut, trained and read as for several."""
    expected = used(bp.Population(MLP, N))
    monkeypatch.setattr(device, "gpus", lambda: (0, 0, 0))
    population = bp.Population(MLP, N).to("cuda")
    assert len(population.storage.readable("cuda").parts) == 3
    for one, other in zip(used(population), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_trainings_may_share_a_population():
    """As on the host: the second goes on where the first is, also when the first has ended."""
    shared, alone = bp.Population(MLP, N), bp.Population(MLP, N)
    options = {"epochs": 2, "batch_size": 4, "device": "cuda", "shuffle": False}
    first, second = (bp.Training(shared, X, Y, bp.SGD(), **options) for _ in range(2))
    first.advance(1)
    second.advance(1)
    first.close()
    between = shared.parameters.copy()
    second.advance()
    second.close()
    fit(alone, 3, optimizer=bp.SGD(), shuffle=False)
    np.testing.assert_array_equal(shared.parameters, alone.parameters)
    assert (between != alone.parameters).any()


def test_devices_may_change_between_fits():
    population, expected = bp.Population(MLP, N), bp.Population(MLP, N)
    for device_of_fit in ("cuda", "cpu", "reference", "cuda"):
        fit(population, device=device_of_fit)
        fit(expected, device="reference")
    np.testing.assert_allclose(population.parameters, expected.parameters, rtol=1e-3)

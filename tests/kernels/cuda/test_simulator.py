"""CUDA's kernels against the reference: gradients, predictions and training of small odd cases.

They run in Numba's simulator, or on a GPU with ``pytest -m gpu``.
"""

import math
from dataclasses import replace
from functools import partial
from unittest.mock import patch

import cases
import numpy as np
import pytest
from cases import OPTIMIZERS, TOLERANCE, Case, draw_case, mlp_with, overflowing
from patient import Patient

import bpfast as bp
from bpfast.kernels.cuda import device
from bpfast.kernels.tables import ACTIVATIONS, LOSSES
from bpfast.kernels.task import Samples

STRATEGIES = ["thread", "block", "large batch"]
check = partial(cases.check, device="cuda")
if not device.problem():  # which need numba-cuda
    from bpfast.kernels.cuda import block, thread
    from bpfast.kernels.cuda.block import layout

pytestmark = [
    pytest.mark.cuda_simulator,
    pytest.mark.gpu,
    # on a GPU nothing warns of what is not finite; NumPy, which simulates it, does
    pytest.mark.filterwarnings(
        "ignore:(overflow|invalid value|divide by zero) encountered:RuntimeWarning"
    ),
]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)
either_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


@either_dtype
@every_strategy
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(forced, strategy, dtype, activation):
    with forced(strategy):
        check(Case(bp.MLP((2, 3, 1), activation, "mse"), dtype, n=1, rows=7))


@every_strategy
@pytest.mark.parametrize("soft", [False, True], ids=["", "soft"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(forced, strategy, loss, soft):
    mlp = mlp_with(loss, (2, 3), delta=0.7, quantile=0.3)
    with forced(strategy):
        check(Case(mlp, "float64", n=1, rows=7, weighted=soft, soft=soft, validated=True))


@every_strategy
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(forced, strategy, optimizer):
    with forced(strategy):
        check(Case(bp.MLP((2, 3, 1), "tanh", "mse"), "float64", rows=7, optimizer=optimizer))


@every_strategy
@pytest.mark.parametrize(("bias", "objective"), [(False, "mean"), (True, "sum")])
def test_everything_at_once(forced, strategy, bias, objective):
    """Two activations, folds of different lengths, dropout, penalties, short batches, patience."""
    mlp = bp.MLP((3, 4, 2, 3), ("tanh", "silu"), "cross_entropy", bias=bias)
    case = Case(
        mlp,
        "float64",
        n=3,
        rows=11,
        optimizer="AdamW",
        options={
            "learning_rate": np.array([0.1, 0.02, 0.01]),
            "l1": 0.01,
            "l2": np.array([0.0, 0.1, 0.2]),
            "clip_norm": np.array([np.inf, 0.1, 1.0]),
            "schedule": "cosine",
        },
        fit={
            "epochs": 4,
            "batch_size": 4,
            "rows": ([np.arange(11), np.array([1, 5, 1, 7])], np.array([0, 1, 0])),
            "dropout": (0.3, np.array([0.0, 0.5, 0.2])),
            "record": 2,
            "patience": np.array([2, 3, 4]),
            "tol": np.array([0.0, 0.0, 2.0]),
            "objective": objective,
        },
        weighted=True,
        validated=True,
    )
    with forced(strategy):
        check(case)


@every_strategy
@either_dtype
def test_divergence(forced, strategy, dtype):
    """Parameters, or the next loss, are not finite at once, or later; the others never notice."""
    large, too_large = {"float32": (1e30, 1e39), "float64": (1e200, 1e250)}[dtype]
    rates = np.array([0.05, large, 30.0, 0.01, too_large])
    case = Case(
        bp.MLP((3, 5, 2), "relu", "half_squared_error"),
        dtype,
        n=5,
        rows=8,
        optimizer="SGD",
        options={"learning_rate": rates, "weight_decay": 0.0},
        fit={"epochs": 12, "batch_size": 4, "record": 3},
        validated=True,
    )
    case.some = lambda: range(5)
    with forced(strategy):
        history = check(case)
    assert history.diverged[[1, 4]].all()
    assert history.diverged.sum() < 4


@every_strategy
def test_an_epoch_whose_sum_overflows_ends_a_network(forced, strategy):
    case = overflowing()
    expected, _ = case.run("reference", range(case.n))
    with forced(strategy):
        results, history = case.run("cuda", range(case.n))
    assert history.diverged.all()
    assert not history.epochs_run.any()
    np.testing.assert_allclose(results["trained"], expected["trained"])


def test_functions_of_ones_own(forced):
    bp.register_activation(
        "softsign", lambda z: z / (1.0 + abs(z)), lambda z, a: (1.0 - abs(a)) ** 2
    )
    bp.register_loss(
        "log_cosh",
        lambda p, t, c: c * (abs(p - t) + math.log1p(math.exp(-2.0 * abs(p - t)))),
        lambda p, t, c: c * math.tanh(p - t),
        average=True,
    )
    try:
        for strategy in STRATEGIES:
            with forced(strategy):
                check(Case(bp.MLP((3, 4, 2), "softsign", "log_cosh", delta=0.5), n=1, rows=7))
    finally:
        del ACTIVATIONS["softsign"], LOSSES["log_cosh"]


@pytest.mark.parametrize("objective", ["mean", "sum"])
@every_strategy
def test_what_is_not_there_takes_part_in_no_sum(forced, strategy, objective):
    """Of an activation that is infinitely steep at 0, where it is 1."""
    bp.register_activation("edgy", lambda z: z + 1.0, lambda z, a: 1.0 if z != 0.0 else math.inf)
    case = Case(
        bp.MLP((3, 5, 2), "edgy", "mse"),
        n=2,
        rows=7,
        optimizer="SGD",
        options={"l1": 0.01, "l2": 0.1, "clip_norm": np.array([0.2, 0.02])},
        fit={"batch_size": 3, "objective": objective},
    )
    try:
        with forced(strategy):
            check(case)
    finally:
        del ACTIVATIONS["edgy"]


# --- how work is cut ------------------------------------------------------------------------------

FOLDS = [np.arange(9), np.array([3, 1, 2]), np.array([8, 8, 0, 4])]


def in_folds(networks):
    """A case of which every network has its own fold and rate; some of eight of them."""
    return Case(
        bp.MLP((2, 3, 2), "tanh", "mse"),
        "float32",
        n=8,
        rows=9,
        options={"learning_rate": np.linspace(0.01, 0.1, 8)},
        fit={
            "epochs": 2,
            "batch_size": 4,
            "rows": (FOLDS, np.array([0, 2, 0, 1, 1, 0, 0, 2])),
            "dropout": (0.3,),
        },
    ).run("cuda", networks)[0]


@every_strategy
def test_bits_do_not_depend_on_the_others(forced, strategy):
    """A network is trained to the same bits alone, among others, and in another place."""
    with forced(strategy):
        everyone = in_folds(range(8))
        for networks in ([3], [6, 1, 3, 2]):
            for name, some in in_folds(networks).items():
                np.testing.assert_array_equal(some, everyone[name][networks], name)


@pytest.mark.parametrize("folds", [1, 4])
@pytest.mark.parametrize("n", [1, 3, 20])
def test_a_block_of_threads_has_one_fold(n, folds):
    rng = np.random.default_rng(n)
    fold, networks = rng.integers(0, folds, 25), rng.permutation(25)[:n]
    places = thread.places_of_one_fold(*map(device.to_device, (fold, networks)), folds)
    blocks = device.to_host(places).reshape(-1, thread.THREADS)
    assert sorted(blocks[blocks >= 0]) == sorted(networks)
    for block_places in blocks:
        filled = block_places >= 0
        assert not filled[~filled.cumprod().astype(bool)].any()  # first those, then none
        assert len(set(fold[block_places[filled]])) <= 1


def cut_case(**fit):
    """A case with batches longer than what is worked on at once."""
    mlp = bp.MLP((3, 4, 2), "tanh", "cross_entropy")
    fit = {"epochs": 2, "batch_size": 11, "dropout": (0.3,)} | fit
    return Case(mlp, "float64", n=2, rows=13, optimizer="Adam", fit=fit, validated=True)


@pytest.mark.parametrize("rows", [1, 3, 5])
def test_batches_longer_than_a_chunk(forced, rows):
    with forced("block"), patch.object(layout, "MOST_ROWS", rows):
        check(cut_case())


@pytest.mark.parametrize("rows", [1, 3, 5])
def test_batches_longer_than_a_tile(forced, rows):
    with forced("thread"), patch.object(thread, "TILE_BYTES", rows * 8 * 5):
        check(cut_case())
        check(cut_case(batch_size=2))


@pytest.mark.parametrize(
    ("numbers", "gradient_shared", "moments_shared"), [(3, True, False), (1, False, False)]
)
def test_state_that_leaves_shared_memory(forced, numbers, gradient_shared, moments_shared):
    """Moments go first, then the gradient; the results stay."""
    case = cut_case()
    network = case.mlp.network
    size = numbers * network.n_parameters + 11 * layout._row_size(network)
    static = 8 * (layout.NUMBERS + layout.MOST_THREADS)
    bytes_there = 8 * size + static + layout._table_bytes(network)
    limits = replace(device.properties(), shared_memory_per_block_optin=bytes_there)
    with forced("block"), patch.object(device, "properties", lambda: limits):
        planned = block.plan(network, 2, "float64", 11)
        assert planned.gradient_shared == gradient_shared
        assert planned.moments_shared == moments_shared
        check(case)


@pytest.mark.parametrize("bias", [True, False])
def test_shapes_that_no_tile_or_unrolled_loop_divides(forced, bias):
    """More columns, and biases, than a block has threads; sums of 4 n + 1, 2 and 3 products."""
    mlp = bp.MLP((5, 9, 6, 7), "tanh", "mse", bias=bias)
    fit = {"epochs": 1, "batch_size": 11}
    with forced("block"):
        check(Case(mlp, "float64", n=1, rows=11, optimizer="Adam", fit=fit))


def test_sums_go_on_from_chunk_to_chunk():
    """A gradient has the same bits however few of its rows are worked on at once."""
    rng = np.random.default_rng(0)
    network = bp.MLP((5, 6, 3), "tanh", "mse").network
    shapes = (2, network.n_parameters), (13, 5), (13, 3), (13,)
    parameters, *samples = (device.to_device(rng.random(shape)) for shape in shapes)
    results = []
    for most in (64, 7, 4):
        with patch.object(layout, "MOST_ROWS", most):
            gradients = block.gradients(network, parameters, Samples(*samples))[1]
            results.append(device.to_host(gradients))
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])


def test_devices_say_what_would_run():
    words = bp.devices()["cuda"]
    assert words.startswith("usable: ")
    assert all(strategy in words for strategy in ("thread", "block", "large batch"))


# --- pausing --------------------------------------------------------------------------------------


@every_strategy
def test_networks_that_are_dropped_stop_where_they_are(forced, strategy):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(7, 2)), rng.normal(size=(7, 1))
    trained = {}
    for where in ("reference", "cuda"):
        networks = bp.Population(bp.MLP((2, 3, 1), "tanh"), 4, dtype="float64")
        with (
            forced(strategy),
            bp.Training(networks, X, y, bp.Adam(), 3, 4, device=where) as training,
        ):
            training.advance(1)
            training.drop(np.array([0, 2]))
            training.advance()
        np.testing.assert_array_equal(training.history().epochs_run, [1, 3, 1, 3])
        np.testing.assert_array_equal(training.history().stopped, [True, False, True, False])
        trained[where] = networks.parameters
    np.testing.assert_allclose(trained["cuda"], trained["reference"], rtol=1e-9)


@every_strategy
def test_a_training_goes_on_from_its_state(forced, strategy):
    """All of it comes from the device and goes there again, for some networks at other places."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(7, 2)), rng.normal(size=(7, 1))
    rates = np.array([0.01, 1e39, 0.1])
    networks = np.array([2, 1])

    def training(chosen=slice(None)):
        some = bp.Population(bp.MLP((2, 3, 1), "tanh"), 3)[chosen]
        adam = bp.Adam(learning_rate=rates[chosen])
        return bp.Training(some, X, y, adam, 3, 4, patience=2, dropout=0.2, device="cuda")

    with forced(strategy), training() as whole, training() as paused, training(networks) as few:
        whole.advance(1)
        whole.advance()
        paused.advance(1)
        few.load_state_dict(paused.state_dict(networks))
        few.advance()
        np.testing.assert_array_equal(few.parameters(), few.state_dict()["parameters"])
        assert (few.parameters([0]) != paused.parameters(networks[:1])).any()
        paused.advance(2)
        paused.load_state_dict(few.state_dict(), networks)
        paused.advance()
        expected = whole.state_dict()
        for name, values in paused.state_dict().items():
            np.testing.assert_array_equal(values, expected[name], name)
    np.testing.assert_array_equal(paused.history().diverged, [False, True, False])


@every_strategy
def test_rates_may_be_set_between_epochs(forced, strategy):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(7, 2)), rng.normal(size=(7, 1))
    rates = np.array([[0.1, 0.1, 0.01], [0.05, 0.02, 0.02]])
    planned, paused = (bp.Population(bp.MLP((2, 3, 1), "tanh"), 2) for _ in range(2))
    options = {"epochs": 3, "batch_size": 4, "device": "cuda"}
    with forced(strategy):
        bp.fit(planned, X, y, bp.SGD(learning_rate=rates), progress=False, **options)
        with bp.Training(paused, X, y, bp.SGD(learning_rate=rates[:, 0]), **options) as training:
            training.advance(1)
            training.set_learning_rate(0.02, np.array([1]))
            training.advance(2)
            training.set_learning_rate(rates[:, 2])
            training.advance()
    np.testing.assert_array_equal(paused.parameters, planned.parameters)


@every_strategy
@pytest.mark.parametrize("validated", [False, True], ids=["training", "validation"])
def test_the_best_epoch_is_kept(forced, strategy, validated):
    """Also of networks that were elsewhere for an epoch; others stop, diverge, or are dropped."""
    options = {
        "patience": np.array([2, 2, 2, 4, 3, 2]),
        "tol": np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
        "record": 1 + validated,
    }
    with forced(strategy):
        fit = Patient("cuda", (2, 3, 1), 6, 5, 3, 4, validated)
        with fit.training(**options) as first, fit.training(**options) as second:
            first.advance(2)
            fit.check(first, 2, **options)
            second.load_state_dict(first.state_dict())
            second.advance()
            history = fit.check(second, 4, **options)
            first.drop(np.arange(6))
            best = first.history().restored
            state = first.state_dict()
            np.testing.assert_array_equal(state["parameters"][best], state["best_parameters"][best])
    assert history.restored.any()
    assert (history.restored & (history.best_epoch < history.epochs_run)).any()
    assert history.diverged.any()
    assert best.any()


# --- anything -------------------------------------------------------------------------------------


@every_strategy
@pytest.mark.parametrize("seed", range(8))
def test_anything(forced, strategy, seed):
    rng = np.random.default_rng(seed)
    case = draw_case(rng, "float64", most_rows=12, widths=[1, 2, 3, 5, 7], networks=[1, 2, 4])
    with forced(strategy):
        check(case)

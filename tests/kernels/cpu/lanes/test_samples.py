"""Networks of several folds side by side get the bits that each gets by itself."""

import numpy as np
import pytest
from compiled import compiled
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.kernels.cpu.arguments import EPOCHS
from bpfast.kernels.cpu.lanes import samples
from bpfast.kernels.cpu.lanes.layout import END, FIRST, ROWS, START, STEP, WORKSPACE
from bpfast.training import calls

pytestmark = pytest.mark.xdist_group("functions of lanes")  # compiled once

ROWS_OF_DATA = 40


@pytest.fixture
def one_thread(monkeypatch):
    """All networks in as few groups as may be."""
    monkeypatch.setattr(cpu, "thread_count", lambda: 1)


@compiled(EPOCHS, WORKSPACE, "int64", "int64[:]")
def begin_epoch(epochs, work, epoch, results):
    results[0], results[1] = samples.begin_epoch(epochs, work, epoch)


@compiled(WORKSPACE, "int64[:]", "int64")
def find_samples(work, order, most):
    samples.find_samples(work, order, most)


@compiled("real[:]", WORKSPACE, "real[:,:]", *["int64"] * 5)
def gather(numbers, work, table, position, rows, start, row_step, column_step):
    samples.gather(numbers, work, table, position, rows, start, row_step, column_step)


@compiled(WORKSPACE, "int64[:]", "int64[:]")
def rows_together(work, positions, result):
    for k in range(positions.size):
        result[k] = samples.rows_together(work, positions[k], 4)


def test_lanes_begin_an_epoch_in_their_own_rows(arguments_of, lanes_of):
    args = arguments_of((3, 2), n=16)
    _, work = lanes_of(args)
    results = np.zeros(2, np.int64)
    begin_epoch(args.epochs, work, 0, results)
    assert results[0] == 0  # no samples of their own
    fold = np.arange(16) // 6
    starts = np.array([0, 5, 9, 20])
    epochs = args.epochs._replace(fold=fold, fold_start=starts, batch_size=4, first=3)
    begin_epoch(epochs, work, 2, results)
    assert results.tolist() == [1, 3]
    np.testing.assert_array_equal(work.lane_ints[FIRST], starts[fold])
    np.testing.assert_array_equal(work.lane_ints[END], starts[fold + 1])
    np.testing.assert_array_equal(work.lane_ints[STEP], np.array([10, 5, 15])[fold])


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 7, 13])
def test_each_lane_gathers_its_own_samples(arguments_of, lanes_of, columns):
    _, work = lanes_of(arguments_of((3, 2), n=16))
    rng = np.random.default_rng(columns)
    order, table = rng.integers(0, 30, 200), rng.normal(size=(30, columns))
    rows, start = 5, 32
    work.lane_ints[START], work.lane_ints[ROWS] = rng.integers(0, 100, 16), np.arange(16) % 6
    find_samples(work, order, rows)
    for lane in range(16):
        row = np.minimum(np.arange(rows), max(work.lane_ints[ROWS, lane] - 1, 0))
        expected = order[work.lane_ints[START, lane] + row]
        np.testing.assert_array_equal(work.samples[:rows, lane], expected)
    numbers = np.full(start + 16 * columns * rows, np.nan)
    gather(numbers, work, table, 2, 3, start, 16 * columns, 16)
    got = numbers[start:].reshape(rows, columns, 16)
    np.testing.assert_array_equal(got[:3], table[work.samples[2:5]].transpose(0, 2, 1))
    assert np.isnan(got[3:]).all()


def test_rows_are_computed_together_until_a_lane_has_no_more(arguments_of, lanes_of):
    _, work = lanes_of(arguments_of((3, 2), n=16))
    work.lane_ints[ROWS] = 9
    work.lane_ints[ROWS, [2, 3]] = 0, 6
    result = np.zeros(3, np.int64)
    rows_together(work, np.array([0, 4, 6]), result)
    assert result.tolist() == [4, 2, 3]


def train(mlp, chosen, options, dtype="float32", n=19):
    """Some of n networks after a fit, and its history."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(ROWS_OF_DATA, mlp.inputs))
    y = rng.normal(size=(ROWS_OF_DATA, mlp.outputs))
    if mlp.loss == "cross_entropy":
        y = np.argmax(y, axis=1)
    options = dict(options)
    folds, fold = options.pop("rows")
    kind, hyperparameters = options.pop("optimizer")
    optimizer = kind(**{name: value[chosen] for name, value in hyperparameters.items()})
    if options.pop("validated", False):
        options["validation"] = X[:9], y[:9]
    population = bp.Population(mlp, n, seed=2, dtype=dtype)[chosen]
    options["rows"] = folds, fold[chosen]
    history = bp.fit(population, X, y, optimizer, device="cpu", progress=False, **options)
    assert history.plan.strategy == "lanes"
    return population.parameters, history


def check(mlp, options, dtype="float32", n=19):
    """Together, and one by one, where no lane has samples of its own."""
    together, history = train(mlp, np.arange(n), options, dtype)
    for i in range(n):
        alone, own = train(mlp, np.array([i]), options, dtype)
        np.testing.assert_array_equal(together[i], alone[0])
        for name in ("loss", "validation_loss", "epochs_run", "stopped", "diverged"):
            both = getattr(history, name), getattr(own, name)
            if both[0] is not None:
                np.testing.assert_array_equal(both[0][i], both[1][0])
    return history


OPTIMIZERS = [bp.SGD, bp.Adam, bp.AdamW, bp.RMSprop]


@drawn(25)
@given(data=st.data())
def test_any_folds(data):
    """Folds of any sizes, with rows that come twice, and whatever networks are trained with."""
    draw = data.draw
    n, k = 19, draw(st.integers(2, 19), "folds")
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    sizes = rng.integers(1, draw(st.sampled_from([2, 5, 41])), k) + draw(st.sampled_from([0, 20]))
    loss = draw(st.sampled_from(["mse", "cross_entropy", "huber"]))
    outputs = draw(st.integers(2 if loss == "cross_entropy" else 1, 5))
    layers = draw(st.integers(1, 6)), draw(st.sampled_from([2, 9])), outputs
    activation = draw(st.sampled_from(["tanh", "relu", "identity"]))
    mlp = bp.MLP(layers, activation, loss, bias=draw(st.booleans()))
    kind = draw(st.sampled_from(OPTIMIZERS))
    hyperparameters = {
        "learning_rate": np.geomspace(1e-3, draw(st.sampled_from([0.1, 1e30])), n),
        "l2": np.linspace(0, draw(st.sampled_from([0.0, 0.1])), n),
        "clip_norm": np.where(np.arange(n) % 3, np.inf, draw(st.sampled_from([np.inf, 0.1]))),
    }
    if kind is bp.SGD:
        hyperparameters["momentum"] = np.full(n, draw(st.sampled_from([0.0, 0.9])))
    options = {
        "rows": ([rng.integers(0, ROWS_OF_DATA, size) for size in sizes], rng.integers(0, k, n)),
        "optimizer": (kind, hyperparameters),
        "epochs": draw(st.sampled_from([1, 4])),
        "batch_size": draw(st.sampled_from([1, 2, 7, 32, 100])),
        "shuffle": draw(st.booleans()),
        "sample_weight": draw(
            st.sampled_from([None, np.arange(ROWS_OF_DATA) % 3 * 0.5, np.arange(ROWS_OF_DATA) % 2])
        ),
        "dropout": draw(st.sampled_from([0.0, 0.3])),
        "patience": draw(st.sampled_from([None, 1])),
        "tol": draw(st.sampled_from([None, 0.4])),
        "validated": draw(st.booleans()),
    }
    dtype = draw(st.sampled_from(["float32", "float64"]))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(cpu, "thread_count", lambda: 1)
        check(mlp, options, dtype)


def uneven(rates, sizes=(40, 39, 13, 2), **options):
    """Options for networks of folds that are trained in one, two, and four steps."""
    rng, fold = np.random.default_rng(0), np.arange(19) % len(sizes)
    folds = [rng.permutation(ROWS_OF_DATA)[:size] for size in sizes]
    optimizer = bp.SGD, {"learning_rate": rates, "momentum": np.full(19, 0.9)}
    return {"rows": (folds, fold), "optimizer": optimizer, "batch_size": 10} | options


@pytest.mark.usefixtures("one_thread")
def test_one_lane_that_diverges_and_lanes_that_wait():
    mlp = bp.MLP((4, 3, 1), "identity", "mse")
    rates = np.where(np.arange(19) == 9, 1e20, 0.01)
    history = check(mlp, uneven(rates, epochs=5))
    np.testing.assert_array_equal(history.diverged, rates > 1)


@pytest.mark.usefixtures("one_thread")
def test_sums_of_losses_and_penalties():
    mlp = bp.MLP((4, 3, 1), "tanh", "mse")
    results = []
    for chosen in (np.arange(19), np.array([6])):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(ROWS_OF_DATA, 4)), rng.normal(size=ROWS_OF_DATA)
        population = bp.Population(mlp, 19)[chosen]
        folds, fold = uneven(np.full(19, 0.01))["rows"]
        training = bp.Training(
            population, X, y, bp.Adam(l1=0.01, l2=0.1), 3, 10,
            rows=(folds, fold[chosen]), objective="sum", sample_weight=np.arange(40) % 4 * 0.3,
        )  # fmt: skip
        training.advance()
        results.append([population.parameters, training.history().loss, training.history().penalty])
    for together, alone in zip(*results, strict=True):
        np.testing.assert_array_equal(together[6], alone[0])


@pytest.mark.usefixtures("one_thread")
def test_calls_of_any_length(monkeypatch):
    mlp, results = bp.MLP((4, 3, 1), "tanh", "mse"), []
    for seconds in (1e-9, 10.0):
        monkeypatch.setattr(calls, "CALL_SECONDS", seconds)
        options = uneven(np.geomspace(1e-3, 0.1, 19), epochs=5, dropout=0.2)
        results.append(train(mlp, np.arange(19), options))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1].loss, results[1][1].loss)

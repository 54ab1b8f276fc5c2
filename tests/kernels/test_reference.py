"""The reference against finite differences, against training by hand, and against itself."""

from functools import partial

import numpy as np
import pytest
from cases import mlp_with
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.kernels import counter
from bpfast.kernels.tables import ACTIVATIONS, LOSSES

fit = partial(bp.fit, device="reference", progress=False)
gradients = partial(bp.gradients, device="reference")


def random_population(mlp, n=1, seed=0, scale=1.0):
    population = bp.Population(mlp, n, seed, dtype="float64")
    rng = np.random.default_rng(seed)
    population.parameters[...] = rng.normal(size=population.parameters.shape) * scale
    return population


def copy(population):
    return population[:]


def samples(loss, rows, inputs, outputs, soft=False, seed=1):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, inputs))
    match LOSSES[loss].inverse_link:
        case "softmax" if not soft:
            return X, rng.integers(0, outputs, rows)
        case "softmax" | "sigmoid" | "exp":
            return X, rng.random((rows, outputs))
    return X, rng.normal(size=(rows, outputs))


def row(weight_gradients, bias_gradients):
    """Gradients of every network as rows like ``population.parameters``."""
    layers = []
    for k, weights in enumerate(weight_gradients):
        layers.append(weights.reshape(len(weights), -1))
        if bias_gradients:
            layers.append(bias_gradients[k])
    return np.concatenate(layers, axis=1)


def finite_differences(function, parameters, step=1e-6):
    """Slopes of a function of (n, P) parameters at one row of them."""
    moves = step * np.eye(parameters.size)
    return (function(parameters + moves) - function(parameters - moves)) / (2 * step)


# --- gradients ------------------------------------------------------------------------------------

TARGETS = [(name, False) for name in LOSSES] + [("cross_entropy", True)]


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize(("loss", "soft"), TARGETS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_is_the_slope_of_the_loss(activation, loss, soft, weighted):
    mlp = mlp_with(loss, (2, 3, 2), activation, delta=0.7, quantile=0.3)
    population = random_population(mlp)
    X, y = samples(loss, 4, 2, 2, soft)
    weights = [0.5, 2.0, 0.0, 1.5] if weighted else None
    of_loss = partial(gradients, X=X, y=y, sample_weight=weights)
    expected = finite_differences(
        lambda rows: of_loss(population[[0] * len(rows)].with_parameters(rows))[0],
        population.parameters[0],
    )
    got = row(*of_loss(population)[1:])[0]
    assert_allclose(got, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("bias", [True, False])
def test_gradient_of_deep_networks_with_several_activations(bias):
    mlp = bp.MLP((3, 4, 2, 3, 2), ("tanh", "gelu", "softplus"), "huber", bias=bias)
    population = random_population(mlp)
    X, y = samples("huber", 5, 3, 2)
    expected = finite_differences(
        lambda rows: gradients(population[[0] * len(rows)].with_parameters(rows), X, y)[0],
        population.parameters[0],
    )
    assert_allclose(row(*gradients(population, X, y)[1:])[0], expected, rtol=1e-6, atol=1e-8)


def test_mean_over_outputs_or_their_sum():
    """Errors of 1 and 3 in two outputs, weights 1 and 3 for two samples."""
    expected = {
        "half_squared_error": 5.0,
        "mse": 5.0,
        "mae": 2.0,
        "huber": (0.5 + 2.5) / 2,
        "quantile": 0.5 * 4,
    }
    for loss, value in expected.items():
        population = bp.Population(bp.MLP((1, 2), loss=loss), init="zeros")
        got, *_ = gradients(population, [[0.0]], [[1.0, 3.0]])
        assert_allclose(got, value)
        got, *_ = gradients(population, [[0.0]] * 2, [[1.0, 3.0], [0.0, 0.0]], [3.0, 1.0])
        assert_allclose(got, 0.75 * value)


# --- a step ---------------------------------------------------------------------------------------


def by_hand(population, X, y, rate, batches, weights=None):
    """Plain gradient descent with :func:`gradients`, one batch of rows after the other."""
    X, y = np.asarray(X), np.asarray(y)
    losses = []
    for rows in batches:
        loss, *parts = gradients(population, X[rows], y[rows], weights and np.take(weights, rows))
        population.parameters -= rate * row(*parts)
        losses.append(loss)
    return np.array(losses)


def test_penalties_pull_on_weights_alone():
    mlp = bp.MLP((2, 3, 2), "tanh", "mse")
    start = random_population(mlp)
    X, y = samples("mse", 4, 2, 2)
    plain, punished = copy(start), copy(start)
    l1, l2, rate = 0.3, 0.2, 0.1
    fit(plain, X, y, bp.SGD(learning_rate=rate), epochs=1)
    fit(punished, X, y, bp.SGD(learning_rate=rate, l1=l1, l2=l2), epochs=1)

    def penalty(rows):
        weights = row(start[[0] * len(rows)].with_parameters(rows).weights, [])
        return l1 * np.abs(weights).sum(axis=1) + l2 / 2 * (weights**2).sum(axis=1)

    slope = (plain.parameters - punished.parameters)[0] / rate
    assert_allclose(slope, finite_differences(penalty, start.parameters[0]), atol=1e-8)


def test_l1_leaves_weights_at_zero_alone():
    population = bp.Population(bp.MLP((1, 1), loss="mse"), init="zeros")
    fit(population, [[0.0]], [[0.0]], bp.SGD(l1=1.0), epochs=3)
    assert not population.parameters.any()


def test_clipping_shortens_long_gradients():
    mlp = bp.MLP((2, 3, 2), "tanh", "mse")
    start = random_population(mlp)
    X, y = samples("mse", 4, 2, 2)
    gradient = row(*gradients(start, X, y)[1:])
    length = np.linalg.norm(gradient)
    for clip_norm in (0.5 * length, 2.0 * length, np.inf):
        population = copy(start)
        fit(population, X, y, bp.SGD(learning_rate=1.0, clip_norm=clip_norm), epochs=1)
        expected = min(clip_norm, length) / length * gradient
        assert_allclose(start.parameters - population.parameters, expected, rtol=1e-5)


def test_every_network_has_its_own_hyperparameters():
    mlp = bp.MLP((2, 3, 2), "tanh", "mse")
    X, y = samples("mse", 10, 2, 2)
    options = {
        "learning_rate": np.array([0.1, 0.2, 0.05]),
        "momentum": np.array([0.0, 0.9, 0.5]),
        "nesterov": np.array([False, True, False]),
        "weight_decay": np.array([0.1, 0.0, 0.2]),
        "l1": np.array([0.0, 0.1, 0.0]),
        "l2": np.array([0.1, 0.0, 0.0]),
        "clip_norm": np.array([np.inf, 0.1, 1.0]),
        "schedule": np.array(["constant", "cosine", "exponential"]),
        "warmup": np.array([0, 2, 1]),
    }
    together = random_population(mlp, 3)
    alone = [together[i] for i in range(3)]
    fit(together, X, y, bp.SGD(**options), epochs=4, batch_size=4)
    for i, population in enumerate(alone):
        own = {name: values[i] for name, values in options.items()}
        fit(population, X, y, bp.SGD(**own), epochs=4, batch_size=4)
        assert_array_equal(population.parameters[0], together.parameters[i])


# --- batches, epochs, folds -----------------------------------------------------------------------


def test_batches_in_order_and_a_short_last_one():
    mlp = bp.MLP((2, 3, 1), "tanh", "mse")
    X, y = samples("mse", 7, 2, 1)
    weights = [1.0, 0.5, 2.0, 0.0, 1.0, 3.0, 0.25]
    fitted = random_population(mlp, 2)
    expected = copy(fitted)
    sgd = bp.SGD(learning_rate=0.1)
    history = fit(fitted, X, y, sgd, epochs=1, batch_size=3, shuffle=False, sample_weight=weights)
    losses = by_hand(expected, X, y, 0.1, [[0, 1, 2], [3, 4, 5], [6]], weights)
    assert_allclose(fitted.parameters, expected.parameters, rtol=1e-13)
    assert_allclose(history.loss[:, 0], np.average(losses, axis=0, weights=[3.5, 4.0, 0.25]))


def test_shuffled_batches_hold_every_row_once():
    """Of a linear loss each row leaves its own input behind, whatever the order."""
    X, y = 2.0 ** np.arange(7)[:, None], np.full((7, 1), 1e6)
    population = bp.Population(bp.MLP((1, 1), loss="mae", bias=False), init="zeros")
    fit(population, X, y, bp.SGD(learning_rate=1.0), epochs=3, batch_size=1)
    assert population.parameters == 3 * X.sum()


def test_the_order_is_the_counters_permutation_by_seed_epoch_and_fold():
    mlp = bp.MLP((2, 3, 1), "tanh", "mse")
    X, y = samples("mse", 7, 2, 1)
    folds = [np.arange(7), np.array([6, 4, 2, 0])]
    fitted = random_population(mlp, 2)
    alone = [fitted[0], fitted[1]]
    sgd = bp.SGD(learning_rate=0.1)
    fit(fitted, X, y, sgd, epochs=2, batch_size=3, seed=5, rows=(folds, np.arange(2)))
    for k, population in enumerate(alone):
        for order in folds[k][counter.permutations(5, np.arange(2), k, len(folds[k]))]:
            by_hand(population, X, y, 0.1, np.array_split(order, range(3, len(order), 3)))
        assert_allclose(fitted.parameters[k], population.parameters[0], rtol=1e-13)


def test_folds_train_on_their_rows():
    mlp = bp.MLP((2, 3, 1), "tanh", "mse")
    X, y = samples("mse", 9, 2, 1)
    folds, fold = [np.array([0, 2, 4, 6, 8]), np.array([1, 1, 3])], np.array([1, 0, 1])
    together = random_population(mlp, 3)
    alone = [together[i] for i in range(3)]
    sgd = bp.SGD(learning_rate=0.1)
    history = fit(together, X, y, sgd, epochs=2, batch_size=2, shuffle=False, rows=(folds, fold))
    for i, population in enumerate(alone):
        rows = folds[fold[i]]
        batches = [rows[start : start + 2] for start in range(0, len(rows), 2)]
        by_hand(population, X, y, 0.1, batches * 2)
        assert_allclose(together.parameters[i], population.parameters[0], rtol=1e-13)
    assert history.sample_updates == 2 * (3 + 5 + 3)


def test_a_weight_of_zero_is_as_good_as_no_sample():
    mlp = bp.MLP((2, 3, 2), "tanh", "cross_entropy")
    X, y = samples("cross_entropy", 6, 2, 2)
    both = [random_population(mlp) for _ in range(2)]
    fit(both[0], X, y, bp.Adam(), epochs=3, sample_weight=[1, 1, 0, 1, 0, 1])
    fit(both[1], X[[0, 1, 3, 5]], y[[0, 1, 3, 5]], bp.Adam(), epochs=3)
    assert_allclose(both[0].parameters, both[1].parameters, rtol=1e-12)


def test_weights_that_are_all_zero_move_nothing():
    population = random_population(bp.MLP((2, 1), loss="mse"))
    before = population.parameters.copy()
    X, y = samples("mse", 4, 2, 1)
    history = fit(population, X, y, bp.SGD(), epochs=2, sample_weight=np.zeros(4))
    assert_array_equal(population.parameters, before)
    assert_array_equal(history.loss, 0.0)


# --- schedules ------------------------------------------------------------------------------------


def rates(epochs, **options):
    """Learning rates by epoch: with a slope of -1 everywhere, the loss falls by the rate."""
    population = bp.Population(bp.MLP((1, 1), loss="mae", bias=False), dtype="float64")
    history = fit(population, [[1.0]], [[100.0]], bp.SGD(**options), epochs=epochs + 1)
    return -np.diff(history.loss[0])


def test_constant_and_exponential_schedules():
    assert_allclose(rates(4, learning_rate=0.5), [0.5] * 4)
    got = rates(4, learning_rate=0.5, schedule="exponential", decay=0.5)
    assert_allclose(got, [0.5, 0.25, 0.125, 0.0625])


def test_cosine_schedule():
    # nine epochs in all: half a wave from 1 to a fraction of 0.2
    got = rates(8, learning_rate=1.0, schedule="cosine", minimum=0.2)
    assert_allclose(got, [0.6 + 0.4 * np.cos(np.pi * e / 9) for e in range(8)])


def test_warmup_climbs_in_equal_steps():
    assert_allclose(rates(5, learning_rate=1.0, warmup=4), [0.25, 0.5, 0.75, 1.0, 1.0])
    got = rates(5, learning_rate=1.0, warmup=2, schedule="exponential", decay=0.5)
    assert_allclose(got, [0.5, 1.0, 1.0, 0.5, 0.25])


# --- stopping -------------------------------------------------------------------------------------

MLP = bp.MLP((2, 4, 1), "tanh", "mse")
X, Y = samples("mse", 12, 2, 1)
VALIDATION = samples("mse", 6, 2, 1, seed=2)
SGD = bp.SGD(learning_rate=[0.3, 0.01, 0.1, 0.6])
EPOCHS = 12
N = 4


def test_tol_stops_after_the_epoch_that_meets_it():
    free, stopped = random_population(MLP, N), random_population(MLP, N)
    losses = fit(free, X, Y, SGD, epochs=EPOCHS, batch_size=5).loss
    tol = np.quantile(losses, 0.3, axis=1)
    tol[1] = 0.0  # never met
    history = fit(stopped, X, Y, SGD, epochs=EPOCHS, batch_size=5, tol=tol)
    for i in range(N):
        met = losses[i] <= tol[i]
        epochs = int(np.argmax(met)) + 1 if met.any() else EPOCHS
        assert history.epochs_run[i] == epochs
        assert history.stopped[i] == met.any()
        assert_array_equal(history.loss[i, :epochs], losses[i, :epochs])
        assert np.isnan(history.loss[i, epochs:]).all()
        short = random_population(MLP, N)
        fit(short, X, Y, SGD, epochs=epochs, batch_size=5)
        assert_array_equal(stopped.parameters[i], short.parameters[i])
    assert history.stopped.tolist() == [True, False, True, True]


@pytest.mark.parametrize("validated", [False, True], ids=["training", "validation"])
@pytest.mark.parametrize("patience", [1, 2, [1, 3, 1, 2]])
def test_patience_runs_out(validated, patience):
    sgd = bp.SGD(learning_rate=[2.0, 0.01, 0.9, 0.6])  # most go up and down
    given = {"epochs": EPOCHS, "batch_size": 5, "validation": VALIDATION if validated else None}
    free = fit(random_population(MLP, N), X, Y, sgd, **given)
    watched = free.validation_loss if validated else free.loss
    history = fit(random_population(MLP, N), X, Y, sgd, patience=patience, **given)
    for i, allowed in enumerate(np.broadcast_to(patience, N)):
        since_best = [e - np.argmin(watched[i, : e + 1]) for e in range(EPOCHS)]
        out = [e for e in range(EPOCHS) if since_best[e] >= allowed]
        assert history.epochs_run[i] == (out[0] + 1 if out else EPOCHS)
        assert history.stopped[i] == bool(out)
    assert history.stopped.any()


def test_with_validation_only_scored_epochs_are_watched():
    """Every epoch is better than the last, but only every third is looked at."""
    given = {"epochs": EPOCHS, "validation": (X, Y), "record": 3, "patience": 3}
    history = fit(random_population(MLP), X, Y, bp.SGD(), **given)
    assert history.epochs_run == [EPOCHS]
    assert history.epochs.tolist() == [3, 6, 9, 12]


def test_a_stop_between_recorded_epochs_is_written_to_the_next_column():
    losses = fit(random_population(MLP), X, Y, bp.SGD(), epochs=5).loss[0]
    population = random_population(MLP)
    history = fit(
        population, X, Y, bp.SGD(), epochs=12, record=3, tol=losses[3], validation=VALIDATION
    )
    assert history.epochs_run == [4]
    assert_array_equal(history.loss[0], [losses[2], losses[3], np.nan, np.nan])
    scored, *_ = gradients(population, *VALIDATION)
    assert history.validation_loss[0, 1] == scored
    assert history.score() == scored


@pytest.mark.parametrize(
    ("record", "epochs"), [("epoch", [1, 2, 3, 4, 5]), ("last", [5]), (2, [2, 4, 5]), (9, [5])]
)
def test_record(record, epochs):
    every = fit(random_population(MLP), X, Y, bp.SGD(), epochs=5, validation=VALIDATION)
    some = fit(
        random_population(MLP), X, Y, bp.SGD(), epochs=5, validation=VALIDATION, record=record
    )
    assert some.epochs.tolist() == epochs
    columns = np.array(epochs) - 1
    assert_array_equal(some.loss, every.loss[:, columns])
    assert_array_equal(some.validation_loss, every.validation_loss[:, columns])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_freezes_the_last_finite_parameters(dtype):
    """From w, a step of rate r goes to (1 - r) w: -r, then r**2, which is not finite any more."""
    rate = {"float32": 1e30, "float64": 1e200}[dtype]
    mlp = bp.MLP((1, 1), loss="half_squared_error", bias=False)
    population = bp.Population.from_arrays(mlp, [np.ones((3, 1, 1))], dtype=dtype)
    sgd = bp.SGD(learning_rate=[0.5, rate, 0.5])
    history = fit(population, [[1.0]], [[0.0]], sgd, epochs=4, batch_size=1)
    assert history.diverged.tolist() == [False, True, False]
    assert history.epochs_run.tolist() == [4, 1, 4]
    assert_allclose(population.parameters[:, 0], [1 / 16, -rate, 1 / 16], rtol=1e-6)
    assert_allclose(history.loss[1], [0.5, np.nan, np.nan, np.nan])
    assert history.score()[1] == np.inf
    assert not history.stopped.any()


def test_divergence_within_an_epoch_keeps_the_batches_before():
    mlp = bp.MLP((1, 1), loss="half_squared_error", bias=False)
    population = bp.Population.from_arrays(mlp, [[[1.0]]], dtype="float64")
    inputs = [[1.0], [1.0], [1e200]]
    history = fit(
        population, inputs, [[0.0]] * 3, bp.SGD(learning_rate=0.5), batch_size=1, shuffle=False
    )
    assert history.diverged.all()
    assert history.epochs_run == [0]
    assert population.parameters == [[0.25]]
    assert np.isnan(history.loss).all()


# --- dropout --------------------------------------------------------------------------------------


def losses_under_dropout(dropout, hidden=(1,), n=2, epochs=1000, seed=0, rows=1):
    """Losses of linear networks that stand still: 100 minus the sum of the units that are left."""
    mlp = bp.MLP((1, *hidden, 1), "identity", "mae", bias=False)
    population = bp.Population(mlp, n, init="zeros", dtype="float64")
    population.parameters[...] = 1.0
    X, y = np.ones((rows, 1)), np.full((rows, 1), 100.0)
    sgd = bp.SGD(learning_rate=0.0)
    return fit(population, X, y, sgd, epochs=epochs, dropout=dropout, seed=seed).loss


def test_dropout_leaves_out_units_and_keeps_the_mean():
    for p in (0.2, 0.5):
        outputs = 100 - losses_under_dropout(p)
        assert set(np.round(outputs.ravel(), 12)) == {0.0, 1 / (1 - p)}
        assert abs(outputs.mean() - 1) < 5 * np.sqrt(p / (1 - p) / outputs.size)


def test_dropout_of_units_layers_rows_and_networks_is_independent():
    p, width, rows = 0.3, 3, 4
    outputs = 100 - losses_under_dropout(p, hidden=(width, 2), rows=rows)
    factor = 1 + p / (1 - p)  # mean square of a mask, whose mean is 1
    # a row's sum over pairs (i, j) of units: their masks' products, of mean 1
    square = width * 2 * (factor**2 + factor + (width - 1) * (factor + 1))
    variance = (square - (width * 2) ** 2) / rows
    assert abs(outputs.mean() - width * 2) < 5 * np.sqrt(variance / outputs.size)
    assert outputs.var() == pytest.approx(variance, rel=0.15)
    assert abs(np.corrcoef(outputs)[0, 1]) < 5 / np.sqrt(outputs.shape[1])


def test_dropout_is_drawn_from_the_seed():
    first, again, other = (losses_under_dropout(0.5, epochs=50, seed=s) for s in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first != other).any()


def test_dropout_by_layer_and_by_network():
    by_layer = losses_under_dropout((0.0, [0.5, 0.0]), hidden=(1, 1), epochs=50)
    assert set(by_layer[0]) == {100.0, 98.0}
    assert set(by_layer[1]) == {99.0}


def test_dropout_is_for_training_alone():
    mlp = bp.MLP((1, 8, 1), "identity", "mae", bias=False)
    population = bp.Population(mlp, dtype="float64", init="zeros")
    population.parameters[...] = 1.0
    sgd = bp.SGD(learning_rate=0.0)
    history = fit(
        population, [[1.0]], [[100.0]], sgd, epochs=3, dropout=0.5, validation=([[1.0]], [[0.0]])
    )
    assert_array_equal(history.validation_loss, 8.0)
    assert_array_equal(population.predict([[1.0]], device="reference"), 8.0)


# --- predictions ----------------------------------------------------------------------------------


def test_predictions_are_probabilities_where_the_loss_has_a_link():
    X, _ = samples("mse", 5, 2, 3)
    plain, binary, classes = (
        random_population(bp.MLP((2, 3, 3), "tanh", loss)).predict(X, device="reference")
        for loss in ("mse", "binary_cross_entropy", "cross_entropy")
    )
    assert_allclose(binary, 1 / (1 + np.exp(-plain)))
    assert_allclose(classes, np.exp(plain) / np.exp(plain).sum(axis=2, keepdims=True))


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy"])
def test_large_logits_neither_overflow_nor_warn(loss):
    population = random_population(bp.MLP((2, 3), loss=loss), scale=1e4)
    X, y = samples(loss, 5, 2, 3)
    predictions = population.predict(X, device="reference")
    assert ((predictions >= 0) & (predictions <= 1)).all()
    value, weights, biases = gradients(population, X, y)
    assert np.isfinite(value).all()
    assert np.isfinite(row(weights, biases)).all()

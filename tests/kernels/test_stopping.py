"""The rules by which networks stop, as plain functions and in the reference's fits."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_fits import fit, gradients, random_population, samples

import bpfast as bp
from bpfast.kernels.arguments import Stopping
from bpfast.kernels.stopping import finish, judge, write


def stopping(n=2, best=True, validated=True, **given):
    kept = n if best else 0
    return Stopping(
        **{"tol": np.array([-np.inf]), "patience": np.array([2])} | given,
        status=np.zeros(n, np.int8),
        epochs_run=np.full(n, 5),
        best=np.zeros(kept),
        best_epoch=np.zeros(kept, int),
        losses=np.full((n, 3), np.nan),
        validation_losses=np.full((n, 3 if validated else 0), np.nan),
        penalties=np.full((n, 3 if validated else 0), np.nan),
    )


@pytest.mark.parametrize(
    ("epoch", "fresh", "watched", "expected"),
    [
        (4, True, 0.5, (False, 0.5, 4)),  # better
        (4, True, 1.0, (False, 1.0, 3)),  # as good is not better
        (4, False, 0.5, (False, 1.0, 3)),  # not scored
        (5, True, np.nan, (True, 1.0, 3)),  # patience is over
        (5, True, 0.5, (False, 0.5, 5)),
    ],
)
def test_patience(epoch, fresh, watched, expected):
    assert judge(stopping(), 1, epoch, fresh, 9.0, watched, 1.0, 3) == expected


@pytest.mark.parametrize("best", [True, False])
def test_tol_is_each_networks_own_or_one_for_all(best):
    own = stopping(best=best, tol=np.array([0.0, 2.0]), patience=np.array([9, 9]))
    assert [judge(own, i, 0, False, 1.0, 1.0, 0.0, 0)[0] for i in range(2)] == [False, True]
    assert judge(stopping(best=best, tol=np.array([1.0])), 1, 0, False, 1.0, 1.0, 0.0, 0)[0]


@pytest.mark.parametrize("validated", [True, False])
def test_what_is_written(validated):
    parts = stopping(best=validated, validated=validated)
    write(parts, 1, 2, 0.25, 0.5, 0.75)
    finish(parts, 1, 3, 2, 0.25, 7)
    assert parts.losses[1, 2] == 0.25
    assert np.isnan(parts.losses).sum() == 5
    assert (parts.status.tolist(), parts.epochs_run.tolist()) == ([0, 2], [5, 8])
    if validated:
        assert (parts.validation_losses[1, 2], parts.penalties[1, 2]) == (0.5, 0.75)
        assert (parts.best.tolist(), parts.best_epoch.tolist()) == ([0.0, 0.25], [0, 7])


# --- in fits --------------------------------------------------------------------------------------

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

"""What the tests of ``thread`` and of ``block``, two strategies of device "cuda", ask of both."""

from types import SimpleNamespace

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.kernels import reference
from bpfast.kernels.tables import OPTIMIZERS
from bpfast.kernels.task import Network, Optimizer, Samples

# --- one step -------------------------------------------------------------------------------------

NETWORK = Network((3, 4, 2), True, ("tanh",), "half_squared_error", 0.0)
RATE, SHARE = 0.1, 0.25  # the share of the penalties in the steps of a batch that weighs 4
PENALTIES = {"none": (0.0, 0.0, np.inf), "slopes": (0.3, 0.7, np.inf), "clipping": (0.3, 0.7, 0.5)}
OF_MOMENTUM = {"momentum": 0.9, "nesterov": 1.0, "weight_decay": 0.1, "alpha": 0.9}
OF_ADAM = {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3, "decoupled": 1.0}
HYPERPARAMETERS = OF_MOMENTUM | OF_ADAM


def step_task(rule, penalties):
    """One network in the midst of its training, and its next batch, as the reference has them."""
    rng, size, numbers = np.random.default_rng(0), NETWORK.n_parameters, OPTIMIZERS[rule]
    given = np.array([[HYPERPARAMETERS[name] for name in numbers.hyperparameters]])
    return SimpleNamespace(
        network=NETWORK,
        samples=Samples(
            rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), np.array([1.0, 2.0, 1.0])
        ),
        optimizer=Optimizer(rule, np.array([[RATE]]), given, np.array([penalties])),
        state=SimpleNamespace(
            parameters=rng.normal(size=(1, size)),
            moments=rng.random((1, numbers.states, size)),
            powers=np.array([[0.5, 0.9]])[:, : 2 * numbers.powers],
        ),
        dropout=np.zeros((1, 0)),
        summed=True,
    )


def take_reference_step(task):
    """The reference's step, which changes the task's state."""
    assert reference.step(task, 0, 0, RATE, task.samples)[1]


# --- trainings ------------------------------------------------------------------------------------

RNG = np.random.default_rng(7)
X, Y = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2))
WEIGHTS = np.array([1.0, 0.0, 2.0, 0.5, 1.0, 3.0, 1.0])
VALIDATION = X[:5] + 1.0, Y[2:], WEIGHTS[:5]


def training(rates, optimizer=bp.SGD, device="cuda", targets=Y, **options):
    """A training in float64 of networks that differ in their learning rates."""
    mlp = bp.MLP((3, 4, 2), "tanh", "half_squared_error")
    population = bp.Population(mlp, len(rates), init="torch", dtype="float64")
    options = {"epochs": 4, "batch_size": 3, "sample_weight": WEIGHTS, "device": device} | options
    return bp.Training(population, X, targets, optimizer(learning_rate=np.array(rates)), **options)


def check_state_between_calls(optimizer, **options):
    """What a kernel leaves behind, and takes up again in the next call, is the reference's."""
    states = {}
    for where in ("reference", "cuda"):
        with training([0.01, 0.02, 0.03, 0.04], optimizer, where, **options) as fit:
            fit.advance(1)
            fit.drop(np.array([2]))
            fit.advance(3)
            states[where] = fit.state_dict()
    assert_array_equal(states["cuda"]["epochs_run"], [3, 3, 1, 3])
    for name in ("parameters", "moments", "powers"):
        assert_allclose(states["cuda"][name], states["reference"][name], rtol=1e-9, err_msg=name)


def check_ends():
    """One network stops at its tolerance, one diverges at once, and others do not notice."""
    trained = {}
    for where in ("reference", "cuda"):
        tol = np.array([1e9, 0.0, 0.0, 0.0])
        with training([0.1, 1e300, 0.1, 0.02], device=where, tol=tol) as fit:
            fit.advance()
            history, trained[where] = fit.history(), fit.parameters()
    assert_array_equal(history.epochs_run, [1, 0, 4, 4])
    assert_array_equal(history.stopped, [True, False, False, False])
    assert_array_equal(history.diverged, [False, True, False, False])
    assert_array_equal(np.isfinite(history.loss).sum(axis=1), [1, 0, 4, 4])
    assert_allclose(trained["cuda"], trained["reference"], rtol=1e-9)


def check_divergence_within_an_epoch():
    """A network stays as it was before a step that is not finite; no later step is taken."""
    targets, weights = Y.copy(), np.where(np.arange(7) < 3, 1.0, 0.0)
    targets[0] = 1e150  # whose loss is finite, and whose step is not; later batches weigh nothing
    options = {"targets": targets, "sample_weight": weights, "shuffle": False}
    with training([1e200], **options) as fit:
        before = fit.parameters().copy()
        fit.advance()
        history = fit.history()
        assert_array_equal(fit.parameters(), before)
    assert_array_equal(history.diverged, [True])
    assert_array_equal(history.epochs_run, [0])


def check_best_parameters():
    """Of a network that gets worse after its first epoch, those of that epoch are kept."""
    with training([5.0, 0.01], patience=2) as fit, training([5.0, 0.01]) as free:
        free.advance(1)
        first = free.parameters()[0]
        fit.advance()
        history, best = fit.history(), fit.state_dict()["best_parameters"]
    assert_array_equal(history.best_epoch, [1, 4])
    assert_array_equal(history.epochs_run, [3, 4])
    assert_array_equal(best[0], first)


def check_records(objective):
    """Losses and penalties of epochs that change nothing are means of the batches' own."""
    l1, l2 = 0.3, 0.7

    def optimizer(learning_rate):
        return bp.SGD(learning_rate=learning_rate, l1=l1, l2=l2)

    still = [1e-300, 1e-300]
    with training(
        still, optimizer, objective=objective, record=2, shuffle=False, validation=VALIDATION
    ) as fit:
        fit.advance()
        history, network, rows = fit.history(), fit.population.mlp.network, fit.parameters()
    summed = objective == "sum"
    cuts = [slice(start, start + 3) for start in range(0, 7, 3)]
    losses = [
        reference.gradients("", network, rows, Samples(X[c], Y[c], WEIGHTS[c]))[0] for c in cuts
    ]
    counts = [len(X[c]) if summed else WEIGHTS[c].sum() for c in cuts]
    expected = np.average(losses, axis=0, weights=counts)
    assert_allclose(history.loss, np.stack([expected] * 2, axis=1), rtol=1e-9)
    scores = reference.gradients("", network, rows, Samples(*VALIDATION))[0]
    assert_allclose(history.validation_loss, np.stack([scores] * 2, axis=1), rtol=1e-9)
    if summed:
        values = [reference.penalty_value(network, row, (l1, l2, np.inf)) for row in rows]
        share = sum(count / WEIGHTS[c].sum() for count, c in zip(counts, cuts, strict=True)) / 7
        assert_allclose(history.penalty, np.stack([np.multiply(values, share)] * 2, axis=1))

"""A training that is kept as arrays, and goes on elsewhere to the same bits."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors.numpy import load, save

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.sweeps.checkpoints import joined, parted

HUGE = 1e39  # a learning rate with which a network diverges
SHAPES = {  # device, layers, networks, rows, and options
    "reference": ("reference", (3, 4, 2), 4, 20, {"batch_size": 8, "dropout": 0.2}),
    "lanes": ("cpu", (3, 4, 2), 40, 20, {"batch_size": 8, "dropout": 0.2}),
    "online": ("cpu", (3, 4, 1), 40, 12, {"batch_size": 1}),
    "tiles": ("cpu", (3, 300, 2), 4, 20, {"batch_size": 8, "dropout": 0.2}),
    "large batch": ("cpu", (3, 300, 2), 1, 600, {"batch_size": 512}),
}
OPTIMIZERS = {
    "Adam": lambda rates: bp.Adam(learning_rate=rates, schedule="cosine", clip_norm=1.0, l2=0.01),
    "momentum": lambda rates: bp.SGD(learning_rate=rates, momentum=0.9),
    "SGD": lambda rates: bp.SGD(learning_rate=rates),
}


class Fit:
    """A fit of some networks that is made as often as one likes."""

    def __init__(self, shape, optimizer="Adam", **options):
        device, layers, n, rows, own = SHAPES[shape]
        rng = np.random.default_rng(0)
        self.n, self.mlp = n, bp.MLP(layers, "tanh")
        self.samples = rng.normal(size=(rows, layers[0])), rng.normal(size=(rows, layers[-1]))
        validation = tuple(part[:5] for part in self.samples)
        self.rates = np.resize([0.01, HUGE, 0.0, 0.003], n)
        self.optimizer = OPTIMIZERS[optimizer]
        self.options = {"epochs": 9, "validation": validation, "patience": 3, "device": device}
        self.options |= own | options

    def training(self, networks=slice(None)):
        population = bp.Population(self.mlp, self.n)[networks]
        optimizer = self.optimizer(self.rates[networks])
        return bp.Training(population, *self.samples, optimizer, **self.options)

    def begun(self, epochs, dropped=()):
        """A training after some epochs and without some networks."""
        training = self.training()
        training.advance(epochs)
        training.drop(np.array(dropped, int))
        return training


def check(state, expected, networks=slice(None)):
    assert state.keys() == expected.keys()
    for name, values in expected.items():
        assert_array_equal(state[name], values[networks] if len(values) else values, name)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_training_goes_on_from_a_file_to_the_same_bits(shape, optimizer):
    """Some networks have diverged, stopped or were dropped by then; others will."""
    fit = Fit(shape, optimizer)
    dropped = [0] if fit.n > 1 else []
    straight = fit.begun(2, dropped)
    straight.advance()
    paused = fit.begun(2, dropped)
    again = fit.training()
    again.load_state_dict(load(save(paused.state_dict())))
    assert again.epoch == 2
    again.advance()
    check(again.state_dict(), straight.state_dict())
    assert_array_equal(again.parameters(), straight.state_dict()["parameters"])
    if fit.n > 1:
        history = again.history()
        assert history.diverged[1]
        assert_array_equal(history.epochs_run[[0, 2]], [2, 4])
        assert_array_equal(history.stopped[[0, 2]], True)


@pytest.mark.parametrize("shape", ["reference", "lanes", "tiles"])
def test_some_networks_go_on_elsewhere(shape):
    fit = Fit(shape, "momentum")
    straight = fit.begun(4)
    straight.advance()
    networks = np.array([3, 0])
    few, others = fit.training(networks), fit.training()
    begun = fit.begun(4)
    few.load_state_dict(begun.state_dict(networks))
    few.advance()
    check(few.state_dict(), straight.state_dict(), networks)
    # and back among others, which are still to begin
    others.load_state_dict(few.state_dict(), networks)
    assert others.epoch == 0
    others.advance()
    check(others.state_dict(), straight.state_dict())


@pytest.mark.parametrize("shape", ["reference", "lanes", "online", "tiles"])
def test_networks_without_momentum_move_to_where_some_have_it_and_back(shape):
    fit = Fit(shape, "SGD")
    networks = np.array([0, 3])
    straight = fit.begun(9)
    fit.optimizer = lambda rates: bp.SGD(
        learning_rate=rates, momentum=np.where(np.isin(rates, fit.rates[networks]), 0.0, 0.9)
    )
    mixed, few = fit.training(), fit.training(networks)
    mixed.advance(3)
    few.load_state_dict(mixed.state_dict(networks))
    few.advance(6)
    mixed.load_state_dict(few.state_dict(), networks)
    mixed.advance()
    moments = {"moments": np.zeros((2, 0, fit.mlp.n_parameters), np.float32)}
    check(mixed.state_dict(networks) | moments, straight.state_dict(networks))


def test_a_training_that_was_interrupted_goes_on(monkeypatch):
    """Ctrl-C came when some networks were further than others."""
    monkeypatch.setattr("bpfast.training.calls.CALL_SECONDS", 1e-9)
    fit = Fit("lanes", patience=None)
    fit.n, fit.rates = 2 * cpu.GRAIN, np.geomspace(1e-3, 1e-1, 2 * cpu.GRAIN)
    straight = fit.begun(9)
    first, second = fit.training(), fit.training()
    with pytest.raises(ZeroDivisionError):
        first.advance(progress=lambda progress: 1 / (progress.done < cpu.GRAIN))
    reached = first.history().epochs_run
    assert reached.max() > 0
    assert (reached == 0).any()
    second.load_state_dict(first.state_dict())
    for training in (first, second):
        training.advance()
        check(training.state_dict(), straight.state_dict())


def test_files_from_before_there_were_best_parameters():
    """Without patience there are none, so what a sweep wrote goes on, beside what is new."""
    fit = Fit("lanes", patience=None)
    straight = fit.begun(9).state_dict()
    new = fit.begun(2).state_dict()
    old = {name: array for name, array in new.items() if name != "best_parameters"}
    mixed = joined([*parted(old, 1)[:3], *parted(new, 1)[3:]])
    for state in (old, mixed, new):
        training = fit.training()
        training.load_state_dict(state)
        training.advance()
        check(training.state_dict(), straight)


def test_a_state_is_plain_numbers_of_its_own():
    training = Fit("tiles").begun(1)
    state = training.state_dict()
    names = {array.dtype.name for array in state.values()}
    assert names == {"float32", "float64", "int64", "int8"}
    for array in state.values():
        array[...] = 0
    again = training.state_dict()
    assert all(array.any() for name, array in again.items() if array.size and name != "best_epoch")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: state.pop("best"), "a training's state has .*'best'.*, this one has"),
        (lambda state: state.pop("best_parameters"), "state has .*'best_parameters'.*, this one"),
        (lambda state: state.update(more=np.zeros(1)), "this one has .*'more'"),
        (
            lambda state: state.update(loss=state["loss"][:, 1:]),
            r"loss of the state is float64 \(4, 8\), this training has float64 \(4, 9\)",
        ),
        (
            lambda state: state.update(parameters=state["parameters"].astype(float)),
            "parameters of the state is float64 .*, this training has float32",
        ),
        (lambda state: state.update(moments=state["moments"][:, :1]), "moments of the state"),
        (
            lambda state: state.update(epochs_run=state["epochs_run"] + 9),
            "the state is of epoch 10, this training has 9",
        ),
    ],
)
def test_a_state_of_another_training_is_refused(change, words):
    fit = Fit("tiles")
    state, training = fit.begun(1).state_dict(), fit.training()
    before = training.state_dict()
    change(state)
    with pytest.raises(ValueError, match=words):
        training.load_state_dict(state)
    check(training.state_dict(), before)

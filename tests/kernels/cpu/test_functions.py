"""Functions that kernels call by address."""

import math

import numba
import numpy as np
import pytest
from loops import Loops

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.kernels.cpu import functions, library
from bpfast.kernels.cpu.arguments import arguments
from bpfast.kernels.cpu.whole_batch import whole_batch
from bpfast.kernels.tables import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS
from bpfast.kernels.task import Samples

DTYPES = "float32", "float64"


def addresses(dtype):
    """Those of all functions of networks of a dtype."""
    found = {
        ("multiply", ""): functions.multiply(dtype),
        ("steps", ""): functions.online_steps(dtype),
    }
    found |= {("activation", name): functions.activation(name, dtype) for name in ACTIVATIONS}
    found |= {("loss", name): functions.loss(name, dtype) for name in LOSSES}
    found |= {("step", name): functions.optimizer(name, dtype)[0] for name in OPTIMIZERS}
    return found


def test_each_function_has_one_address():
    every = [addresses(dtype) for dtype in DTYPES]
    assert [addresses(dtype) for dtype in DTYPES] == every
    distinct = {*every[0].values(), *every[1].values()}
    assert len(distinct) == len(every[0]) + len(every[1])
    assert 0 not in distinct


def test_coefficients_are_float64_for_all():
    for name in OPTIMIZERS:
        (step, prepare), (other, same) = (functions.optimizer(name, dtype) for dtype in DTYPES)
        assert step != other
        assert prepare == same


def test_losses_share_what_makes_predictions():
    for name, loss in LOSSES.items():
        address = functions.inverse_link(name, "float32")
        one = next(k for k, v in LOSSES.items() if v.inverse_link == loss.inverse_link)
        assert address == functions.inverse_link(one, "float32")
        makes = loss.inverse_link == "softmax" or INVERSE_LINKS[loss.inverse_link].value
        assert (address != 0) == bool(makes)


@pytest.mark.parametrize(
    ("activation", "loss", "optimizer"),
    [("tanh", "mse", bp.SGD()), ("gelu", "cross_entropy", bp.Adam())],
)
def test_what_a_task_wants_is_all_that_it_calls(monkeypatch, activation, loss, optimizer):
    network = bp.MLP((2, 3, 3, 2), (activation, "relu"), loss).network
    wanted = {*functions.wanted(network, optimizer.rule, "float32")}
    assert wanted <= {*functions.built_in("float32")}
    asked, address = set(), library.address

    def noted(entry, dtype):
        asked.add((entry, dtype))
        return address(entry, dtype)

    monkeypatch.setattr(library, "address", noted)
    functions._address.cache_clear()
    samples = Samples(np.ones((4, 2), "f4"), np.ones((4, 2), "f4"), np.ones(4, "f4"))
    task = whole_batch(network, np.zeros((3, network.n_parameters), "f4"), samples)
    arguments(task, np.arange(3))
    functions.optimizer(optimizer.rule, "float32")
    asked -= {(entry, dtype) for entry, dtype in asked if entry.made_with == "sgd"} - wanted
    assert asked == wanted


# --- users' own -----------------------------------------------------------------------------------


@pytest.fixture
def own():
    """A user's activation and loss, by these names."""
    bp.register_activation("own", lambda z: 3.0 * z, lambda z, a: 3.0)
    bp.register_loss("own", lambda p, t, c: math.exp(p - t), lambda p, t, c: math.exp(p - t))
    yield
    ACTIVATIONS.pop("own", None)
    LOSSES.pop("own", None)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("own")
def test_users_functions_are_compiled_here_and_not_kept(monkeypatch, dtype):
    for name in ("build", "kept", "came_compiled"):
        monkeypatch.setattr(library, name, lambda *given: pytest.fail(f"looks for {given}"))
    loops, z = Loops(dtype), np.linspace(-1, 1, 19)
    values, slopes = loops.activation("own", z)
    loops.close(values, 3.0 * z)
    assert (slopes == 3.0).all()
    losses, _ = loops.loss("own", z[None], np.zeros((1, 19)))
    loops.close(losses, np.exp(z))


@pytest.mark.usefixtures("own")
def test_users_may_give_our_own_functions_other_names(monkeypatch):
    """Processes that compile do not know the name."""
    monkeypatch.setattr(library, "_compile", lambda missing: pytest.fail(f"compiles {missing}"))
    monkeypatch.setitem(ACTIVATIONS, "own", ACTIVATIONS["relu"])
    monkeypatch.setitem(OPTIMIZERS, "own", OPTIMIZERS["sgd"])
    network = bp.MLP((2, 3, 2), "own", "mse").network
    names = {entry.name for entry, _ in functions.wanted(network, "own", "float64")}
    assert names == {"product.multiply", "loops.compute_loss.mse"}
    loops, z = Loops("float64"), np.linspace(-1, 1, 19)
    loops.close(loops.activation("own", z)[0], np.maximum(z, 0.0))
    assert 0 not in functions.optimizer("own", "float64")


@pytest.mark.usefixtures("own")
def test_users_functions_do_what_numba_can_and_share_what_they_call(monkeypatch, tmp_path):
    """That may be called from Python as well, and be kept by Numba."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    twice = numba.njit(cache=True)(lambda z: 2.0 * z)
    more = numba.vectorize(lambda z: 1.0 + z)

    def value(z):
        if z > 1e6:
            raise ValueError(str(int(z)))
        parts = np.zeros(2)
        parts[0] = more(twice(z))
        return math.gamma(3.0) * parts.sum()

    bp.register_activation("own", value, lambda z, a: 4.0)
    loops, z = Loops("float64"), np.linspace(-1, 1, 19)
    loops.close(loops.activation("own", z)[0], 2.0 + 4.0 * z)
    assert twice(3.0) == 6.0
    assert more(z).tolist() == (1.0 + z).tolist()


@pytest.mark.usefixtures("own")
def test_a_task_wants_all_others_beside_users_functions():
    network = bp.MLP((2, 3, 3, 2), ("own", "tanh"), "own").network
    names = {entry.name for entry, _ in functions.wanted(network, "sgd", "float32")}
    assert names == {
        "product.multiply",
        "loops.activate.tanh",
        "loops.step_stateless.sgd",
        "loops.prepare.sgd",
    }


@pytest.mark.usefixtures("own")
def test_another_function_by_a_name_is_another_function():
    """In a notebook, a cell is run again."""
    loops, z = Loops("float64"), np.ones(3)
    assert loops.activation("own", z)[0].tolist() == [3.0] * 3
    del ACTIVATIONS["own"]
    bp.register_activation("own", lambda z: 4.0 * z, lambda z, a: 4.0)
    assert loops.activation("own", z)[0].tolist() == [4.0] * 3


@pytest.mark.usefixtures("own")
def test_what_needs_no_user_is_built_in():
    built_in = {entry.name for entry, _ in functions.built_in("float32")}
    assert "loops.activate.own" not in built_in
    assert {name for name in ACTIVATIONS if f"loops.activate.{name}" in built_in} == {
        *ACTIVATIONS
    } - {"own"}
    assert {*functions.built_in("float32")} <= {*cpu.entries("float32")}

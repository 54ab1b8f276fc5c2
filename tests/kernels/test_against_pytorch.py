"""Numbers PyTorch 2.13.0 produced (``tests/data/make_pytorch_numbers.py``) against ours.

Every device and strategy must give the same ones. Where a strategy wants a wider network or a
larger batch, units that touch nothing are added, and every sample is taken several times: neither
changes any number.
"""

from typing import NamedTuple

import edges
import numpy as np
import pytest
from edges import NUMBERS
from loops import Loops
from numpy.testing import assert_allclose

import bpfast as bp
from bpfast.kernels import cpu
from bpfast.kernels.reference import loss_and_slope
from bpfast.kernels.tables import ACTIVATIONS


class Way(NamedTuple):
    """A device and strategy, and what leads to it."""

    device: str
    strategy: str
    rtol: float
    networks: int = 1
    dead_units: int = 0
    repeats: int = 1

    def close(self, actual, expected, atol=1e-15):
        """Every network's array is the expected one."""
        assert len(actual) == self.networks
        for one in actual:
            assert_allclose(one, expected, rtol=self.rtol, atol=atol)

    def population(self, mlp, batch_size, weights, biases=()):
        """Copies of one network; such a batch has to be a case for the strategy."""
        if self.strategy == "large batch" and cpu.thread_count() == 1:
            pytest.skip("one thread: nothing to cut a batch for")
        plan = bp.dispatch.choose(mlp, self.networks, batch_size * self.repeats, self.device)
        assert plan.strategy == self.strategy
        many_weights = [np.array([part] * self.networks) for part in weights]
        many_biases = [np.array([part] * self.networks) for part in biases]
        return bp.Population.from_arrays(mlp, many_weights, many_biases, dtype="float64")

    def repeat(self, samples):
        return None if samples is None else np.repeat(samples, self.repeats, axis=0)


WAYS = [
    Way("reference", "one by one", 1e-12),
    Way("cpu", "lanes", 1e-9, networks=19),
    Way("cpu", "tiles", 1e-9, networks=3, dead_units=700),
    Way("cpu", "large batch", 1e-9, dead_units=700, repeats=300),
]
every_way = pytest.mark.parametrize(
    "way", WAYS, ids=[f"{way.device}-{way.strategy.replace(' ', '-')}" for way in WAYS]
)


def loss_name(case):
    words = [case["loss"], *map(str, case["settings"].values())]
    return "-".join(words + ["weighted"] * (case["sample_weight"] is not None))


def run_name(run):
    options = [
        value if key == "schedule" else f"{key}={value}"
        for key, value in run["options"].items()
        if key != "learning_rate"
    ]
    batches = ["mini-batches"] * (run["batch_size"] < 11) + ["weighted"] * ("weighted" in run)
    return "-".join([run["task"], run["optimizer"], *options, *batches])


@pytest.mark.parametrize("name", NUMBERS["activations"])
def test_activation(name):
    expected = NUMBERS["activations"][name]
    value, slope, *_ = ACTIVATIONS[name]
    values = [value(z) for z in NUMBERS["grid"]]
    slopes = [slope(z, a) for z, a in zip(NUMBERS["grid"], values, strict=True)]
    # where 1 cancels (the tails of tanh's slope, of gelu) an absolute error of its last bit is left
    assert_allclose(values, expected["value"], rtol=1e-14, atol=1e-15)
    assert_allclose(slopes, expected["slope"], rtol=1e-14, atol=1e-15)


@every_way
@pytest.mark.parametrize("name", NUMBERS["activations"])
def test_activation_in_a_network(way, name):
    """Hidden units see the grid: values and slopes are gradients where dE/dp is 1."""
    expected = NUMBERS["activations"][name]
    grid, dead = NUMBERS["grid"], (0, way.dead_units)
    mlp = bp.MLP((1, len(grid) + way.dead_units, 1), activation=name, loss="mae", bias=False)
    first, second = [grid], [[1.0]] * len(grid)
    weights = [np.pad(first, ((0, 0), dead)), np.pad(second, (dead, (0, 0)))]
    pop = way.population(mlp, 1, weights)
    x, y = way.repeat([[1.0]]), way.repeat([[-1e6]])
    _, (slopes, values), _ = bp.gradients(pop, x, y, device=way.device)
    way.close(slopes[:, 0, : len(grid)], expected["slope"])
    way.close(values[:, : len(grid), 0], expected["value"])


@every_way
@pytest.mark.parametrize("case", NUMBERS["losses"], ids=loss_name)
def test_loss(way, case):
    """No hidden layer and the unit matrix as input: weights are predictions."""
    samples, outputs = np.shape(case["predictions"])
    inputs = samples + way.dead_units
    mlp = bp.MLP((inputs, outputs), loss=case["loss"], bias=False, **case["settings"])
    pop = way.population(mlp, samples, [np.pad(case["predictions"], ((0, way.dead_units), (0, 0)))])
    loss, (gradient,), _ = bp.gradients(
        pop,
        way.repeat(np.eye(samples, inputs)),
        way.repeat(case["targets"]),
        sample_weight=way.repeat(case["sample_weight"]),
        device=way.device,
    )
    way.close(loss, case["value"])
    way.close(gradient[:, :samples], case["gradient"])


@pytest.mark.parametrize("case", edges.CASES, ids=edges.name)
def test_edges(case):
    """Infinities, NaN, huge and tiny numbers: what is finite there is finite here."""
    loops = Loops(case["dtype"])
    if case["kind"] == "activation":
        edges.agree(case, *loops.activation(case["name"], edges.EDGES))
    else:
        targets = np.full((1, edges.EDGES.size), case["target"])
        losses, slopes = loops.loss(case["name"], edges.EDGES[None], targets, edges.parameter(case))
        edges.agree(case, losses, slopes[0])
    if case["dtype"] == "float64":  # the reference has them as they are
        edges.agree(case, *edges.one_by_one(case))


@pytest.mark.parametrize("case", NUMBERS["logits"], ids=lambda case: str(case["logits"]))
def test_logits(case):
    (loss,), slopes = Loops(case["dtype"]).loss(
        "cross_entropy", np.array(case["logits"])[:, None], [[1.0], [0.0]]
    )
    edges.agree_on_logits(case, loss, slopes[:, 0])
    if case["dtype"] == "float64":
        network = bp.MLP((1, 2), loss="cross_entropy").network
        with np.errstate(invalid="ignore"):
            loss, slopes = loss_and_slope(
                network, np.array([case["logits"]]), np.zeros((1, 1)), np.ones(1)
            )
        edges.agree_on_logits(case, loss, slopes[0])


@every_way
@pytest.mark.parametrize("run", NUMBERS["runs"], ids=run_name)
def test_training(way, run):
    task = NUMBERS["tasks"][run["task"]]
    inputs, hidden, outputs = task["layers"]
    dead = (0, way.dead_units)
    mlp = bp.MLP(
        (inputs, hidden + way.dead_units, outputs), activation=task["activation"], loss=task["loss"]
    )
    (w1, w2), (b1, b2) = task["weights"], task["biases"]
    pop = way.population(
        mlp,
        run["batch_size"],
        [np.pad(w1, ((0, 0), dead)), np.pad(w2, (dead, (0, 0)))],
        [np.pad(b1, dead), b2],
    )
    hist = bp.fit(
        pop,
        way.repeat(task["inputs"]),
        way.repeat(task["targets"]),
        optimizer=getattr(bp, run["optimizer"])(**run["options"]),
        epochs=run["epochs"],
        batch_size=run["batch_size"] * way.repeats,
        sample_weight=way.repeat(task["sample_weight"]) if "weighted" in run else None,
        shuffle=False,
        device=way.device,
        progress=False,
    )
    # RMSprop divides by small numbers: a last bit at the start grows a thousandfold in 20 steps
    way.close(hist.loss, run["loss"], atol=way.rtol)
    way.close(pop.weights[0][:, :, :hidden], run["weights"][0], atol=way.rtol)
    way.close(pop.weights[1][:, :hidden], run["weights"][1], atol=way.rtol)
    way.close(pop.biases[0][:, :hidden], run["biases"][0], atol=way.rtol)
    way.close(pop.biases[1], run["biases"][1], atol=way.rtol)

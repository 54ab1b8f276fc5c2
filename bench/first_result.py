"""``python -m bpfast.bench first_result``: how long a new Python takes until its first result.

Each time is a whole process's: imports from the start of Python to its end, trainings from the
start to the last loss. Everybody has the same samples, and bpfast and JAX the same weights, batches
and steps, to the same losses. All take turns, since other work on a machine comes and goes.

What bpfast once compiled here it does not compile again, unless with ``--cold``. JAX compiles in
every process, as it does where nobody sets up a cache.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write_json
from .environment import hardware, versions
from .measure import UnavailableError, difference, now

TURNS = 7
# JAX looks for no GPU, since nobody trains on one here.
ENVIRONMENT = {"JAX_PLATFORMS": "cpu"}

COMMAND = "from bpfast.command import main; main()"
IMPORTS = {
    "python": ["pass"],
    "import numpy": ["import numpy"],
    "import bpfast": ["import bpfast"],
    "import jax": ["import jax"],
    "import bpfast.sklearn": ["import bpfast.sklearn"],
    "import sklearn.neural_network": ["import sklearn.neural_network"],
    "bpfast --version": [COMMAND, "--version"],
    "bpfast --help": [COMMAND, "--help"],
    "bpfast sweep --help": [COMMAND, "sweep", "--help"],
}


@dataclass(frozen=True)
class Training:
    """What is trained: each process has it as JSON."""

    networks: int
    layers: tuple[int, ...]
    rows: int
    activation: str
    loss: str
    runners: tuple[str, ...]
    batch_size: int = 16
    epochs: int = 10

    def __str__(self) -> str:
        shape = "-".join(map(str, self.layers))
        return (
            f"{self.networks} x {shape} {self.activation} on {self.rows} rows, batch "
            f"{self.batch_size}, {self.epochs} epochs of Adam"
        )


SAMPLES = """
import json, sys
from itertools import pairwise
from types import SimpleNamespace
import numpy as np

job = SimpleNamespace(**json.loads(sys.argv[1]))
rng = np.random.default_rng(0)
X = rng.normal(size=(job.rows, job.layers[0])).astype(np.float32)
if job.loss == "mse":
    y = np.tanh(X[:, :1])
else:
    y = np.argmax(X[:, : job.layers[-1]], axis=1)
weights = [
    rng.normal(0, a**-0.5, (job.networks, a, b)).astype(np.float32)
    for a, b in pairwise(job.layers)
]
biases = [np.zeros((job.networks, b), np.float32) for b in job.layers[1:]]
rates = np.geomspace(1e-3, 1e-2, job.networks).astype(np.float32)

def tell(losses):
    print(json.dumps([float(loss) for loss in losses]), flush=True)
"""

FIT = """
import bpfast as bp

population = bp.Population(bp.MLP(job.layers, job.activation, job.loss), job.networks)
for own, drawn in zip((*population.weights, *population.biases), (*weights, *biases)):
    own[:] = drawn
history = bp.fit(
    population, X, y, bp.Adam(learning_rate=rates), job.epochs, job.batch_size,
    shuffle=False, device="cpu", progress=False,
)
tell(history.loss[:, -1])
"""

JAX = """
import jax
import jax.numpy as jnp

tree = jax.tree.map
activation = {"tanh": jnp.tanh, "relu": jax.nn.relu}[job.activation]
batches = (
    X.reshape(-1, job.batch_size, X.shape[1]),
    y.reshape(-1, job.batch_size, *y.shape[1:]),
)

def loss(parameters, x, target):
    for k, (w, b) in enumerate(parameters):
        x = (activation(x) if k else x) @ w + b
    if job.loss == "mse":
        return jnp.mean((x - target) ** 2)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x), target[:, None], axis=1))

def train(parameters, rate):
    def step(state, batch):
        parameters, m, v, t = state
        value, gradient = jax.value_and_grad(loss)(parameters, *batch)
        m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
        v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
        size, scale = rate / (1 - 0.9**t), 1 / (1 - 0.999**t)
        parameters = tree(
            lambda p, m, v: p - size * m / (jnp.sqrt(v * scale) + 1e-8), parameters, m, v
        )
        return (parameters, m, v, t + 1), value

    def epoch(state, _):
        return jax.lax.scan(step, state, batches)

    zeros = tree(jnp.zeros_like, parameters)
    _, losses = jax.lax.scan(epoch, (parameters, zeros, zeros, 1.0), length=job.epochs)
    return losses[-1].mean()

tell(np.asarray(jax.jit(jax.vmap(train))(list(zip(weights, biases)), rates)))
"""

ESTIMATOR = """
import warnings
from {} import MLPClassifier

warnings.simplefilter("ignore")  # epochs are few on purpose
mlp = MLPClassifier(
    job.layers[1:-1], batch_size=job.batch_size, max_iter=job.epochs, random_state=0
)
tell([mlp.fit(X, y).loss_])
"""

RUNNERS = {
    "bpfast": FIT,
    "JAX": JAX,
    "bpfast's MLPClassifier": ESTIMATOR.format("bpfast.sklearn"),
    "scikit-learn's MLPClassifier": ESTIMATOR.format("sklearn.neural_network"),
}
# Whose losses are compared: estimators draw weights of their own, and both the same.
SAME = (("bpfast", "JAX"), ("bpfast's MLPClassifier", "scikit-learn's MLPClassifier"))
TOLERANCE = 1e-2
TRAININGS = (
    Training(64, (4, 8, 1), 64, "tanh", "mse", ("bpfast", "JAX")),
    Training(1, (64, 64, 10), 512, "relu", "cross_entropy", tuple(RUNNERS), batch_size=64),
)


def seconds_of(arguments: list[str], environment: Mapping[str, str]) -> float:
    """How long a process of Python takes from its start to its end.

    Raises
    ------
    UnavailableError
        It failed: its last words.
    """
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
        text=True,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise UnavailableError(done.stderr.strip().rpartition("\n")[2])
    return seconds


def first_result(
    runner: str, training: Training, environment: Mapping[str, str]
) -> tuple[float, list[float]]:
    """How long a process of Python takes from its start to each network's last loss; and these.

    Raises
    ------
    UnavailableError
        It failed: its last words.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", SAMPLES + RUNNERS[runner], json.dumps(asdict(training))],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
        _, words = process.communicate()
    if process.returncode:
        raise UnavailableError(words.strip().rpartition("\n")[2])
    return seconds, json.loads(line)


@contextmanager
def _environment(cold: bool) -> Iterator[dict[str, str]]:
    """What is set for a process: when cold, a folder for what it compiles that has nothing yet."""
    if not cold:
        yield ENVIRONMENT
        return
    with tempfile.TemporaryDirectory() as folder:
        yield {**ENVIRONMENT, "NUMBA_CACHE_DIR": folder}


def measure(
    trainings: tuple[Training, ...], turns: int, cold: bool, say: Callable[[str], None]
) -> dict[str, Any]:
    """Time all imports and trainings in turn.

    Returns
    -------
    dict
        The imports' and trainings' parts of the report, and what was skipped, and why.
    """
    times: dict[tuple[Training | None, str], list[float]] = {(None, name): [] for name in IMPORTS}
    times |= {(training, runner): [] for training in trainings for runner in training.runners}
    losses: dict[tuple[Training | None, str], list[float]] = {}
    skipped: dict[str, str] = {}
    for turn in range(turns):
        say(f"turn {turn + 1} of {turns}")
        for key in [*times]:
            training, name = key
            try:
                with _environment(cold) as environment:
                    if training is None:
                        seconds = seconds_of(IMPORTS[name], environment)
                    else:
                        seconds, losses[key] = first_result(name, training, environment)
            except UnavailableError as error:
                skipped[name if training is None else f"{training}: {name}"] = str(error)
                del times[key]
            else:
                times[key].append(seconds)
    return {
        "imports": {
            name: _summary(seconds)
            for (training, name), seconds in times.items()
            if training is None
        },
        "trainings": [_result(training, times, losses) for training in trainings],
        "skipped": skipped,
    }


def _summary(seconds: list[float]) -> dict[str, Any]:
    return {"seconds": seconds, "median_seconds": statistics.median(seconds)}


def _result(training: Training, times: Mapping, losses: Mapping) -> dict[str, Any]:
    """What is kept of a training: each runner's times, beside JAX's, and whether losses agree."""
    there = [runner for runner in training.runners if (training, runner) in times]
    runners = {runner: _summary(times[training, runner]) for runner in there}
    if jax := runners.get("JAX"):
        for one in (one for one in runners.values() if one is not jax):
            one["times_jax"] = one["median_seconds"] / jax["median_seconds"]
    apart = {
        " and ".join(pair): difference(*(np.array(losses[training, runner]) for runner in pair))
        for pair in SAME
        if {*pair} <= {*there}
    }
    return {"description": str(training), "runners": runners, "loss_difference": apart}


def lines(report: dict[str, Any]) -> Iterator[str]:
    """A report in words."""
    for name, one in report["imports"].items():
        yield f"{one['median_seconds']:8.3f} s  {name}"
    for training in report["trainings"]:
        yield training["description"]
        for name, one in training["runners"].items():
            beside = f", {one['times_jax']:.2f} x JAX's" if "times_jax" in one else ""
            yield f"{one['median_seconds']:8.3f} s  {name}{beside}"
        for names, apart in training["loss_difference"].items():
            if apart > TOLERANCE:
                yield f"the losses of {names} are {apart:.1%} apart"
    for name, why in report["skipped"].items():
        yield f"{name} is skipped: {why}"


def main() -> None:
    """Measure, print and keep it."""
    parser = argparse.ArgumentParser(
        prog="python -m bpfast.bench first_result", description=__doc__
    )
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--cold", action="store_true", help="keep nothing that is compiled")
    parser.add_argument("--output", type=Path, help="a JSON file")
    given = parser.parse_args()
    report: dict[str, Any] = {
        "date": now(),
        "machine": hardware(),
        "versions": versions(),
        "cold": given.cold,
    }
    report |= measure(TRAININGS, given.turns, given.cold, print)
    print(*lines(report), sep="\n")
    if given.output:
        write_json(given.output, report)


if __name__ == "__main__":
    main()

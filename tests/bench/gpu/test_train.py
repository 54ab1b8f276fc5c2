"""What runners' processes tell, and when."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from bpfast.bench.gpu import tell, train, workloads
from bpfast.bench.measure import Run as Training
from bpfast.bench.measure import Runner, UnavailableError


def told(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def run_train(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["train", *arguments])
    train.main()


def training(workload, kernel="block"):
    """A run that takes no time, and is right."""
    return Training(lambda: np.zeros(workload.networks), kernel=kernel)


def test_another_strategy_than_expected_fails_after_the_figures(monkeypatch, capsys):
    runner = Runner("bpfast", "cuda", partial(training, kernel="thread"))
    monkeypatch.setitem(train.RUNNERS, "bpfast, cuda", runner)
    monkeypatch.setattr(tell.device, "problem", lambda: "")
    with pytest.raises(SystemExit, match="it ran as thread, where block was expected"):
        run_train(monkeypatch, "R2", "bpfast, cuda")
    kernel, *ways = told(capsys)
    assert kernel == {"kernel": "thread"}
    assert [way["check"] for way in ways] == ["resident", "from host"]


def test_a_way_that_fails_leaves_the_other(monkeypatch, capsys):
    def fail():
        raise RuntimeError("out of memory")

    runner = Runner("x", "y", lambda workload: replace(training(workload), train=fail))
    with_host = Runner("x", "y", lambda w: replace(runner.build(w), from_host=training(w).train))
    monkeypatch.setitem(train.RUNNERS, "x, y", with_host)
    with pytest.raises(SystemExit, match="resident: RuntimeError: out of memory"):
        run_train(monkeypatch, "R2", "x, y")
    assert "found" in told(capsys)[-1]


def test_a_peer_that_is_not_there_is_missing(monkeypatch, capsys):
    def build(workload):
        raise UnavailableError("jax is not installed")

    monkeypatch.setitem(train.RUNNERS, "JAX, jit", Runner("JAX", "jit", build))
    with pytest.raises(SystemExit) as stop:
        run_train(monkeypatch, "R1", "JAX, jit")
    assert stop.value.code == 77
    assert capsys.readouterr().err == "jax is not installed\n"


def test_no_gpu_is_a_failure(monkeypatch):
    """Nothing on a machine that is to have one may pass for want of it."""
    monkeypatch.setattr(tell.device, "problem", lambda: "the driver finds no GPU")
    with pytest.raises(SystemExit, match="the driver finds no GPU"):
        run_train(monkeypatch, "R1", "bpfast, cuda")


TANH = replace(workloads.BY_NAME["R2"], name="tanh", activation="tanh", loss="mse", optimizer="sgd")


@pytest.mark.parametrize(
    ("workload", "chosen"),
    [(workloads.BY_NAME["R1"], [0, 2, 4]), (workloads.BY_NAME["R2"], [0, 1]), (TANH, [0, 1])],
    ids=lambda value: getattr(value, "name", ""),
)
def test_expected_losses_are_the_references(workload, chosen, monkeypatch, capsys):
    """Of the whole population: networks are picked with their learning rates."""
    monkeypatch.setitem(train.BY_NAME, workload.name, workload)
    run_train(monkeypatch, workload.name, "expected")
    ((name, losses),) = told(capsys)[0].items()
    whole = workload.fit(workload.population(), *workload.data(), "reference").loss[:, -1]
    assert name == "losses"
    np.testing.assert_allclose(losses, whole[chosen], rtol=1e-13)


@pytest.mark.parametrize(
    "part",
    [
        ("train", "R1", "bpfast, cpu"),
        ("train", "R1", "JAX, stand-in"),
    ],
    ids=lambda part: part[-1],
)
def test_whoever_waits_trains_first_and_ends_with_those_it_waits_for(part):
    name, *arguments = part
    command = [sys.executable, "-m", f"bpfast.bench.gpu.{name}", *arguments, "--wait"]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"kernel": {"bpfast, cpu": "lanes"}.get(arguments[-1], "")},
        {"ready": True},
    ]
    assert done.returncode == 1
    assert done.stderr == "nobody lets it go on\n"


def test_a_turn_is_timed_after_all_was_compiled(monkeypatch, capsys):
    trained = []

    def build(workload):
        return Training(lambda: trained.append(len(told(capsys))) or np.zeros(workload.networks))

    monkeypatch.setitem(train.RUNNERS, "x, y", Runner("x", "y", build))
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    run_train(monkeypatch, "R1", "x, y", "--wait")
    # told before each training: the kernel, nothing, that it is ready, and later the first way
    assert trained[:3] == [1, 0, 1]

"""What the stages of ``bench/gpu.sh`` are, what their processes tell, and what is made of it."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from bpfast.bench import readme_table
from bpfast.bench.gpu import (
    plan,
    profile,
    report,
    stand_ins,
    tell,
    tests,
    toolchain,
    train,
    workloads,
)
from bpfast.bench.gpu.stages import FAILED, OK, Outcome
from bpfast.bench.measure import Run as Training
from bpfast.bench.measure import Runner, UnavailableError

STAGES = ("toolchain", "strategies", "tests", "benchmark", "profile", "sanitizer")
LEAST_FOR_THE_BENCHMARK = 270.0  # seconds, even where the stages before it need all of theirs

# --- the plan -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rehearse", [False, True])
def test_stages_fit_into_the_time(rehearse):
    stages = plan.stages(rehearse)
    assert tuple(one.name for one in stages) == STAGES
    assert plan.SECONDS < 480
    assert sum(one.seconds for one in stages[:3]) + LEAST_FOR_THE_BENCHMARK < plan.SECONDS
    for one in stages:
        steps = [step.name for steps in one.rounds for step in steps]
        assert len(set(steps)) == len(steps)


def test_bpfast_is_timed_first_and_the_cpu_last():
    *_, benchmark, _, _ = plan.stages(False)
    *timed, last = [step.name for steps in benchmark.rounds[1:] for step in steps]
    assert last == report.CROSSINGS
    names = [name.partition(", ")[2] for name in timed]
    assert list(dict.fromkeys(names)) == [
        "bpfast, cuda",
        "JAX, jit(vmap(scan))",
        "PyTorch, baddbmm, compiled, CUDA graphs",
        "bpfast, cpu",
    ]
    assert len(timed) == 4 * len(workloads.WORKLOADS)


@pytest.mark.parametrize("workload", workloads.BY_NAME.values(), ids=str)
def test_workloads_have_full_batches_and_train_long_enough(workload):
    assert workload.steps * workload.batch_size == workload.samples
    assert workload.epochs >= 10 or workload in workloads.REHEARSAL


# --- what processes tell --------------------------------------------------------------------------


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


def test_expected_losses_are_those_of_the_whole_population(monkeypatch, capsys):
    """Networks are picked with their learning rates."""
    workload = workloads.BY_NAME["R1"]
    run_train(monkeypatch, "R1", "expected")
    ((name, losses),) = told(capsys)[0].items()
    whole = workload.fit(workload.population(), *workload.data(), "reference").loss[:, -1]
    assert name == "losses"
    np.testing.assert_array_equal(losses, whole[[0, 2, 4]])


def test_stand_ins_refuse_what_the_real_ones_refuse(monkeypatch):
    class Doubles(type(workloads.BY_NAME["R2"])):
        def data(self):
            X, y = super().data()
            return X.astype(float), y

    (build,) = {runner.build for runner in stand_ins.PEERS}
    with pytest.raises(TypeError, match="float64 would become another dtype"):
        build(Doubles(**vars(workloads.BY_NAME["R2"])))


@pytest.mark.parametrize(
    "arguments",
    [
        ["ncu", "--metrics", "sm__nonsense.avg"],
        ["ncu", "--clock-control", "off"],
        ["compute-sanitizer", "--tool", "valgrind", "true"],
        ["compute-sanitizer", "--tool", "memcheck", "--error-exitcode", "999", "true"],
    ],
)
def test_tools_refuse_what_the_real_ones_refuse(arguments, monkeypatch, tmp_path):
    if arguments[0] == "ncu":
        option, value = arguments[1:]
        given = profile.options(tmp_path / "log")
        given[given.index(option) + 1] = value
        arguments = ["ncu", *given, "true"]
    monkeypatch.setattr(sys, "argv", ["stand_ins", *arguments])
    with pytest.raises(SystemExit) as stop:
        stand_ins.main()
    assert stop.value.code == 2


NCU = """==PROF== Connected to process 11 (/usr/bin/python3)
==PROF== Disconnected from process 11
"ID","Process ID","Kernel Name","Context","Block Size","Grid Size","Metric Name","Metric Unit","Metric Value"
"0","11","train","1","(128, 1, 1)","(7, 1, 1)","gpu__time_duration.sum","ns","12,345"
"0","11","train","1","(128, 1, 1)","(7, 1, 1)","launch__registers_per_thread","register/thread","80"
"1","11","train","1","(128, 1, 1)","(8, 1, 1)","gpu__time_duration.sum","ns","54,321"
"""  # noqa: E501


def test_launches_are_read_from_what_ncu_writes():
    first, second = profile.launches(NCU)
    assert first == {
        "kernel": "train",
        "grid": "(7, 1, 1)",
        "block": "(128, 1, 1)",
        "time": "12,345 ns",
        "registers a thread": "80 register/thread",
    }
    assert second["time"] == "54,321 ns"


def test_failing_tests_are_told_with_their_messages():
    passed = {"test": "a", "outcome": "passed", "seconds": 1.0}
    failed = {"test": "b", "outcome": "failed", "seconds": 2.0, "message": "assert 1 == 2"}
    outcome = Outcome("all", FAILED, 3.0, "1 failed, 1 passed", [passed, failed])
    (summed,) = tests.sum_up({"all": outcome}, {})["steps"]
    assert summed["outcomes"] == {"passed": 1, "failed": 1}
    assert summed["failed"] == ["b"]
    assert summed["failures"] == [failed]
    assert summed["slowest"] == [failed, passed]


FAILING = """
import warnings

def test_of_others():
    warnings.warn_explicit("a library's", UserWarning, "library.py", 1, "library")

def test_of_ours():
    warnings.warn_explicit("bpfast's", UserWarning, "bpfast.py", 1, "bpfast.training.loop")
"""


def test_only_our_own_warnings_fail(tmp_path):
    (tmp_path / "test_warnings.py").write_text(FAILING)
    options = ["-p", "no:cacheprovider", "-q", "-o", f"filterwarnings={tests.WARNINGS}"]
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "1 failed, 1 passed" in done.stdout
    assert "UserWarning: bpfast's" in done.stdout


def test_a_compiler_that_is_newer_than_the_linker_is_refused(monkeypatch):
    pathfinder = pytest.importorskip("cuda.pathfinder")
    nvjitlink = pytest.importorskip("cuda.bindings.nvjitlink")
    found = type("Found", (), {"abs_path": "/cuda/lib/libnvvm.so"})
    monkeypatch.setattr(pathfinder, "load_nvidia_dynamic_lib", lambda name: found)
    monkeypatch.setattr(nvjitlink, "version", lambda: (13, 0))
    monkeypatch.setattr(toolchain, "nvcc", lambda: {"release": "13.0"})
    assert toolchain.nvvm_and_linker()["nvJitLink"].startswith("13.0, ")
    monkeypatch.setattr(toolchain, "nvcc", lambda: {"release": "13.1"})
    with pytest.raises(RuntimeError, match="NVVM is newer than nvJitLink"):
        toolchain.nvvm_and_linker()


# --- the report -----------------------------------------------------------------------------------

WORKLOAD = workloads.WORKLOADS[2]
PEER = "PyTorch, baddbmm, compiled, CUDA graphs"


def outcomes(**losses):
    """What processes told of bpfast and a peer, whose losses are given."""
    truth = [1.0, 2.0, 3.0]

    def of(step, *records, status=OK):
        return Outcome(f"{WORKLOAD.name}, {step}", status, records=list(records))

    def way(name, seconds, told=truth):
        found = {"first": 1.0, "seconds": [seconds, seconds], "losses": told}
        return {"check": name, "found": found}

    told = (
        of("expected losses", {"losses": truth}),
        of("bpfast, cuda", {"kernel": "block"}, way("resident", 0.01), way("from host", 0.02)),
        of(
            *(PEER, {"kernel": ""}, way("resident", 0.03, losses.get("peer", truth))),
            {"check": "from host", "failed": "out of memory"},
            status=FAILED,
        ),
    )
    return {outcome.step: outcome for outcome in told}


def checks(**found):
    records = [{"check": name, "found": value} for name, value in found.items()]
    return {"toolchain": {"limits": Outcome("limits", OK, records=records)}}


FOUND = checks(
    gpu="NVIDIA H100, 580.1",
    installed={"jax": "0.11.2", "torch": "2.11.0", "cupy-cuda12x": None},
    matrix=5e13,
    memory=2e12,
)


def summed(told, found=FOUND):
    crossing = Outcome(report.CROSSINGS, OK, records=[{"words": "the GPU pays from 9 on"}])
    told = {**told, crossing.step: crossing}
    return report.of((WORKLOAD,), ("bpfast, cuda", PEER), False)(told, found)


def test_peers_are_held_against_bpfast_in_both_ways():
    measured = summed(outcomes())
    ((ours, peer),) = [job["results"] for job in measured["jobs"]]
    assert measured["gpu"] == "NVIDIA H100"
    assert measured["limits"] == {"matrix": 5e13, "memory": 2e12}
    assert measured["problems"] == []
    assert (ours["kernel"], ours["resident"]["bpfast_ratio"]) == ("block", 1.0)
    assert peer["resident"]["bpfast_ratio"] == pytest.approx(3.0)
    assert peer["status"] == FAILED
    assert "from host" not in peer


@pytest.mark.parametrize("losses", [[1.0, 2.0, 3.5], ["NaN", 2.0, 3.0]])
def test_losses_that_differ_are_a_problem(losses):
    measured = summed(outcomes(peer=losses))
    (problem,) = measured["problems"]
    assert problem.startswith("G3: PyTorch, resident: losses differ by ")
    json.dumps(measured, allow_nan=False)


def test_figures_are_kept_where_nothing_else_is_known():
    told = outcomes()
    del told["G3, expected losses"]
    measured = summed(told, {})
    assert measured["limits"] == {}
    assert measured["jobs"][0]["results"][0]["resident"]["loss_difference"] is None


def test_readme_gets_the_table_of_a_gpu(tmp_path, monkeypatch):
    path, readme = tmp_path / "gpu.json", tmp_path / "README.md"
    path.write_text(json.dumps(summed(outcomes())))
    cpu = "<!-- measured: command -->\nkept\n<!-- end -->\n"
    readme.write_text(cpu + "<!-- measured on a GPU: command -->\nold\n<!-- end -->\n")
    monkeypatch.setattr(readme_table, "README", readme)
    monkeypatch.setattr(sys, "argv", ["readme_table", str(path)])
    readme_table.main()
    text = readme.read_text()
    assert text.startswith(cpu)
    assert "old" not in text
    row = "| 4096 x 64-64-10 relu, batch 64, 10 epochs of 28 steps |"
    assert f"{row} bpfast, cuda: block | 20 ms | 1.00 x | 10 ms | 1.00 x |" in text
    assert f"{row} {PEER} |  |  | 30 ms | 3.00 x |" in text
    assert "cuBLAS's float32 product (50.0 TFLOP/s)" in text
    assert "Beside JAX 0.11.2, PyTorch 2.11.0. the GPU pays from 9 on. From `" in text

"""Which stages ``bench/gpu.sh`` has, and who has which turn."""

from collections import Counter

import pytest

from bpfast.bench.gpu import plan, report, workloads

STAGES = ("toolchain", "strategies", "tests", "benchmark", "profile", "sanitizer")
LEAST_FOR_THE_BENCHMARK = 220.0  # seconds, even where the stages before it need all of theirs


@pytest.mark.parametrize("rehearse", [False, True])
def test_stages_fit_into_the_time(rehearse):
    stages = plan.stages(rehearse)
    assert tuple(one.name for one in stages) == STAGES
    assert plan.SECONDS < 480
    assert sum(one.seconds for one in stages[:3]) + LEAST_FOR_THE_BENCHMARK < plan.SECONDS
    for one in stages:
        steps = [step.name for steps in one.rounds for step in steps]
        assert len(set(steps)) == len(steps)


PYTORCH = "PyTorch, baddbmm, compiled, CUDA graphs"


def turns(benchmark):
    """Those who are timed, in their order, and for how many workloads."""
    names = [step.name.partition(", ")[2] for steps in benchmark.rounds[1:] for step in steps]
    return list(Counter(names).items())


def test_bpfast_is_timed_first_and_what_takes_longest_last():
    every = len(workloads.WORKLOADS)
    *_, benchmark, _, _ = plan.stages(False)
    wanted = [
        ("bpfast, cuda", every),
        ("JAX, jit(vmap(scan))", every),
        (report.CROSSINGS, 2),
        ("bpfast, cpu", every),
    ]
    assert turns(benchmark) == [*wanted, (PYTORCH, every)]
    assert turns(plan.benchmark(False, 60.0, without=("PyTorch",))) == wanted


def test_whoever_is_timed_was_prepared_before():
    *_, benchmark, _, _ = plan.stages(False)
    compiling, *timed = benchmark.rounds
    assert all(len(steps) == 1 for steps in timed)
    prepared = {step.name for step in compiling if step.prepares}
    assert {step.resumes for (step,) in timed} == prepared
    assert {report.expected(w.name) for w in workloads.WORKLOADS} == {
        step.name for step in compiling if not step.prepares
    }


@pytest.mark.parametrize("workload", workloads.BY_NAME.values(), ids=str)
def test_workloads_have_full_batches_and_train_long_enough(workload):
    assert workload.steps * workload.batch_size == workload.samples
    assert workload.epochs >= 10 or workload in workloads.REHEARSAL

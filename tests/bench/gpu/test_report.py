"""What is made of what the benchmark's processes tell."""

import json
import sys

import pytest

from bpfast.bench import readme_table
from bpfast.bench.gpu import report, workloads
from bpfast.bench.gpu.processes import FAILED, OK, Outcome

PYTORCH = "PyTorch, baddbmm, compiled, CUDA graphs"

WORKLOAD = workloads.WORKLOADS[2]


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
            *(PYTORCH, {"kernel": ""}, way("resident", 0.03, losses.get("peer", truth))),
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
    words = {"words": "the GPU pays from 9 on"}
    crossing = Outcome(report.crossing("W2"), OK, records=[{"ready": True}, words])
    told = {**told, crossing.step: crossing}
    return report.of((WORKLOAD,), ("bpfast, cuda", PYTORCH), False)(told, found)


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
    assert f"{row} {PYTORCH} |  |  | 30 ms | 3.00 x |" in text
    assert "cuBLAS's float32 product (50.0 TFLOP/s)" in text
    assert "Beside JAX 0.11.2, PyTorch 2.11.0. the GPU pays from 9 on. From `" in text

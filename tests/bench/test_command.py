"""The benchmark: what it counts, refuses, prints and writes. No timing is held to anything."""

import io
import json
import runpy
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import bpfast as bp
from bpfast.bench import command, crossing, peak, peers, plot, readme_table, workloads
from bpfast.bench.measure import Run, Runner, UnavailableError, difference, measure
from bpfast.bench.measure import bpfast as bpfast_on
from bpfast.bench.once import in_own_process, once, peak_memory
from bpfast.command import main

NAMES = [job.name for job in workloads.JOBS]
PNG = b"\x89PNG\r\n\x1a\n"
SMALL = {"networks": 5, "samples": 256, "epochs": 2}
TINY = workloads.Job("W3", (replace(workloads.W3, **SMALL),))
FEW = workloads.Job("W3x1", (replace(workloads.W3, name="W3x1", **SMALL | {"networks": 1}),), "W3")
MANY = workloads.Job(
    "mixed",
    tuple(replace(workload, **SMALL, digits=False) for workload in workloads.MIXED[::5][:2]),
)
LIMITS = peak.Limits(matrix=4e11, fma=5e11, memory=5e10, l2=4e11)
WRONG = Runner("PyTorch", "wrong", lambda workload: Run(lambda: np.ones(workload.networks)))


def missing(workload):
    raise UnavailableError("jax is not installed")


@pytest.fixture
def bench(monkeypatch, capfd, tmp_path):
    """Runs ``bpfast bench`` on tiny jobs in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "JOBS", (TINY, FEW, MANY))
    monkeypatch.setattr(command, "limits", lambda: LIMITS)
    monkeypatch.setattr(command, "in_own_process", lambda job, runner: once(job, runner, 0.0))
    monkeypatch.setattr(command, "PEERS", (Runner("JAX", "jit", missing), peers.PEERS[-1]))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["bpfast", "bench", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code or 0, *capfd.readouterr()

    return run


@pytest.fixture
def report(bench, tmp_path):
    """What a run over all tiny jobs writes."""
    code, _, err = bench("--turns", 1, "--peers", "--output", tmp_path / "report.json")
    assert code == 0, err
    return json.loads((tmp_path / "report.json").read_text())


# --- what is counted ------------------------------------------------------------------------------


@pytest.mark.parametrize("workload", [*workloads.WORKLOADS, *workloads.MIXED], ids=str)
def test_operations_are_those_of_the_products(workload):
    """Two for each number of each product that a step needs."""
    count, layers = 0, workload.layers
    for k, (inputs, outputs) in enumerate(pairwise(layers)):
        forward, weight_gradient = (1, inputs, outputs), (inputs, 1, outputs)
        products = [forward, weight_gradient]
        if k > 0:
            products.append((1, outputs, inputs))  # what goes on to the layer before
        count += sum(2 * rows * depth * columns for rows, depth, columns in products)
    assert workload.flops == count


@pytest.mark.parametrize("workload", workloads.WORKLOADS, ids=str)
def test_traffic_is_that_of_the_arrays(workload):
    X, y = workload.data()
    population = workload.population()
    moments = {"adam": 2, "sgd": int(workload.momentum > 0)}[workload.optimizer]
    parameters = population.parameters.nbytes
    assert workload.traffic == (2 + moments) * parameters + X.nbytes + y.nbytes


def test_a_job_is_the_sum_of_its_parts():
    job = workloads.JOBS[NAMES.index("mixed")]
    assert (job.networks, len(job.workloads)) == (600, 12)
    assert job.sample_updates == 600 * 1792 * 5
    operations = sum(50 * 1792 * 5 * part.flops for part in job.workloads)
    assert job.sample_updates * job.flops == pytest.approx(operations)
    assert job.intensity == pytest.approx(operations / sum(p.traffic for p in job.workloads))
    X, y = job.workloads[0].data()
    assert X.shape == (1792, 64)
    assert set(y) == set(range(10))


@pytest.mark.parametrize("workload", [*workloads.WORKLOADS, *workloads.MIXED], ids=str)
def test_batches_are_full(workload):
    assert workload.samples % workload.batch_size == 0


def test_limits_are_measured(monkeypatch):
    monkeypatch.setattr(peak, "RUNS", 1)
    monkeypatch.setattr(peak, "LOOPS", 1000)
    monkeypatch.setattr(peak, "SIZE", 64)
    monkeypatch.setattr(peak, "LEAST_ARRAY", 2**16)
    monkeypatch.setattr(peak, "last_cache", lambda: 0)
    measured = peak.limits()
    assert min(measured.matrix, measured.fma, measured.memory, measured.l2) > 0


def test_limits_bound_each_other():
    assert LIMITS.reachable(1.0) == LIMITS.memory
    assert LIMITS.reachable(1000.0) == LIMITS.fma
    higher = replace(LIMITS, memory=9e10)
    assert LIMITS.best(higher) == higher == higher.best(LIMITS)


def test_losses_differ_by_the_worst_of_them():
    expected = np.array([1.0, 2.0, 0.0])
    assert difference(expected, expected) == 0
    assert difference(np.array([1.0, 2.2, 0.0]), expected) == pytest.approx(0.1)
    assert difference(np.array([1.0, np.nan, 0.0]), expected) > 1e9


def test_parts_are_trained_one_after_another():
    results, skipped = measure(MANY, [bpfast_on("cpu")], turns=1)
    assert skipped == {}
    assert results[0]["networks"] == 10
    assert results[0]["loss_difference"] == 0
    assert results[0]["kernel"] == "lanes and tiles"


# --- a process of its own -------------------------------------------------------------------------


def test_a_process_of_its_own_reports():
    small = next(job for job in workloads.JOBS if job.name == "W3x1")
    measured = in_own_process(small, bpfast_on("cpu"))
    assert 0 < measured["compile_seconds"] < measured["first_result_seconds"]
    assert measured["memory_bytes"] is None or measured["memory_bytes"] > 1e6


def test_a_process_that_fails_says_why(monkeypatch):
    with pytest.raises(UnavailableError, match="invalid choice: 'nobody, nothing'"):
        in_own_process(TINY, Runner("nobody", "nothing", missing))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell")
@pytest.mark.slow
def test_memory_grows_with_what_is_held():
    before = peak_memory()
    held = np.ones(before // 4)
    assert peak_memory() >= held.nbytes


# --- the command ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workload", "W3,W9"], "workload='W9' is not known: choose from W3, W3x1, mixed"),
        (["--device", "gpu"], "device='gpu' is not known: choose from cpu, cuda"),
        (["--device", "cuda"], "nothing to measure on: device cuda is not usable: "),
        (["--device", ","], "no device was named"),
        (["--turns", "0"], "turns must be at least 1, got 0"),
        (["--plot", "plot.doc"], "choose from .png, .svg"),
        (["--output", "."], ". is a folder: give a file's name"),
    ],
)
def test_bad_options_are_one_line_and_exit_code_2(arguments, words, bench):
    code, out, err = bench(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_picture_without_matplotlib_is_a_hint(bench, monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    code, _, err = bench("--plot", "plot.png")
    assert code == 2
    assert err == 'bpfast: matplotlib is not installed: pip install "bpfast[bench]"\n'


def test_tables_hold_all_that_was_measured(bench):
    code, out, err = bench("--turns", 1, "--peers", "--device", "cpu,cuda")
    assert code == 0, err
    for words in (
        "5 x 64-64-10 relu, batch 64",
        "bpfast, cpu: tiles",
        "bpfast, cpu: lanes and tiles",
        "scikit-learn, a loop",
        "the fastest peer: scikit-learn, a loop",
        "scikit-learn takes",
        "a network costs",
        "operations a byte: multipliers are the limit, 500 GFLOP/s",
        "matrix peak 400 GFLOP/s",
        "skipped device cuda: not usable: ",
        "skipped W3: JAX, jit; mixed: JAX, jit: jax is not installed",
    ):
        assert words in out
    assert "…" not in out
    assert "DIFFER" not in out
    assert "mixed: turn 1 of 1" in err


def test_tables_fit_a_terminal(report):
    from rich.console import Console

    console = Console(width=100, record=True, file=io.StringIO())
    command.print_job(console, report["jobs"][0], LIMITS)
    table = console.export_text().splitlines()[1:6]
    assert max(map(len, table)) <= 100


def test_the_report_holds_machine_versions_and_every_time(report, tmp_path):
    assert set(report) == {
        *("date", "machine", "versions", "limits", "jobs", "skipped", "crossings")
    }
    assert report["crossings"] == []  # there is nothing but the CPU
    assert {"processor", "caches", "system", "device cpu"} <= set(report["machine"])
    assert report["versions"]["numpy"] == np.__version__
    assert peak.Limits(**report["limits"]) == LIMITS
    assert [job["name"] for job in report["jobs"]] == ["W3", "W3x1", "mixed"]
    ours, theirs = report["jobs"][0]["results"]
    assert (ours["runner"], theirs["runner"]) == ("bpfast", "scikit-learn")
    assert len(ours["seconds"]) == 3
    assert ours["bpfast_ratio"] == 1
    assert ours["median_seconds"] == np.median(ours["seconds"])
    assert {"first_result_seconds", "compile_seconds", "memory_bytes"} <= set(theirs)
    assert report["jobs"][1]["network_cost_ratio"] > 0
    assert len(report["jobs"][1]["results"]) == 1  # beside W3, not beside peers
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]  # nothing temporary


def test_losses_that_differ_are_exit_code_1(bench, monkeypatch):
    monkeypatch.setattr(command, "PEERS", (WRONG,))
    code, out, _ = bench("--workload", "W3", "--turns", 1, "--peers")
    assert code == 1
    assert "DIFFER" in out


def test_peers_that_are_not_there_are_skipped_with_the_reason(monkeypatch):
    for module in ("jax", "torch", "sklearn.neural_network"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    results, skipped = measure(TINY, [bpfast_on("cpu"), *peers.PEERS], turns=1)
    assert [result["runner"] for result in results] == ["bpfast"]
    assert set(skipped) == {str(peer) for peer in peers.PEERS}
    assert all('is not installed: pip install "bpfast[bench]"' in why for why in skipped.values())


def test_devices_are_those_of_bpfast():
    assert set(command.DEVICES) == set(bp.devices()) - {"reference"}


# --- from how many networks on a GPU pays ---------------------------------------------------------


@pytest.mark.parametrize(
    ("cpu", "cuda", "pays_from", "words"),
    [
        ([1.0, 4.0, 16.0], [2.0, 2.0, 2.0], 2.0, "pays from about 2 networks on"),
        ([1.0, 4.0], [2.0, 2.0, 2.0], 2.0, "from about 2 networks"),  # the CPU took too long
        ([3.0, 3.0, 3.0], [2.0, 2.0, 2.0], 1.0, "pays from the first network on"),
        ([3.0, 1.0, 4.0], [2.0, 2.0, 2.0], 8.0, "from about 8 networks"),  # not the first
        ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0], None, "up to 16 networks the GPU does not pay"),
    ],
)
def test_a_crossing_is_where_times_are_equal(cpu, cuda, pays_from, words):
    found = crossing.Crossing("4-16-1", [1, 4, 16], cpu, cuda)
    assert found.pays_from == (pays_from and pytest.approx(pays_from))
    assert words in str(found)


@pytest.fixture
def both_devices(monkeypatch):
    """The CPU stands in for a GPU, on tiny kinds of networks."""
    for module in (command, crossing):
        monkeypatch.setattr(module, "bpfast", lambda device: replace(bpfast_on("cpu"), mode=device))
    monkeypatch.setattr(command, "devices", lambda: dict.fromkeys(("cpu", "cuda"), "usable: here"))
    monkeypatch.setattr(crossing, "KINDS", TINY.workloads)
    monkeypatch.setattr(crossing, "SIZES", (1, 3))


def test_a_gpu_beside_the_cpu_has_a_crossing(both_devices, bench, tmp_path):
    path, picture = tmp_path / "report.json", tmp_path / "plot.png"
    arguments = ["--device", "cpu,cuda", "--workload", "W3", "--turns", 1, "--plot", picture]
    code, out, err = bench(*arguments, "--output", path)
    assert code == 0, err
    (found,) = json.loads(path.read_text())["crossings"]
    assert found["networks"] == [1, 3]
    assert len(found["cpu"]) == len(found["cuda"]) == 2
    assert found["words"] in out
    assert picture.read_bytes().startswith(PNG)


def test_a_device_that_takes_too_long_is_asked_for_no_more(monkeypatch):
    monkeypatch.setattr(crossing, "LONG", 0.0)
    monkeypatch.setattr(crossing, "bpfast", lambda device: bpfast_on("cpu"))
    found = crossing.measure(TINY.workloads[0], (1, 2), lambda words: None)
    assert len(found.cpu) == len(found.cuda) == 1


# --- the picture and README -----------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "begin"), [(".png", PNG), (".svg", b"<?xml")])
def test_a_picture_is_drawn(suffix, begin, report, tmp_path):
    path = tmp_path / f"picture{suffix}"
    plot.draw(report, path)
    assert path.read_bytes().startswith(begin)


def test_a_picture_needs_no_peers(bench, tmp_path):
    code, _, err = bench("--workload", "W3", "--turns", 1, "--plot", tmp_path / "new" / "plot.png")
    assert code == 0, err
    assert (tmp_path / "new" / "plot.png").read_bytes().startswith(PNG)


def test_names_of_points_do_not_overlap():
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.set(xlim=(0, 10), ylim=(0, 10))
    plot._label(axes, [(5.0, 5.0, "W3"), (5.01, 5.0, "W3x130"), (5.1, 5.1, "mixed")])
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
    assert len(boxes) == 3
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_readme_gets_the_table_and_the_picture(report, tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- measured: command -->\nold\n<!-- end -->\nafter\n")
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(readme_table, "README", readme)
    monkeypatch.setattr(readme_table, "RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["readme_table"])
    readme_table.main()
    first = readme.read_text()
    readme_table.main()
    assert readme.read_text() == first
    assert first.startswith("before\n<!-- measured: command -->\n![")
    assert first.endswith("\n<!-- end -->\nafter\n")
    assert "old" not in first
    assert "| 5 x 64-64-10 relu, batch 64 | tiles |" in first
    assert "against scikit-learn" in first
    assert "From `report.json`" in first
    assert (tmp_path / "docs" / "measured.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("arguments", [[], ["nothing"]])
def test_measurements_are_named(arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    with pytest.raises(SystemExit, match=r"usage: .*[{,]gpu,"):
        runpy.run_module("bpfast.bench", run_name="__main__")

"""The benchmark: what it refuses, says and writes. No timing is held to anything."""

import numpy as np
import pytest
from small_jobs import LIMITS, WRONG

import bpfast as bp
from bpfast.bench import command, peak


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workload", "W3,W9"], "workload='W9' is not known: choose from W3, W3x1, mixed"),
        (["--device", "gpu"], "--device gpu is not known: choose from cpu, cuda"),
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
    assert len(report["jobs"][1]["results"]) == 1  # it has no peers
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]  # nothing temporary


def test_losses_that_differ_are_exit_code_1(bench, monkeypatch):
    monkeypatch.setattr(command, "PEERS", (WRONG,))
    code, out, _ = bench("--workload", "W3", "--turns", 1, "--peers")
    assert code == 1
    assert "DIFFER" in out


def test_devices_are_those_of_bpfast():
    assert set(command.DEVICES) == set(bp.devices()) - {"reference"}

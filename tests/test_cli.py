"""The bpfast command as users meet it: what it prints, writes and exits with."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import bpfast as bp
from bpfast import cli
from bpfast.verify import Check, Verification

pl = pytest.importorskip("polars")
pytest.importorskip("typer")
pytest.importorskip("safetensors")

SMALL = ["--networks", "6", "--epochs", "2", "--hidden", "3,2x2", "--device", "reference"]


@pytest.fixture
def houses(tmp_path):
    """A CSV with numbers, words, a number to predict and classes."""
    rng = np.random.default_rng(0)
    area, colour = rng.normal(size=80), rng.choice(["red", "blue"], 80)
    price = 3.0 * area + (colour == "red")
    kind = np.where(price > 0, "dear", "cheap")
    path = tmp_path / "houses.csv"
    frame = {"area": area, "colour": colour, "price": price, "kind": kind}
    pl.DataFrame(frame).write_csv(path)
    return path


@pytest.fixture
def bpfast(monkeypatch, capfd, tmp_path):
    """Runs the command in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["bpfast", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return stop.value.code or 0, *capfd.readouterr()

    return run


@pytest.mark.parametrize(("target", "metric"), [("price", "R²"), ("kind", "accuracy")])
def test_sweep_prints_and_writes_what_it_found(target, metric, houses, bpfast, tmp_path):
    folder = tmp_path / "results"
    code, out, err = bpfast("sweep", houses, "--target", target, *SMALL, "--output", folder)
    assert code == 0, err
    for words in ("80 rows", f"best by validation {metric}", "6 networks in", str(folder)):
        assert words in out
    table = pl.read_csv(folder / "networks.csv")
    assert table.height == 6
    assert table["validation_score"].is_sorted(descending=True)
    described = json.loads((folder / "best.json").read_text())
    assert described["classes"] == (["cheap", "dear"] if target == "kind" else [])
    assert described["features"][:3] == ["area", "colour=blue", "colour=red"]
    assert len(described["scaler"]["mean"]) == len(described["features"])
    best = bp.Population.load(folder / "best.safetensors")
    assert len(best) == 1
    assert list(best.mlp.layers) == described["mlp"]["layers"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "best.json",
        "best.safetensors",
        "networks.csv",
        "study.db",
    ]  # nothing temporary is left


def test_results_go_to_a_folder_named_after_data_and_time(houses, bpfast, tmp_path):
    code, _, err = bpfast("sweep", houses, "--target", "kind", *SMALL)
    assert code == 0, err
    (folder,) = (tmp_path / "bpfast-runs").iterdir()
    assert folder.name.startswith("houses-")


def test_baseline_is_measured_beside_the_sweep(houses, bpfast):
    pytest.importorskip("sklearn")
    code, out, err = bpfast("sweep", houses, "--target", "kind", *SMALL, "--baseline")
    assert code == 0, err
    assert "scikit-learn's MLP, measured now" in out
    assert "6 one after the other" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.csv"], "nowhere.csv is neither a file nor one of digits"),
        (["houses.csv"], "no --target was given; its columns are area, colour, price, kind"),
        (["houses.csv", "--target", "cost"], "there is no column 'cost'"),
        (["houses.csv", "--target", "price", "--task", "classification"], "different values"),
        (["houses.csv", "--target", "kind", "--task", "regression"], "target of numbers"),
        (["houses.csv", "--target", "kind", "--task", "guess"], "task='guess' is not known"),
        (["houses.csv", "--target", "kind", "--hidden", "wide"], "no layer width"),
        (["houses.csv", "--target", "kind", "--learning-rate", "1:0"], "learning_rate: "),
        (["houses.csv", "--target", "kind", "--optimizer", "best"], "optimizer='best'"),
        (["houses.csv", "--networks", "many"], "Invalid value for '--networks'"),
        (["houses.csv", "--wide"], "No such option: --wide"),
        ([], "Missing argument 'DATA'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words, houses, bpfast, tmp_path):
    code, out, err = bpfast("sweep", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.startswith("bpfast: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "bpfast-runs").exists()


def test_what_a_sweep_refuses_leaves_one_line_and_no_folder(houses, bpfast, tmp_path):
    code, _, err = bpfast("sweep", houses, "--target", "kind", "--networks", "0")
    assert (code, err) == (2, "bpfast: networks must be at least 1, got 0\n")
    assert not list((tmp_path / "bpfast-runs").iterdir())


def test_a_pipe_gets_whole_numbers_and_lines(houses, bpfast):
    lists = ["--activation", "relu,tanh", "--optimizer", "sgd,adam", "--momentum", "0:0.9"]
    _, out, err = bpfast("sweep", houses, "--target", "kind", *SMALL, *lists)
    assert "…" not in out
    assert "highest test" in next(line for line in out.splitlines() if "networks in" in line)
    assert err == ""


def test_a_device_that_is_not_there_is_bad_input(houses, bpfast, monkeypatch):
    monkeypatch.setattr(bp.dispatch, "NO_CUDA", "there is no GPU")
    code, _, err = bpfast("sweep", houses, "--target", "kind", "--device", "cuda")
    assert code == 2
    assert "device 'cuda' cannot be used: there is no GPU" in err


def test_an_unknown_command_is_bad_input(bpfast):
    code, out, err = bpfast("swep")
    assert (code, out) == (2, "")
    assert "No such command 'swep'" in err


@pytest.mark.parametrize("package", ["typer", "rich", "polars"])
def test_a_missing_extra_is_a_hint(package, bpfast, monkeypatch):
    find = cli.find_spec
    monkeypatch.setattr(cli, "find_spec", lambda name: None if name == package else find(name))
    code, out, err = bpfast("devices")
    assert (code, out) == (2, "")
    assert err == f'bpfast: {package} is not installed: pip install "bpfast[cli]"\n'


@pytest.mark.parametrize(("arguments", "words"), [(["--help"], "sweep"), (["--version"], "bpfast")])
def test_help_and_version(arguments, words, bpfast):
    code, out, _ = bpfast(*arguments)
    assert code == 0
    assert words in out


def test_help_names_every_command(bpfast):
    out = bpfast("--help")[1]
    for command in ("sweep", "explain", "verify", "bench", "warmup", "devices"):
        assert command in out


def test_devices(bpfast):
    code, out, _ = bpfast("devices")
    assert code == 0
    for name in bp.devices():
        assert name in out


@pytest.mark.parametrize("arguments", [[], ["--network", "mine.json"]])
def test_explain_is_given_the_network(arguments, bpfast, monkeypatch):
    given = []
    monkeypatch.setattr("bpfast.explain_terminal.run", given.append)
    assert bpfast("explain", *arguments)[0] == 0
    assert given == [Path("mine.json") if arguments else None]


def test_explain_of_a_file_that_is_not_there(bpfast):
    code, out, err = bpfast("explain", "--network", "nowhere.json")
    assert (code, out) == (2, "")
    assert "nowhere.json" in err


@pytest.mark.parametrize(("passed", "expected"), [(True, 0), (False, 1)])
def test_verify_says_whether_all_passed(passed, expected, bpfast, monkeypatch):
    case = ("cpu", "lanes", "float64", "a case", "reference")
    check = Check(*case, error=1.0 if passed else 3.0, tolerance=2.0)
    verification = Verification((check,), {"processor": "one"})
    monkeypatch.setattr("bpfast.commands.run_verify", lambda cases, seed: verification)
    code, out, _ = bpfast("verify")
    assert code == expected
    assert "processor: one" in out


def test_warmup(bpfast, monkeypatch):
    monkeypatch.setattr("bpfast.commands.run_warmup", lambda: None)
    code, out, _ = bpfast("warmup")
    assert code == 0
    assert "all kernels are compiled" in out


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_ctrl_c_ranks_and_writes_what_is_trained(houses, tmp_path):
    folder = tmp_path / "results"
    options = ["--networks", "300", "--epochs", "50000", "--device", "reference"]
    command = ["sweep", str(houses), "--target", "kind", *options, "--output", str(folder)]
    code = "from bpfast.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline()
            assert "300 networks" in line
            time.sleep(1.0)  # the first of many epochs are under way
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()  # nothing outlives a test that fails
    assert process.returncode == 130, err
    assert "interrupted" in out
    assert "Traceback" not in err
    assert (folder / "networks.csv").is_file()
    assert (folder / "best.safetensors").is_file()

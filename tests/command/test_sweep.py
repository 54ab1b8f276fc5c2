"""``bpfast sweep`` as users meet it: what it prints and exits with, and what it refuses."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from sweeps import on_disk
from typed import SMALL

import bpfast as bp
from bpfast.kernels import cuda
from bpfast.sweeps.storage import quiet
from bpfast.training.interrupts import interrupt_flag

pl = pytest.importorskip("polars")
pytest.importorskip("typer")
pytest.importorskip("safetensors")


def test_a_grid_has_as_many_networks_as_points(houses, bpfast, tmp_path):
    grid = ["--target", "kind", "--sampler", "grid", "--learning-rate", "0.1,0.01", "--l2", "0"]
    asked = ["sweep", houses, *SMALL, *grid, "--output", tmp_path / "results"]
    code, out, err = bpfast(*asked, "--networks", "3")
    assert (code, out) == (2, "")
    assert err == (
        "bpfast: the grid has 4 points, and 3 networks are asked for: ask for --networks 4, "
        "or for the sampler 'random' to try a part of it\n"
    )
    assert not (tmp_path / "results").exists()
    code, out, err = bpfast(*asked, "--networks", "50")
    assert code == 0, err
    assert "; 4 networks, 2 epochs" in out
    manifest = json.loads((tmp_path / "results" / "manifest.json").read_text())
    assert manifest["networks"] == manifest["settings"]["networks"] == 4


def test_a_sweep_ends_when_its_time_is_over(houses, undrawn, bpfast, tmp_path):
    """The folder says how many networks there were; in more time there are more."""
    folder, options = tmp_path / "results", [*SMALL[2:], "--target", "kind"]
    code, out, err = bpfast("sweep", houses, *options, "--time", 0.8, "--output", folder)
    assert code == 0, err
    assert "columns, 2 classes; networks within 0.8 s, 2 epochs" in out
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["ended_by_time"]
    assert manifest["networks"] == pl.read_csv(folder / "networks.csv").height
    assert manifest["settings"]["time"] == manifest["time"] == 0.8
    assert manifest["used"] >= 0.8
    assert manifest["curve"][-1][2] == pl.read_csv(folder / "networks.csv")["validation_score"][0]
    code, out, err = bpfast("sweep", "--resume", folder, "--time", 60, "--networks", 5)
    assert code == 2
    assert "--networks 5: " in err
    assert "was begun with no --networks" in err
    time = round(manifest["used"] + 1.0, 1)
    code, out, err = bpfast("sweep", "--resume", folder, "--time", time)
    assert code == 0, err
    assert f"networks within {time:.3g} s" in out
    longer = json.loads((folder / "manifest.json").read_text())
    assert longer["time"] == time <= longer["used"]
    assert longer["networks"] >= manifest["networks"]
    code, _, err = bpfast("report", folder)
    assert code == 0, err
    assert ">time</th>" in (folder / "report.html").read_text(encoding="utf-8")


def test_folds_of_whole_groups(houses, bpfast, tmp_path):
    streets = tmp_path / "streets.csv"
    frame = pl.read_csv(houses)
    frame.with_columns(street=pl.Series([k // 8 for k in range(80)])).write_csv(streets)
    asked = ["sweep", streets, "--target", "kind", *SMALL, "--groups", "street"]
    code, _, err = bpfast(*asked, "--cv", 4, "--output", tmp_path / "results")
    assert code == 0, err
    best = bp.Model.load(tmp_path / "results" / "best.safetensors")
    assert "street" not in best.features
    assert pl.read_csv(tmp_path / "results" / "networks.csv")["split3_validation_score"].len() == 6
    code, _, err = bpfast(*asked, "--output", tmp_path / "without folds")
    assert code == 0, err
    streets_of = pl.read_parquet(tmp_path / "without folds" / "predictions.parquet").with_columns(
        street=(pl.col("row") - 1) // 8
    )
    parts = streets_of.group_by("street").agg(pl.col("part").n_unique(), pl.len())
    assert (parts["part"] == 1).all()
    assert (parts["len"] == 8).all()
    code, _, err = bpfast(*asked[:-1], "town", "--cv", 4)
    assert code == 2
    assert "town" in err
    assert "area, colour, price, kind, street" in err


@pytest.mark.parametrize("test", ["0.2", "0"])
def test_sweep_ranks_by_folds(test, houses, bpfast, tmp_path):
    pytest.importorskip("sklearn")
    arguments = [houses, "--target", "kind", *SMALL, "--cv", 3, "--test", test, "--baseline"]
    code, out, err = bpfast("sweep", *arguments, "--output", tmp_path / "results")
    assert code == 0, err
    assert "std" in out
    assert "split" not in out
    assert "nan" not in out
    assert ("test log loss of the first, trained on all other rows: " in out) == (test != "0")
    assert "18 one after the other" in " ".join(out.split())
    table = pl.read_csv(tmp_path / "results" / "networks.csv")
    assert table["split2_validation_score"].is_not_null().all()
    assert ("test_score" in table.columns) == (test != "0")


def test_results_go_to_a_folder_named_after_data_and_time(houses, bpfast, tmp_path):
    code, out, err = bpfast("sweep", houses, "--target", "kind", *SMALL, "--top", 2)
    assert code == 0, err
    assert re.findall(r"^(\d+)  ", out, re.MULTILINE) == ["1", "2"]
    (folder,) = (tmp_path / "bpfast-runs").iterdir()
    assert folder.name.startswith("houses-")


@pytest.mark.parametrize("options", [[], ["--cv", 3], ["--halving", "successive"]])
def test_a_sweep_in_which_all_diverge_says_what_to_lower(options, houses, bpfast, tmp_path):
    rates = ["--optimizer", "sgd", "--learning-rate", "1e300,1e301", "--baseline"]
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "best.safetensors").write_bytes(b"of an earlier state")
    asked = ["sweep", houses, "--target", "price", *SMALL, *rates, *options]
    code, out, err = bpfast(*asked, "--output", "run")
    assert (code, err) == (0, "")
    for words in ("6 networks ", "6 diverged", "results: run\n", "MLP is not measured"):
        assert words in out
    words = (
        "6 of 6 diverged; lower the learning rate (1e+300 to 1e+301 was tried), or set clip_norm"
    )
    assert f"no network has a score: {words}\n" in out
    assert "bpfast predict" not in out
    assert "highest test" not in out
    assert not (tmp_path / "run" / "best.safetensors").exists()
    assert pl.read_csv("run/networks.csv")["diverged"].all()
    assert pl.read_parquet("run/losses.parquet").height == 6
    again = bpfast("sweep", "--resume", "run")
    assert again[0] == 0
    assert "no network has a score" in again[1]


def test_ctrl_c_before_anything_is_scored_leaves_a_folder_to_go_on_with(houses, bpfast, tmp_path):
    with interrupt_flag() as flag:
        flag.append(True)
        code, out, err = bpfast("sweep", houses, "--target", "kind", *SMALL, "--output", "run")
    assert (code, err) == (130, "")
    assert "no network has a score: Ctrl-C came before any was scored" in out
    assert "go on with bpfast sweep --resume run" in out
    assert pl.read_csv("run/networks.csv").height == 0
    code, out, err = bpfast("report", "run")
    assert (code, out) == (2, "")
    assert "nothing to report" in err
    assert bpfast("sweep", "--resume", "run")[0] == 0
    assert pl.read_csv("run/networks.csv").height == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.csv"], "nowhere.csv is neither a file nor one of digits"),
        (["houses.csv"], "no --target was given; its columns are area, colour, price, kind"),
        (["houses.csv", "--target", "cost"], "there is no column 'cost'"),
        (["houses.csv", "--target", "price", "--task", "classification"], "different values"),
        (["houses.csv", "--target", "kind", "--task", "regression"], "target of numbers"),
        (["houses.csv", "--target", "kind", "--task", "guess"], "--task guess is not known"),
        (["houses.csv", "--target", "kind", "--hidden", "wide"], "no layer width"),
        (["houses.csv", "--target", "kind", "--learning-rate", "1:0"], "--learning-rate: "),
        (["houses.csv", "--target", "kind", "--optimizer", "best"], "--optimizer best"),
        (["houses.csv", "--networks", "many"], "Invalid value for '--networks'"),
        (["houses.csv", "--wide"], "No such option: --wide"),
        ([], "DATA is missing"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words, houses, bpfast, tmp_path):
    code, out, err = bpfast("sweep", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.startswith("bpfast: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "bpfast-runs").exists()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--networks", 0, "--networks must be at least 1, got 0"),
        ("--cv", 1, "--cv must be at least 2, got 1"),
        ("--seed", -1, "--seed must be at least 0, got -1"),
        ("--top", 0, "--top must be at least 1, got 0"),
    ],
)
def test_what_a_sweep_refuses_leaves_one_line_and_no_folder(
    option, value, words, houses, bpfast, tmp_path
):
    code, _, err = bpfast("sweep", houses, "--target", "kind", option, value)
    assert (code, err) == (2, f"bpfast: {words}\n")
    assert not (tmp_path / "bpfast-runs").exists()


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--storage", "sqlite:///taken.db"], "the storage has a study named 'bpfast' already"),
        (["--storage", "sqlite:///no/s.db"], "no/s.db cannot be opened"),
        (["--storage", "nonsense"], "--storage nonsense is no URL such as sqlite:///study.db"),
        (["--sampler", "grid"], "--learning-rate: a grid needs choices"),
        (["--sampler", "cmaes"], 'cmaes is not installed: pip install "bpfast[sweep]"'),
        (["--device", "cuda"], "device 'cuda' cannot be used: there is no GPU"),
        (["--memory", "much"], "--memory much is no size such as 8G"),
        (["--resume", "new/run"], "new/run says what data it was begun with: leave out "),
    ],
)
def test_a_refused_sweep_leaves_nothing(
    options, words, there, houses, bpfast, tmp_path, monkeypatch
):
    monkeypatch.setattr(cuda.device, "problem", lambda: "there is no GPU")
    monkeypatch.setitem(sys.modules, "cmaes", None)
    optuna = pytest.importorskip("optuna")
    with quiet():
        optuna.create_study(study_name="bpfast", storage=f"sqlite:///{tmp_path / 'taken.db'}")
    folder = tmp_path / "new" / "run"
    if there:
        folder.mkdir(parents=True)
        (folder / "command.json").write_text("of a sweep that was killed before it began")
    before = on_disk(tmp_path)
    code, _, err = bpfast("sweep", houses, "--target", "kind", "--output", folder, *options)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1
    assert on_disk(tmp_path) == before


def test_a_device_that_is_not_there_is_bad_input(houses, bpfast, monkeypatch):
    monkeypatch.setattr(cuda.device, "problem", lambda: "there is no GPU")
    code, _, err = bpfast("sweep", houses, "--target", "kind", "--device", "cuda")
    assert code == 2
    assert "device 'cuda' cannot be used: there is no GPU" in err


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_ctrl_c_ranks_and_writes_what_is_trained(houses, tmp_path):
    folder = tmp_path / "results"
    options = ["--networks", "3000", "--epochs", "20", "--hidden", "3,2x2", "--memory", "1"]
    options += ["--device", "reference"]
    command = ["sweep", str(houses), "--target", "kind", *options, "--output", str(folder)]
    code = "from bpfast.command import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline()
            assert "3,000 networks" in line
            while not list(folder.glob("parts/*.parquet")):
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.05)  # networks are trained one by one: the first is under way
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=300)
        finally:
            process.kill()  # nothing outlives a test that fails
    assert process.returncode == 130, err
    assert f"interrupted: go on with bpfast sweep --resume {folder}" in out
    assert "Traceback" not in err
    assert (folder / "networks.csv").is_file()
    assert (folder / "best.safetensors").is_file()

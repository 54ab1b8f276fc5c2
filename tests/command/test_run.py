"""The bpfast command as users meet it: what it prints, writes and exits with."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sweeps import on_disk

import bpfast as bp
from bpfast.checking.verification import Check, Verification
from bpfast.command import run as running
from bpfast.kernels import cuda
from bpfast.sweeps.storage import url_of
from bpfast.training.interrupts import interrupt_flag

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
    best = bp.Model.load(folder / "best.safetensors")
    assert best.classes == (["cheap", "dear"] if target == "kind" else [])
    assert best.features[:3] == ["area", "colour=blue", "colour=red"]
    assert best.metric == metric
    assert len(best.scaler.mean) == len(best.features)
    assert bp.Population.load(folder / "best.safetensors").mlp == best.population.mlp
    assert sorted(path.name for path in folder.iterdir() if path.name != ".lock") == [
        "best.safetensors",
        "command.json",
        "losses.parquet",
        "manifest.json",
        "networks.csv",
        "parts",
        "study.db",
    ]  # nothing temporary is left


def test_a_grid_has_as_many_networks_as_points(houses, bpfast, tmp_path):
    grid = ["--target", "kind", "--sampler", "grid", "--learning-rate", "0.1,0.01", "--l2", "0"]
    asked = ["sweep", houses, *SMALL, *grid, "--output", tmp_path / "results"]
    code, out, err = bpfast(*asked, "--networks", "3")
    assert (code, out) == (2, "")
    assert err == (
        "bpfast: the grid has 4 points, and 3 networks are asked for: ask for networks=4 "
        "(--networks 4), or for the sampler 'random' to try a part of it\n"
    )
    assert not (tmp_path / "results").exists()
    code, out, err = bpfast(*asked, "--networks", "50")
    assert code == 0, err
    assert "; 4 networks, 2 epochs" in out
    manifest = json.loads((tmp_path / "results" / "manifest.json").read_text())
    assert manifest["networks"] == manifest["settings"]["networks"] == 4


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
    assert bpfast(*asked)[0] == 2  # without folds
    code, _, err = bpfast(*asked[:-1], "town", "--cv", 4)
    assert code == 2
    assert "--groups town is none of its columns area, colour, price, street" in err


@pytest.mark.parametrize("test", ["0.2", "0"])
def test_sweep_ranks_by_folds(test, houses, bpfast, tmp_path):
    pytest.importorskip("sklearn")
    arguments = [houses, "--target", "kind", *SMALL, "--cv", 3, "--test", test, "--baseline"]
    code, out, err = bpfast("sweep", *arguments, "--output", tmp_path / "results")
    assert code == 0, err
    assert "validation std" in out
    assert "split" not in out
    assert "nan" not in out
    assert ("test accuracy of the first, trained on all other rows: " in out) == (test != "0")
    assert "18 one after the other" in " ".join(out.split())
    table = pl.read_csv(tmp_path / "results" / "networks.csv")
    assert table["split2_validation_score"].is_not_null().all()
    assert ("test_score" in table.columns) == (test != "0")


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
        (["houses.csv", "--target", "kind", "--task", "guess"], "task='guess' is not known"),
        (["houses.csv", "--target", "kind", "--hidden", "wide"], "no layer width"),
        (["houses.csv", "--target", "kind", "--learning-rate", "1:0"], "learning_rate: "),
        (["houses.csv", "--target", "kind", "--optimizer", "best"], "optimizer='best'"),
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
        ("--networks", 0, "networks must be at least 1, got 0"),
        ("--cv", 1, "cv must be at least 2, got 1"),
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
        (["--storage", "nonsense"], "storage='nonsense' is no URL such as sqlite:///study.db"),
        (["--sampler", "grid"], "learning_rate: a grid needs choices"),
        (["--sampler", "cmaes"], 'cmaes is not installed: pip install "bpfast[sweep]"'),
        (["--device", "cuda"], "device 'cuda' cannot be used: there is no GPU"),
        (["--memory", "much"], "memory='much' is no size such as 8G"),
        (["--resume", "new/run"], "new/run says what data it was begun with: leave out "),
    ],
)
def test_a_refused_sweep_leaves_nothing(
    options, words, there, houses, bpfast, tmp_path, monkeypatch
):
    monkeypatch.setattr(cuda.device, "problem", lambda: "there is no GPU")
    monkeypatch.setitem(sys.modules, "cmaes", None)
    optuna = pytest.importorskip("optuna")
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


def test_a_folder_without_a_request_cannot_be_resumed(bpfast, tmp_path):
    for text, words in (
        (None, "run has no command.json: bpfast"),
        ("{}", "is not what bpfast sw"),
    ):
        if text is not None:
            (tmp_path / "run").mkdir()
            (tmp_path / "run" / "command.json").write_text(text)
        code, _, err = bpfast("sweep", "--resume", "run")
        assert (code, err.count("\n")) == (2, 1)
        assert words in err


def test_a_sweep_goes_on_from_another_folder(houses, bpfast, tmp_path, monkeypatch):
    """Storage and data are where they were, or where the data have moved since."""
    optuna = pytest.importorskip("optuna")
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    asked = ["--target", "kind", *SMALL, "--storage", "sqlite:///s.db", "--output", "run"]
    assert bpfast("sweep", "houses.csv", *asked)[0] == 0
    monkeypatch.chdir(elsewhere)
    run, moved = tmp_path / "run", elsewhere / "homes.csv"
    assert bpfast("sweep", "--resume", run, "--networks", 8)[0] == 0
    study = optuna.load_study(study_name="bpfast", storage=f"sqlite:///{tmp_path / 's.db'}")
    assert sorted(trial.number for trial in study.trials) == list(range(8))
    houses.rename(moved)
    code, _, err = bpfast("sweep", "--resume", run)
    assert (code, err.count("\n")) == (2, 1)
    assert "houses.csv, which it was begun with, is no file: say where the data are now, --d" in err
    for _ in range(2):
        assert bpfast("sweep", "--resume", run, "--data", "homes.csv", "--networks", 9)[0] == 0
    assert bpfast("sweep", "--resume", run)[0] == 0  # it is known now, and so are nine networks
    assert pl.read_csv(run / "networks.csv").height == 9
    assert on_disk(elsewhere).keys() == {moved}  # and no second study
    pl.read_csv(moved).reverse().write_csv("other.csv")
    before = on_disk(tmp_path)
    code, _, err = bpfast("sweep", "--resume", run, "--data", "other.csv")
    assert code == 2
    assert "run was begun with other data: its X and y have the fingerprint " in err
    assert on_disk(tmp_path) == before


@pytest.mark.parametrize("name", [None, "study.db", "trials.db"])
def test_a_folder_may_be_moved_with_all_that_is_in_it(name, houses, bpfast, tmp_path, monkeypatch):
    from bpfast.reporting.run import read_run

    optuna = pytest.importorskip("optuna")
    storage = [] if name is None else ["--storage", f"sqlite:///a/{name}"]
    begun = ["sweep", houses, "--target", "kind", *SMALL, "--output", "a", *storage]
    assert bpfast(*begun)[0] == 0
    (tmp_path / "else").mkdir()
    moved = (tmp_path / "a").rename(tmp_path / "else" / "b?{x} %20")
    monkeypatch.chdir(tmp_path / "else")
    assert bpfast("sweep", "--resume", moved.name, "--networks", 7)[0] == 0
    assert not (tmp_path / "a").exists()
    url = url_of(moved / (name or "study.db"))
    assert len(optuna.load_study(study_name="bpfast", storage=url).trials) == 7
    for there in (moved, Path(moved.name)):
        assert np.isfinite(read_run(there).started).all()  # which the study says


def test_a_pipe_gets_whole_numbers_and_lines(houses, bpfast):
    lists = ["--activation", "relu,tanh", "--optimizer", "sgd,adam", "--momentum", "0:0.9"]
    _, out, err = bpfast("sweep", houses, "--target", "kind", *SMALL, *lists)
    assert "…" not in out
    assert "highest test" in next(line for line in out.splitlines() if "networks in" in line)
    assert err == ""


def test_a_device_that_is_not_there_is_bad_input(houses, bpfast, monkeypatch):
    monkeypatch.setattr(cuda.device, "problem", lambda: "there is no GPU")
    code, _, err = bpfast("sweep", houses, "--target", "kind", "--device", "cuda")
    assert code == 2
    assert "device 'cuda' cannot be used: there is no GPU" in err


def test_an_unknown_command_is_bad_input(bpfast):
    code, out, err = bpfast("swep")
    assert (code, out) == (2, "")
    assert "No such command 'swep'" in err


@pytest.mark.parametrize("package", ["typer", "rich", "polars"])
def test_a_missing_extra_is_a_hint(package, bpfast, monkeypatch):
    find = running.find_spec
    monkeypatch.setattr(running, "find_spec", lambda name: None if name == package else find(name))
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
    for command in (
        "sweep",
        "predict",
        "report",
        "explain",
        "verify",
        "bench",
        "warmup",
        "devices",
    ):
        assert command in out


def test_devices(bpfast):
    code, out, _ = bpfast("devices")
    assert code == 0
    for name in bp.devices():
        assert name in out


def test_an_extra_in_brackets_is_no_markup(bpfast, monkeypatch):
    words = 'not usable: pip install "bpfast[cuda]"'
    monkeypatch.setattr("bpfast.command.commands.all_devices", lambda: {"cuda": words})
    assert words in bpfast("devices")[1]


# --- predict --------------------------------------------------------------------------------------

NEW = "note,colour,kind,area\nx,red,,1.5\n,blue,,-2\ny,red,,0.25\n"


@pytest.fixture
def trained(houses, bpfast, tmp_path):
    """Sweeps for a target and gives the model's file."""

    def sweep(target):
        frame = pl.read_csv(houses).drop("kind" if target == "price" else "price")
        frame.write_csv(tmp_path / "part.csv")
        arguments = ["part.csv", "--target", target, *SMALL, "--output", tmp_path / "run"]
        assert bpfast("sweep", *arguments)[0] == 0
        return tmp_path / "run" / "best.safetensors"

    return sweep


def inputs(text):
    """What a model of houses is given for a CSV's rows."""
    frame = pl.read_csv(io.StringIO(text))
    colour = frame["colour"].to_numpy()
    return np.stack([frame["area"].to_numpy(), colour == "blue", colour == "red"], axis=1)


def test_predict_prints_the_first_rows(trained, bpfast, tmp_path):
    model = trained("kind")
    (tmp_path / "new.csv").write_text(NEW)
    code, out, err = bpfast("predict", model, "new.csv", "--top", 2)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["row", "prediction", "probability"]
    probabilities = bp.Model.load(model).predict_proba(inputs(NEW))
    for k in range(2):
        named = ["cheap", "dear"][probabilities[k].argmax()]
        assert lines[1 + k] == [str(k + 1), named, f"{probabilities[k].max():.4f}"]
    assert out.splitlines()[3] == "2 of 3 rows: --top and --output give more"
    assert len(lines) == 4


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("target", ["price", "kind"])
def test_predict_writes_what_the_model_says(target, ending, trained, bpfast, tmp_path):
    model = bp.Model.load(path := trained(target))
    pl.read_csv(io.StringIO(NEW)).write_parquet(tmp_path / "new.parquet")
    code, out, err = bpfast("predict", path, "new.parquet", "--output", f"said.{ending}")
    assert code == 0, err
    assert out.endswith(f"all 3 rows: said.{ending}\n")
    said = getattr(pl, f"read_{ending}")(tmp_path / f"said.{ending}")
    assert said.height == 3
    if target == "price":
        assert said.columns == ["prediction"]
        np.testing.assert_allclose(said["prediction"], model.predict(inputs(NEW)), rtol=1e-6)
    else:
        assert said["prediction"].to_list() == model.predict(inputs(NEW)).tolist()
        assert said.columns[1:] == ["probability_cheap", "probability_dear"]
        chances = said.drop("prediction").to_numpy()
        np.testing.assert_allclose(chances, model.predict_proba(inputs(NEW)), rtol=1e-6)
    assert not [path for path in tmp_path.iterdir() if ".tmp." in path.name]


def test_predict_in_a_pipe(trained, bpfast, monkeypatch):
    model = trained("price")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NEW.encode())))
    code, out, err = bpfast("predict", model, "-", "--output", "-")
    assert (code, err) == (0, "")
    said = pl.read_csv(io.StringIO(out))
    expected = bp.Model.load(model).predict(inputs(NEW))
    np.testing.assert_allclose(said["prediction"], expected, rtol=1e-6)
    for text, words in (("area\n1\n", " lacks colour,"), ("", " cannot be read: empty")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        code, out, err = bpfast("predict", model, "-", "--output", "-")
        assert (code, out) == (2, "")
        assert err.startswith(f"bpfast: standard input{words}")


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_pipe_that_has_read_enough_ends_quietly(trained, tmp_path):
    model = trained("price")
    (tmp_path / "many.csv").write_text("area,colour\n" + "1.5,red\n" * 20_000)
    code = "from bpfast.command import main; main()"
    command = ["predict", str(model), "many.csv", "--output", "-", "--device", "reference"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},  # it hides errors
    ) as process:
        assert process.stdout.readline() == b"prediction\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 1


def test_predict_knows_the_built_in_data(bpfast, tmp_path):
    pytest.importorskip("sklearn")
    assert bpfast("sweep", "iris", *SMALL, "--output", tmp_path / "run")[0] == 0
    code, _, err = bpfast("predict", "run/best.safetensors", "iris", "--output", "said.csv")
    assert code == 0, err
    said = pl.read_csv(tmp_path / "said.csv")
    assert said.height == 150
    assert said.columns[1:] == [f"probability_{c}" for c in ("setosa", "versicolor", "virginica")]


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("area\n1\n", [], "new.csv lacks colour, of the 2 columns that the model was trained with"),
        ("area,colour\n1,red\n2,pink\n", [], "'colour' has 'pink' in row 2, expected the cat"),
        ("area,colour\n1,red\n,red\n", [], "column 'area' has 1 missing values, first in row 2"),
        (NEW, ["--output", "said.txt"], "--output said.txt: expected a file that ends in .csv"),
        (NEW, ["--output", "no/said.csv"], "--output no/said.csv: there is no folder no"),
        (NEW, ["--top", "0"], "--top must be at least 1, got 0"),
        (NEW, ["--device", "gpu"], "device='gpu' is not known"),
    ],
)
def test_predict_refuses_bad_input_in_one_line(text, options, words, trained, bpfast, tmp_path):
    model = trained("price")
    (tmp_path / "new.csv").write_text(text)
    code, out, err = bpfast("predict", model, "new.csv", *options)
    assert (code, out) == (2, "")
    assert words in err
    assert err.startswith("bpfast: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "no").exists()


def test_predict_refuses_what_is_no_model_in_one_line(houses, bpfast, tmp_path):
    population = bp.Population(bp.MLP((2, 1)))
    population.save(tmp_path / "p.safetensors")
    for model in (houses, tmp_path, "nowhere", "p.safetensors"):
        code, out, err = bpfast("predict", model, houses)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert Path(model).name in err


# --- the other commands ---------------------------------------------------------------------------


@pytest.mark.parametrize(("passed", "expected"), [(True, 0), (False, 1)])
def test_verify_says_whether_all_passed(passed, expected, bpfast, monkeypatch):
    case = ("cpu", "lanes", "float64", "a case", "reference")
    check = Check(*case, error=1.0 if passed else 3.0, tolerance=2.0)
    verification = Verification((check,), {"processor": "one"})
    monkeypatch.setattr("bpfast.command.commands.run_verify", lambda cases, seed: verification)
    code, out, _ = bpfast("verify")
    assert code == expected
    assert "processor: one" in out


def test_warmup(bpfast, monkeypatch):
    given = []
    monkeypatch.setattr("bpfast.command.commands.run_warmup", given.append)
    for options in ([], ["--dtype", "float64"]):
        code, out, _ = bpfast("warmup", *options)
        assert code == 0
        assert "all kernels are compiled" in out
    assert given == [("float32", "float64"), ("float64",)]
    assert bpfast("warmup", "--dtype", "float16")[0] == 2


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_ctrl_c_ranks_and_writes_what_is_trained(houses, tmp_path):
    folder = tmp_path / "results"
    options = ["--networks", "3000", "--epochs", "200", "--memory", "1", "--device", "reference"]
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
            until = time.monotonic() + 60
            while not list(folder.glob("parts/*.parquet")) and time.monotonic() < until:
                time.sleep(0.05)  # networks are trained one by one: the first is under way
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()  # nothing outlives a test that fails
    assert process.returncode == 130, err
    assert f"interrupted: go on with bpfast sweep --resume {folder}" in out
    assert "Traceback" not in err
    assert (folder / "networks.csv").is_file()
    assert (folder / "best.safetensors").is_file()

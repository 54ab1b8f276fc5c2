"""What is typed with --resume: the same as before is fine, another thing is refused by its name."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sweeps import on_disk

pytest.importorskip("polars")
pytest.importorskip("typer")
pytest.importorskip("optuna")

import optuna
import polars as pl
from typed import SMALL, asked_by

from bpfast.command.request import saved_in
from bpfast.sweeps.storage import url_of

# What a sweep is begun with, the same in other words, and something else.
BEGUN = {
    "--target": ("price", "price", "kind"),
    "--task": ("regression", "regression", "auto"),
    "--target-transform": ("log", "log", "none"),
    "--drop": ("town", "town", "street"),
    "--separator": (";", ";", "tab"),
    "--missing": ("999", "999", "-1"),
    "--metric": ("r2", "r2", "max_error"),
    "--split": ("time", "time", "random"),
    "--time-column": ("sold", "sold", "built"),
    "--networks": ("8", "8", "7"),
    "--time": ("60", "6e1", "59"),
    "--epochs": ("30", "30", "100"),
    "--sampler": ("random", "random", "tpe"),
    "--storage": ("sqlite:///s.db", "sqlite:///../a/s.db", "sqlite:///other.db"),
    "--study-name": ("mine", "mine", "yours"),
    "--validation": ("0.2", ".20", "0.3"),
    "--test": ("0.2", "2e-1", "0.0"),
    "--cv": ("5", "5", "10"),
    "--groups": ("street", "street", "town"),
    "--halving": ("hyperband", "hyperband", "successive"),
    "--seed": ("1", "01", "0"),
    "--device": ("reference", "reference", "cpu"),
    "--learning-rate": ("1e-3:1e-1:log", "0.001:0.1:log", "1e-3:1e-1"),
    "--hidden": ("3,2x2", "3, 2x2", "2x2,3"),
    "--optimizer": ("sgd,adam", "sgd,adam", "sgd"),
    "--momentum": ("0:0.9", "0.0:0.9:linear", "0.9"),
    "--batch-size": ("64", "64", "32"),
    "--output": ("run", "../a/run", "elsewhere"),
}
DEFAULTS = {"--activation": "relu", "--init": "auto"}  # nothing is said, and that is the same
NEW = {"--width": "3", "--beta2": "0.5", "--l1": "0.1", "--dropout": "0.1"}
FREE = {"--memory": "2G", "--top": "3", "--networks": "9", "--time": "61"}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A folder that was begun, and what with."""
    begun_in = tmp_path_factory.mktemp("begun") / "a"
    begun_in.mkdir()
    before = Path.cwd()
    os.chdir(begun_in)
    (begun_in / "data.csv").write_text("price\n1\n")
    (begun_in / "s.db").touch()
    request, options = asked_by("data.csv", *(w for o in BEGUN for w in (o, BEGUN[o][0])))
    with saved_in(options.output, request):
        manifest = '{"settings": {"networks": 8, "time": 60.0}}'
        (options.output / "manifest.json").write_text(manifest)
    yield request
    os.chdir(before)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(
    same=st.sets(st.sampled_from([*BEGUN, *DEFAULTS])),
    free=st.sets(st.sampled_from([*FREE])),
    other=st.sets(st.sampled_from([*BEGUN]), max_size=2),
    new=st.sets(st.sampled_from([*NEW]), max_size=1),
)
def test_what_differs_is_refused_by_name(same, free, other, new, begun):
    words = {option: BEGUN[option][1] if option in BEGUN else DEFAULTS[option] for option in same}
    words |= {option: FREE[option] for option in free}
    words |= {option: BEGUN[option][2] for option in other}
    words |= {option: NEW[option] for option in new}
    arguments = ["--resume", "run", *(word for pair in words.items() for word in pair)]
    if not other | new:
        request, options = asked_by(*arguments)
        assert options.resume == Path("run")
        grown = {"networks": 9} if "--networks" in free else {}
        grown |= {"time": 61.0} if "--time" in free else {}
        assert vars(request) == vars(begun) | grown
        return
    with pytest.raises(ValueError, match="run was begun with ") as refused:
        asked_by(*arguments)
    named = str(refused.value).split()[0]
    assert named in other | new
    assert f"{named} {words[named]}: " in str(refused.value)
    before = BEGUN[named][0] if named in other else f"no {named}"
    if named != "--storage":  # which is told in full
        assert before in str(refused.value).split("was begun with")[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, None),
        (
            "batch_size = 32",
            "--space s.toml has --batch-size 32: run was begun with --batch-size 64",
        ),
        ("l1 = 0.1", "--space s.toml has --l1 0.1: run was begun with no --l1"),
    ],
)
def test_a_space_file_may_say_the_same(text, words, begun):
    dimensions = {"learning_rate": "1e-3:1e-1:log", "hidden": ["3", "2x2"], "batch_size": 64}
    dimensions |= {"optimizer": ["sgd", "adam"], "momentum": "0:0.9"}
    lines = [f"{name} = {json.dumps(values)}" for name, values in dimensions.items()]
    if text is not None:
        lines = [line for line in lines if line.split()[0] != text.split()[0]] + [text]
    Path("s.toml").write_text("\n".join(lines))
    if words is None:
        assert asked_by("--resume", "run", "--space", "s.toml")[0] == begun
        return
    with pytest.raises(ValueError, match=words):
        asked_by("--resume", "run", "--space", "s.toml")


def test_data_may_have_moved(begun):
    data, moved = Path("data.csv").resolve(), Path("moved.csv").resolve()
    assert begun.source == str(data)
    data.rename(moved)
    try:
        with pytest.raises(ValueError, match=r"data\.csv, which it was begun with, is no file: "):
            asked_by("--resume", "run")
        with pytest.raises(ValueError, match=r"--data nowhere\.csv is no file"):
            asked_by("--resume", "run", "--data", "nowhere.csv")
        with pytest.raises(ValueError, match=r"leave out moved\.csv, or give --data moved\.csv if"):
            asked_by("moved.csv", "--resume", "run")
        request = asked_by("--resume", "run", "--data", "moved.csv")[0]
        assert vars(request) == vars(begun) | {"source": str(moved)}
    finally:
        moved.rename(data)
    with pytest.raises(ValueError, match="--data iris is for --resume: give a file, or one of d"):
        asked_by("digits", "--data", "iris")


def test_data_to_test_with_may_have_moved(begun):
    command, moved = Path("run/command.json"), Path("data.csv").resolve()
    text = command.read_text()
    with pytest.raises(
        ValueError, match=r"--test-data data\.csv: run was begun with no --test-dat"
    ):
        asked_by("--resume", "run", "--test-data", "data.csv")
    command.write_text(text.replace('"test_data": null', '"test_data": "/gone/test.csv"'))
    try:
        with pytest.raises(
            ValueError, match=r"test\.csv, which .* the data are now, --test-data FI"
        ):
            asked_by("--resume", "run")
        with pytest.raises(ValueError, match=r"--test-data nowhere\.csv is no file"):
            asked_by("--resume", "run", "--test-data", "nowhere.csv")
        request = asked_by("--resume", "run", "--test-data", "data.csv")[0]
        assert vars(request) == vars(begun) | {"test_data": str(moved)}
    finally:
        command.write_text(text)


def test_a_storage_may_have_moved(begun):
    kept, moved = Path("s.db").resolve(), Path("run/moved.db")
    kept.rename(moved)
    try:
        with pytest.raises(ValueError, match=r"s\.db, which is not there: say where it is now"):
            asked_by("--resume", "run")
        request = asked_by("--resume", "run", "--storage", "sqlite:///run/moved.db")[0]
        assert vars(request) == vars(begun) | {"storage": "sqlite:///moved.db"}
    finally:
        moved.rename(kept)


def test_a_relative_storage_of_an_older_folder_is_found_or_asked_for(begun, monkeypatch):
    path = Path("run/command.json").resolve()
    text = path.read_text()
    path.write_text(text.replace(begun.storage, "sqlite:///s.db"))
    try:
        assert asked_by("--resume", "run")[0] == begun  # from where it was begun
        monkeypatch.chdir("run")
        with pytest.raises(ValueError, match=r"begun with --storage sqlite:///s\.db, which is not"):
            asked_by("--resume", ".")
    finally:
        path.write_text(text)


def test_a_sweep_goes_on_from_another_folder(houses, bpfast, tmp_path, monkeypatch):
    """Storage and data are where they were, or where the data have moved since."""
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
    from bpfast.reporting.reading import read_run

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

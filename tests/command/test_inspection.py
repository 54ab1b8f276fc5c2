"""A sweep's answer is inspected with rows that it was not trained on, again if need be."""

import numpy as np
import pytest

pytest.importorskip("polars")
pytest.importorskip("typer")
pytest.importorskip("optuna")

import polars as pl
from typed import SMALL, asked_by

from bpfast.command import inspection
from bpfast.command.data import prepare, read_dataset, read_test_dataset
from bpfast.command.inspection import sample_of
from bpfast.reporting import Inspection
from bpfast.reporting.inspection import predictor
from bpfast.reporting.inspection.inspecting import Sample
from bpfast.sweeps.run_folder import read_manifest

KINDS = ["--target", "kind", "--drop", "price", *SMALL]


@pytest.fixture
def swept(houses, bpfast, tmp_path):
    """A folder that a sweep left."""
    assert bpfast("sweep", houses, *KINDS, "--output", "run")[0] == 0
    return tmp_path / "run"


def sampled(*words):
    request, _ = asked_by(*words)
    dataset = read_dataset(request)
    test = read_test_dataset(request, dataset)
    data = prepare(dataset, test, request)
    return sample_of(dataset, test, data.rows, request.seed), data


@pytest.mark.parametrize(
    ("options", "part"),
    [([], "test"), (["--test", 0], "validation"), (["--cv", 2], "test")],
)
def test_rows_are_those_of_a_part(options, part, houses):
    sample, data = sampled(houses, *KINDS, *options)
    assert (sample.part, sample.out_of) == (part, len(data.rows[part]))
    assert sorted(sample.numbers - 1) == sorted(data.rows[part])
    own = pl.read_csv(houses)[sample.numbers - 1]
    assert sample.table["area"].to_list() == own["area"].to_list()
    assert np.array(data.classes)[sample.truth].tolist() == own["kind"].to_list()


def test_without_rows_that_are_held_out_all_are_looked_at(houses):
    sample, _ = sampled(houses, *KINDS, "--cv", 2, "--test", 0)
    assert (sample.part, sorted(sample.numbers)) == ("train", list(range(1, 81)))


def test_rows_without_a_target_and_those_of_test_data(houses, tmp_path):
    frame = pl.read_csv(houses)
    frame[::-1].write_csv(tmp_path / "test.csv")
    lacking = frame.with_columns(kind=pl.when(pl.int_range(80) % 7 > 0).then("kind"))
    lacking.write_csv(houses)
    sample, data = sampled(houses, *KINDS)
    own = lacking[sample.numbers - 1]
    assert sample.table["area"].to_list() == own["area"].to_list()
    assert np.array(data.classes)[sample.truth].tolist() == own["kind"].to_list()
    sample, _ = sampled(houses, *KINDS, "--test-data", tmp_path / "test.csv")
    assert sample.table["area"].to_list() == frame["area"][::-1][sample.numbers - 1].to_list()


def test_a_sweep_says_which_columns_matter(swept):
    found, said = Inspection.load(swept), read_manifest(swept)["ensemble"]
    assert found.score == pytest.approx(said["test_score"], rel=1e-6)
    assert (found.of, found.part, len(found.rows)) == ("ensemble", "test", 17)
    assert {*found.importance} == {"area", "colour"}
    assert found.curves == {}
    assert found.means["area"] > 0


def test_explain_adds_curves_to_the_same_numbers(swept, houses, bpfast, undrawn, tmp_path):
    before = Inspection.load(swept)
    (swept / "inspection.json").unlink()
    houses.rename(tmp_path / "moved.csv")
    code, out, err = bpfast("report", "run", "--explain")
    assert (code, out) == (2, "")
    assert "houses.csv, which it was begun with, is no file: say where the data are now, --" in err
    code, _, err = bpfast("report", "run", "--explain", "--data", "moved.csv")
    assert (code, err) == (0, "")
    found = Inspection.load(swept)
    assert (found.importance, found.rows) == (before.importance, before.rows)
    assert "area" in found.curves
    html = (swept / "report.html").read_text(encoding="utf-8")
    assert "Shuffling the values of area" in html
    assert (swept / "figures" / "dependence.svg").is_file()


def test_an_older_folder_has_its_best_network(swept, bpfast, undrawn):
    (swept / "ensemble.safetensors").unlink()
    assert bpfast("report", "run", "--explain")[0] == 0
    found, row = Inspection.load(swept), pl.read_csv(swept / "networks.csv").row(0, named=True)
    assert found.of == "best network"
    assert found.score == pytest.approx(row["test_score"], rel=1e-6)


def test_other_data_and_options_are_refused(swept, houses, bpfast):
    before = (swept / "inspection.json").read_bytes()
    pl.read_csv(houses).reverse().write_csv("other.csv")
    for options, words in {
        ("--explain", "--data", "other.csv"): "run was begun with other data: its X and y have the",
        ("--data", "other.csv"): "--data and --test-data are for --explain",
        ("--explain", "--test-data", "other.csv"): "run was begun with no --test-data",
    }.items():
        code, out, err = bpfast("report", "run", *options)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert words in err
    assert (swept / "inspection.json").read_bytes() == before
    (swept / "best.safetensors").unlink()
    code, _, err = bpfast("report", "run", "--explain")
    assert code == 2
    assert "run has no best.safetensors: no network has a score to be explained" in err


def test_what_would_take_long_is_left(houses, bpfast, tmp_path, monkeypatch):
    monkeypatch.setattr(inspection, "QUICK", 1e-9)
    assert bpfast("sweep", houses, *KINDS, "--output", "run")[0] == 0
    assert not (tmp_path / "run" / "inspection.json").exists()


def test_what_there_is_no_room_for_is_left(houses, bpfast, tmp_path, monkeypatch):
    def lacking(*_):
        raise MemoryError

    monkeypatch.setattr(predictor, "check_memory", lacking)
    assert bpfast("sweep", houses, *KINDS, "--output", "run")[0] == 0
    assert not (tmp_path / "run" / "inspection.json").exists()


@pytest.mark.parametrize(
    ("time", "seconds"), [(None, [2.0]), (600, [2.0]), (30, [0.5]), (20, []), (1, [])]
)
def test_it_takes_a_small_share_of_a_sweep_s_time(time, seconds, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(inspection, "_inspect", lambda *words, **_: given.append(words[-1]))
    (tmp_path / "best.safetensors").touch()
    request, _ = asked_by("diabetes", *([] if time is None else ["--time", time]))
    inspection.inspect_quickly(tmp_path, Sample("test", *[np.empty(0)] * 3, 0), request)
    assert given == pytest.approx([own * 5e10 for own in seconds])

"""``bpfast predict``: what it prints and writes is what the model says."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typed import SMALL

import bpfast as bp

pl = pytest.importorskip("polars")
pytest.importorskip("typer")
pytest.importorskip("safetensors")

NEW = "note,colour,kind,area\nx,red,,1.5\n,blue,,-2\ny,red,,0.25\n"


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

"""``bpfast predict``: what it prints and writes is what the model says."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ensembles import ensemble
from mixed_tables import model as mixed_model
from mixed_tables import new_rows
from typed import SMALL

import bpfast as bp
from bpfast.tables.encoding import fit

pl = pytest.importorskip("polars")
pytest.importorskip("typer")
pytest.importorskip("safetensors")

NEW = "note,colour,type,area\nx,red,,1.5\n,blue,,-2\ny,red,,0.25\n"
ROWS = pl.DataFrame({"colour": ["red", "blue", "red"], "area": [1.5, -2.0, 0.25]})
TARGETS = {
    "price": {"target_scaler": bp.Scaler(np.array(9.0), np.array(2.0))},
    "kind": {"classes": ["cheap", "dear"]},
}


@pytest.fixture
def saved(tmp_path):
    """Saves a model of houses, by their area and colour, and gives its file."""

    def save(target, columns=("area", "colour"), **changes):
        rng = np.random.default_rng(0)
        values = [rng.normal(size=80), rng.choice(["red", "blue"], 80)]
        table = pl.DataFrame(dict(zip(columns, values, strict=True)))
        fitted = fit(table, np.arange(80), np.arange(80) % 2, 2)
        outputs, loss = (1, "mse") if target == "price" else (2, "cross_entropy")
        network = bp.Population(bp.MLP((3, 4, outputs), loss=loss), init="torch")
        known = {"columns": fitted.encoding, **TARGETS[target], **changes}
        bp.Model(network, fitted.scaler, **known).save(path := tmp_path / "best.safetensors")
        return path

    return save


def test_predict_prints_the_first_rows(saved, bpfast, tmp_path):
    model = saved("kind")
    (tmp_path / "new.csv").write_text(NEW)
    code, out, err = bpfast("predict", model, "new.csv", "--top", 2)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["row", "prediction", "probability"]
    probabilities = bp.Model.load(model).predict_proba(ROWS)
    for k in range(2):
        named = ["cheap", "dear"][probabilities[k].argmax()]
        assert lines[1 + k] == [str(k + 1), named, f"{probabilities[k].max():.4f}"]
    assert out.splitlines()[3] == "2 of 3 rows: --top and --output give more"
    assert len(lines) == 4


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("target", ["price", "kind"])
def test_predict_writes_what_the_model_says(target, ending, saved, bpfast, tmp_path):
    model = bp.Model.load(path := saved(target))
    pl.read_csv(io.StringIO(NEW)).write_parquet(tmp_path / "new.parquet")
    code, out, err = bpfast("predict", path, "new.parquet", "--output", f"said.{ending}")
    assert code == 0, err
    assert out.endswith(f"all 3 rows: said.{ending}\n")
    said = getattr(pl, f"read_{ending}")(tmp_path / f"said.{ending}")
    assert said.height == 3
    if target == "price":
        assert said.columns == ["prediction"]
        np.testing.assert_allclose(said["prediction"], model.predict(ROWS), rtol=1e-6)
    else:
        assert said["prediction"].to_list() == model.predict(ROWS).tolist()
        assert said.columns[1:] == ["probability_cheap", "probability_dear"]
        chances = said.drop("prediction").to_numpy()
        np.testing.assert_allclose(chances, model.predict_proba(ROWS), rtol=1e-6)
    assert not [path for path in tmp_path.iterdir() if ".tmp." in path.name]


def test_predict_in_a_pipe(saved, bpfast, monkeypatch):
    model = saved("price")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NEW.encode())))
    code, out, err = bpfast("predict", model, "-", "--output", "-")
    assert (code, err) == (0, "")
    said = pl.read_csv(io.StringIO(out))
    expected = bp.Model.load(model).predict(ROWS)
    np.testing.assert_allclose(said["prediction"], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [("area\n1\n", "no column 'colour'"), ("area,colour\n", "standard input has no rows")],
)
def test_a_pipe_without_columns_or_rows_is_refused(text, words, saved, bpfast, monkeypatch):
    model = saved("price")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code, out, err = bpfast("predict", model, "-", "--output", "-")
    assert (code, out) == (2, "")
    assert words in err


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_pipe_that_has_read_enough_ends_quietly(saved, tmp_path):
    model = saved("price")
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
        assert process.wait(timeout=300) == 1


def test_predict_knows_the_built_in_data(bpfast, tmp_path):
    pytest.importorskip("sklearn")
    assert bpfast("sweep", "iris", *SMALL, "--output", tmp_path / "run")[0] == 0
    code, _, err = bpfast("predict", "run/best.safetensors", "iris", "--output", "said.csv")
    assert code == 0, err
    said = pl.read_csv(tmp_path / "said.csv")
    assert said.height == 150
    assert said.columns[1:] == [f"probability_{c}" for c in ("setosa", "versicolor", "virginica")]


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("new.csv", "area;colour\n1,5;red\n-2,0;blue\n0,25;red\n", []),
        ("new.tsv", "colour\tarea\n red\t1.5\nblue\t-2\n'red'\t0.25\n", []),
        ("new.TXT", "area|colour\n1,5|red\n-2|blue\n0,25|red\n", ["--separator", "|"]),
        ("new.csv", "area;colour\n1,500;red\n-2;blue\n0,250;red\n", ["--decimal", ","]),
        ("new.csv", "*by hand\narea,colour\n1.5,red\n-2,blue\n.25,red\n", ["--comment", "*"]),
    ],
)
def test_predict_reads_tables_as_people_have_them(name, text, options, saved, bpfast, tmp_path):
    model = saved("price")
    (tmp_path / name).write_text(text)
    code, _, err = bpfast("predict", model, name, *options, "--output", "said.csv")
    assert code == 0, err
    said = pl.read_csv(tmp_path / "said.csv")["prediction"]
    np.testing.assert_allclose(said, bp.Model.load(model).predict(ROWS), rtol=1e-6)


def test_a_table_without_a_header_has_columns_by_their_places(saved, bpfast, tmp_path):
    model = saved("price", columns=("column_1", "column_2"))
    (tmp_path / "new.csv").write_text("1.5,red\n-2,blue\n.25,red\n")
    code, _, err = bpfast("predict", model, "new.csv", "--no-header", "--output", "said.csv")
    assert code == 0, err
    rows = ROWS.rename({"area": "column_1", "colour": "column_2"})
    said = pl.read_csv(tmp_path / "said.csv")["prediction"]
    np.testing.assert_allclose(said, bp.Model.load(model).predict(rows), rtol=1e-6)


def test_holes_and_unknown_words_are_predicted_from(saved, bpfast, tmp_path):
    model = saved("price")
    (tmp_path / "new.csv").write_text("area,colour\nn/a,pink\n-9,\n1.5,red\n")
    options = ["--missing", "-9", "--missing", "none of these", "--output", "said.csv"]
    code, _, err = bpfast("predict", model, "new.csv", *options)
    assert code == 0, err
    rows = pl.DataFrame({"area": [None, None, 1.5], "colour": ["pink", None, "red"]})
    said = pl.read_csv(tmp_path / "said.csv")["prediction"]
    np.testing.assert_allclose(said, bp.Model.load(model).predict(rows), rtol=1e-6)


def test_labels_are_printed_with_their_probabilities(bpfast, tmp_path):
    mixed_model("labels").save(tmp_path / "best.safetensors")
    new_rows().write_csv(tmp_path / "new.csv")
    code, out, err = bpfast("predict", "best.safetensors", "new.csv", "--top", 2)
    assert (code, err) == (0, "")
    names = ["prediction_large", "prediction_colour", "probability_large", "probability_colour"]
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["row", *names]
    said = mixed_model("labels").predict(new_rows())
    assert [line[1:3] for line in lines[1:3]] == said[:2].tolist()


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("area\n1\n", [], "no column 'colour', which the model was trained with"),
        ("area,colour\n1,red\nlarge,red\n", [], "column 'area' has 'large' in row 2, expected num"),
        ("area,colour\n", [], "new.csv has no rows"),
        (NEW, ["--output", "said.txt"], "--output said.txt: expected a file that ends in .csv"),
        (NEW, ["--output", "no/said.csv"], "--output no/said.csv: there is no folder no"),
        (NEW, ["--top", "0"], "--top must be at least 1, got 0"),
        (NEW, ["--device", "gpu"], "--device gpu is not known"),
        (NEW, ["--decimal", "x"], "decimal 'x': expected"),
    ],
)
def test_predict_refuses_bad_input_in_one_line(text, options, words, saved, bpfast, tmp_path):
    model = saved("price")
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


# --- ensembles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["numbers", "classes"])
def test_an_ensemble_predicts_with_error_bars(kind, bpfast, tmp_path):
    ensemble(kind).save(tmp_path / "ensemble.safetensors")
    new_rows().write_csv(tmp_path / "new.csv")
    code, out, err = bpfast(
        *("predict", "ensemble.safetensors", "new.csv", "--quantiles", "0.05,0.95"),
        *("--output", "said.csv"),
    )
    assert (code, err) == (0, "")
    name = "prediction" if kind == "numbers" else "probability"
    bars = [f"{name}_std", f"{name}_quantile_0.05", f"{name}_quantile_0.95"]
    said = pl.read_csv(tmp_path / "said.csv")
    assert said.columns[-3:] == bars
    assert out.splitlines()[0].split()[-3:] == bars
    found = bp.Ensemble.load(tmp_path / "ensemble.safetensors").predict(new_rows())
    if kind == "numbers":
        np.testing.assert_allclose(said["prediction"], found, rtol=1e-6)
    else:
        assert said["prediction"].to_list() == found.tolist()


@pytest.mark.parametrize(
    ("answer", "levels", "words"),
    [
        ("model", "0.5", "--quantiles are of an ensemble's members"),
        ("ensemble", "half", "--quantiles half: expected levels from 0 to 1 with commas"),
        ("ensemble", "0.5,2", "--quantiles must be at least 0 and at most 1, got 2"),
    ],
)
def test_quantiles_that_cannot_be_are_refused(answer, levels, words, bpfast, tmp_path):
    made = ensemble("numbers") if answer == "ensemble" else mixed_model("numbers")
    made.save(tmp_path / "answer.safetensors")
    new_rows().write_csv(tmp_path / "new.csv")
    code, out, err = bpfast("predict", "answer.safetensors", "new.csv", "--quantiles", levels)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err

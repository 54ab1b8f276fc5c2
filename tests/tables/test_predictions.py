"""Predictions as a table: in files, on standard output and on a terminal."""

import io

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bpfast as bp

polars = pytest.importorskip("polars")
console = pytest.importorskip("rich.console")

from bpfast.tables.predictions import (  # noqa: E402
    check_output,
    print_predictions,
    tabulate,
    write_predictions,
)

X = np.random.default_rng(0).normal(size=(5, 2))


def model(loss="cross_entropy", outputs=3):
    network = bp.Population(bp.MLP((2, outputs), loss=loss), init="torch")
    return bp.Model(network, bp.Scaler.of(X), classes=["a", "b", "c"] if outputs == 3 else [])


def test_classes_stand_beside_all_probabilities():
    frame = tabulate(model(), X, "reference")
    assert frame.columns == ["prediction", "probability_a", "probability_b", "probability_c"]
    assert frame["prediction"].to_list() == model().predict(X, "reference").tolist()
    assert_allclose(frame.drop("prediction").to_numpy(), model().predict_proba(X, "reference"))


def test_numbers_stand_alone():
    frame = tabulate(model("mse", 1), X, "reference")
    assert frame.columns == ["prediction"]
    assert_allclose(frame["prediction"], model("mse", 1).predict(X, "reference"))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_hold_the_table(ending, tmp_path):
    frame, path = tabulate(model(), X, "reference"), tmp_path / f"out.{ending}"
    write_predictions(frame, str(path))
    assert getattr(polars, f"read_{ending}")(path).equals(frame)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_standard_output_gets_csv(capsys):
    frame = tabulate(model("mse", 1), X, "reference")
    write_predictions(frame, "-")
    assert capsys.readouterr().out == frame.write_csv()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("out.txt", r"--output out\.txt: expected a file that ends in \.csv or \.parquet"),
        ("nowhere/out.csv", "there is no folder nowhere"),
    ],
)
def test_outputs_that_cannot_be_written_are_refused(output, words):
    with pytest.raises(ValueError, match=words):
        check_output(output)


@pytest.mark.parametrize("output", [None, "-", "out.csv", "out.parquet"])
def test_outputs_that_can_be_written_are_not(output):
    check_output(output)


@pytest.mark.parametrize(
    ("output", "last"),
    [
        (None, "2 of 5 rows: --top and --output give more"),
        ("out.csv", "all 5 rows: out.csv"),
    ],
)
def test_a_terminal_shows_the_first_rows(output, last):
    frame, shown = tabulate(model(), X, "reference"), io.StringIO()
    print_predictions(console.Console(file=shown, width=80), frame, 2, output)
    lines = shown.getvalue().splitlines()
    assert lines[0].split() == ["row", "prediction", "probability"]
    greatest = frame.drop("prediction").max_horizontal()
    assert [line.split() for line in lines[1:3]] == [
        [str(k + 1), frame["prediction"][k], f"{greatest[k]:.4f}"] for k in range(2)
    ]
    assert lines[-1].strip() == last

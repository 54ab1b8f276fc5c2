"""Predictions as a table: in files, on standard output and on a terminal."""

import io

import numpy as np
import pytest
from mixed_tables import model as mixed_model
from mixed_tables import new_rows
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


def test_several_numbers_have_a_column_each():
    one, rows = mixed_model("outputs"), new_rows()
    frame = tabulate(one, rows, "reference")
    assert frame.columns == ["prediction_price", "prediction_tip"]
    assert_allclose(frame.to_numpy(), one.predict(rows, "reference"))


def test_several_numbers_without_names_are_counted():
    network = bp.Population(bp.MLP((2, 3)), init="torch")
    frame = tabulate(bp.Model(network, bp.Scaler.of(X)), X, "reference")
    assert frame.columns == ["prediction_1", "prediction_2", "prediction_3"]


def test_labels_stand_beside_their_probabilities():
    one, rows = mixed_model("labels"), new_rows()
    frame = tabulate(one, rows, "reference")
    predictions = ["prediction_large", "prediction_colour"]
    probabilities = ["probability_large", "probability_colour"]
    assert frame.columns == [*predictions, *probabilities]
    said = one.predict(rows, "reference")
    assert frame[predictions].rows() == [tuple(row) for row in said]
    assert_allclose(frame[probabilities].to_numpy(), one.predict_proba(rows, "reference"))


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


def test_a_terminal_shows_all_outputs():
    shown, terminal = io.StringIO(), console.Console(width=120)
    terminal.file = shown
    frame = tabulate(mixed_model("labels"), new_rows(), "reference")
    print_predictions(terminal, frame, 1, None)
    lines = [line.split() for line in shown.getvalue().splitlines()]
    assert lines[0] == ["row", *frame.columns]
    *names, large, colour = frame.row(0)
    assert lines[1] == ["1", *names, f"{large:.4f}", f"{colour:.4f}"]

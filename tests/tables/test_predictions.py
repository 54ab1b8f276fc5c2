"""Predictions as a table: in files, on standard output and on a terminal."""

import io

import numpy as np
import pytest
from ensembles import ensemble
from mixed_tables import model as mixed_model
from mixed_tables import new_rows
from numpy.testing import assert_allclose

import bpfast as bp

polars = pytest.importorskip("polars")
console = pytest.importorskip("rich.console")

from bpfast.tables.predictions import (  # noqa: E402
    check_output,
    check_quantiles,
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
    print_predictions(console.Console(file=shown, width=80), frame, 2, output, model().classes)
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


# --- ensembles ------------------------------------------------------------------------------------

LEVELS = (0.05, 0.95)


def test_numbers_of_an_ensemble_have_error_bars():
    found, rows = ensemble("numbers"), new_rows()
    frame = tabulate(found, rows, "reference", LEVELS)
    quantiles = ["prediction_quantile_0.05", "prediction_quantile_0.95"]
    assert frame.columns == ["prediction", "prediction_std", *quantiles]
    assert_allclose(frame["prediction"], found.predict(rows, "reference"))
    assert_allclose(frame["prediction_std"], found.predict_std(rows, "reference"))
    expected = found.predict_quantiles(rows, LEVELS, "reference")
    assert_allclose(frame[quantiles].to_numpy().T, expected)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("outputs", ["prediction_price", "prediction_tip"]),
        ("labels", ["probability_large", "probability_colour"]),
    ],
)
def test_each_output_of_an_ensemble_has_error_bars(kind, names):
    found, rows = ensemble(kind), new_rows()
    frame = tabulate(found, rows, "reference", [0.5])
    for k, name in enumerate(names):
        std = found.predict_std(rows, "reference")[:, k]
        assert_allclose(frame[f"{name}_std"], std)
        median = found.predict_quantiles(rows, 0.5, "reference")[:, k]
        assert_allclose(frame[f"{name}_quantile_0.5"], median)
    assert frame.columns[-4:] == [f"{n}{end}" for n in names for end in ("_std", "_quantile_0.5")]


def test_classes_of_an_ensemble_have_error_bars_of_their_probability():
    found, rows = ensemble("classes", temperature=2.0), new_rows()
    frame = tabulate(found, rows, "reference", LEVELS)
    chosen = found.outputs(rows, "reference").argmax(axis=1)
    every = np.arange(len(rows))
    std = found.predict_std(rows, "reference")
    assert_allclose(frame["probability_std"], std[every, chosen])
    _, high = found.predict_quantiles(rows, LEVELS, "reference")
    assert_allclose(frame["probability_quantile_0.95"], high[every, chosen])


def test_a_class_may_be_called_as_its_error_bar():
    found = ensemble("classes", classes=["std", "std_", "quantile_0.5"])
    frame = tabulate(found, new_rows(), "reference", [0.5, 0.5])
    assert frame.columns[4:] == [
        "probability_std__",
        "probability_quantile_0.5_",
        "probability_quantile_0.5__",
    ]


def test_a_terminal_shows_error_bars():
    shown, terminal = io.StringIO(), console.Console(width=150)
    terminal.file = shown
    for kind in ("classes", "numbers"):
        found = ensemble(kind)
        frame = tabulate(found, new_rows(), "reference", [0.95])
        print_predictions(terminal, frame, 1, None, found.classes)
    lines = [line.split() for line in shown.getvalue().splitlines()]
    bars = ["probability_std", "probability_quantile_0.95"]
    assert lines[0] == ["row", "prediction", "probability", *bars]
    frame = tabulate(ensemble(), new_rows(), "reference", [0.95])
    greatest = max(frame.row(0)[1:4])
    told = [greatest, *frame.select(bars).row(0)]
    assert lines[1] == ["1", frame["prediction"][0], *(f"{value:.4f}" for value in told)]
    assert lines[3] == ["row", "prediction", "prediction_std", "prediction_quantile_0.95"]
    frame = tabulate(ensemble("numbers"), new_rows(), "reference", [0.95])
    assert lines[4][1:] == [f"{value:.6g}" for value in frame.row(0)]


def test_a_single_network_has_no_quantiles():
    check_quantiles(model(), [])
    check_quantiles(ensemble(), LEVELS)
    with pytest.raises(ValueError, match="--quantiles are of an ensemble's members, and this"):
        check_quantiles(model(), LEVELS)
    with pytest.raises(ValueError, match="--quantiles must be at least 0 and at most 1, got 2"):
        check_quantiles(ensemble(), [2.0])

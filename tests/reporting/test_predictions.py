"""Predictions are read as the command writes them, of the part that says most."""

import numpy as np
import polars as pl
import pytest
from runs import make_run

from bpfast.reporting.predictions import read_predictions
from bpfast.reporting.reading import read_run

CLASSES, NUMBERS = {"classes": ["no", "yes"], "labels": {}}, {"classes": []}


def written(folder, **columns):
    head = {"row": [4, 2, 9], "part": ["test", "validation", "test"]}
    pl.DataFrame(head | columns).write_parquet(folder / "predictions.parquet")
    return folder


def test_classes(tmp_path):
    columns = {
        "truth": ["yes", "no", "no"],
        "prediction": ["yes", "no", "yes"],
        "probability_no": [0.25, 0.5, 0.0],
        "probability_yes": [0.75, 0.5, 1.0],
    }
    found = read_predictions(written(tmp_path, **columns), CLASSES)
    assert (found.part, found.names, len(found)) == ("test", ["no", "yes"], 2)
    assert found.rows.tolist() == [4, 9]
    assert found.truth.tolist() == [1, 0]
    np.testing.assert_array_equal(found.predicted, [[0.25, 0.75], [0.0, 1.0]])


def test_labels(tmp_path):
    columns = {
        "truth_wet": ["f", "t", "t"],
        "prediction_wet": ["f", "t", "f"],
        "probability_wet": [0.25, 0.5, 0.125],
        "truth_n": [0, 1, 1],
        "prediction_n": [0, 1, 1],
        "probability_n": [0.0, 1.0, 0.75],
    }
    manifest = {"classes": [], "labels": {"wet": ["f", "t"], "n": ["0", "1"]}}
    found = read_predictions(written(tmp_path, **columns), manifest)
    assert found.names == ["wet", "n"]
    np.testing.assert_array_equal(found.truth, [[0, 0], [1, 1]])
    np.testing.assert_array_equal(found.predicted, [[0.25, 0.0], [0.125, 0.75]])


@pytest.mark.parametrize("names", [[], ["price", "area_truth_x"]])
def test_numbers(names, tmp_path):
    ends = [f"_{name}" for name in names] or [""]
    columns = {}
    for k, end in enumerate(ends):
        columns |= {f"truth{end}": [1.5 + k, 2.0, 3.0], f"prediction{end}": [0.5, 2.0, 2.5 + k]}
    found = read_predictions(written(tmp_path, **columns), NUMBERS)
    assert found.names == (names or [""])
    np.testing.assert_array_equal(found.truth[:, -1], [0.5 + len(ends), 3.0])
    np.testing.assert_array_equal(found.predicted[:, 0], [0.5, 2.5])


def test_a_part_to_look_at_is_tested_or_ranked_by(tmp_path):
    assert read_predictions(tmp_path, NUMBERS) is None
    frame = {"row": [1], "truth": [1.0], "prediction": [2.0]}
    for part, expected in (("train", None), ("validation", "validation")):
        pl.DataFrame(frame | {"part": [part]}).write_parquet(tmp_path / "predictions.parquet")
        found = read_predictions(tmp_path, NUMBERS)
        assert (found and found.part) == expected


@pytest.mark.parametrize("content", [b"no parquet", None])
def test_a_damaged_file_is_named(content, tmp_path):
    make_run(tmp_path, 3)
    path = tmp_path / "predictions.parquet"
    if content is None:
        pl.read_parquet(path).drop("probability_3").write_parquet(path)
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=r"predictions\.parquet cannot be read"):
        read_run(tmp_path)


def test_a_run_has_its_predictions(tmp_path):
    run = read_run(make_run(tmp_path, 3, classes=["a", "b", "c"]))
    assert (run.kind, run.outputs, run.predictions.part) == ("classes", 3, "test")
    (tmp_path / "predictions.parquet").unlink()
    assert read_run(tmp_path).predictions is None

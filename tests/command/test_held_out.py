"""``predictions.parquet``: what the model predicts for rows of the file, beside what they say."""

import numpy as np
import pytest

pytest.importorskip("typer")
pytest.importorskip("safetensors")
pytest.importorskip("optuna")

import polars as pl
from typed import SMALL

import bpfast as bp


@pytest.mark.parametrize("target", ["price", "kind", "price,area"])
def test_every_row_can_be_recomputed(target, houses, bpfast, tmp_path):
    asked = ["sweep", houses, "--target", target, *SMALL, "--output", tmp_path / "run"]
    code, _, err = bpfast(*asked)
    assert code == 0, err
    predicted = pl.read_parquet(tmp_path / "run" / "predictions.parquet")
    assert predicted["part"].value_counts(sort=True)["part"].sort().to_list() == [
        "test",
        "validation",
    ]
    assert predicted["row"].is_unique().all()
    table = pl.read_csv(houses)[predicted["row"] - 1]
    model = bp.Model.load(tmp_path / "run" / "best.safetensors")
    names = target.split(",")
    ends = [""] if len(names) == 1 else [f"_{name}" for name in names]
    expected = np.atleast_2d(model.predict(table).T)
    for name, end, own in zip(names, ends, expected, strict=True):
        truth, prediction = predicted[f"truth{end}"], predicted[f"prediction{end}"]
        if name == "kind":
            assert truth.to_list() == table[name].to_list()
            assert prediction.to_list() == own.tolist()
        else:
            np.testing.assert_allclose(truth, table[name])
            np.testing.assert_allclose(prediction, own, rtol=1e-4, atol=1e-5)


def test_labels_are_told_by_their_words(houses, bpfast, tmp_path):
    frame = pl.read_csv(houses).with_columns(large=pl.col("area") > 0).drop("price")
    frame.write_csv(tmp_path / "labels.csv")
    asked = ["sweep", tmp_path / "labels.csv", "--target", "kind,large", "--drop", "area", *SMALL]
    code, _, err = bpfast(*asked, "--output", tmp_path / "run")
    assert code == 0, err
    predicted = pl.read_parquet(tmp_path / "run" / "predictions.parquet")
    assert set(predicted["truth_kind"]) <= {"cheap", "dear"}
    rows = frame[predicted["row"] - 1]
    assert (predicted["truth_kind"] == rows["kind"]).all()
    assert predicted["probability_kind"].is_between(0, 1).all()


def test_rows_of_a_cross_validation_are_those_of_the_test(houses, bpfast, tmp_path):
    asked = ["sweep", houses, "--target", "kind", *SMALL, "--cv", 3, "--output"]
    assert bpfast(*asked, tmp_path / "run")[0] == 0
    assert set(pl.read_parquet(tmp_path / "run" / "predictions.parquet")["part"]) == {"test"}
    assert bpfast(*asked, tmp_path / "none", "--test", 0)[0] == 0
    assert not (tmp_path / "none" / "predictions.parquet").exists()

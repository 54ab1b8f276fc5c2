"""The files of results that ``bpfast sweep`` leaves."""

import pytest
from typed import SMALL

import bpfast as bp

pl = pytest.importorskip("polars")
pytest.importorskip("typer")
pytest.importorskip("safetensors")


SHOWN = {"neg_root_mean_squared_error": "RMSE", "neg_log_loss": "log loss"}


@pytest.mark.parametrize(
    ("target", "metric"), [("price", "neg_root_mean_squared_error"), ("kind", "neg_log_loss")]
)
def test_sweep_prints_and_writes_what_it_found(target, metric, houses, bpfast, tmp_path):
    folder = tmp_path / "results"
    code, out, err = bpfast("sweep", houses, "--target", target, *SMALL, "--output", folder)
    assert code == 0, err
    for words in ("80 rows", f"best by validation {SHOWN[metric]}", "6 networks in", str(folder)):
        assert words in out
    table = pl.read_csv(folder / "networks.csv")
    assert table.height == 6
    assert table["validation_score"].is_sorted(descending=True)
    best = bp.Model.load(folder / "best.safetensors")
    assert best.classes == (["cheap", "dear"] if target == "kind" else [])
    assert best.encoding.features[:3] == ["area", "colour=blue", "colour=red"]
    assert best.metric == metric
    assert len(best.scaler.mean) == len(best.encoding.features)
    assert bp.Population.load(folder / "best.safetensors").mlp == best.population.mlp
    assert sorted(path.name for path in folder.iterdir() if path.name != ".lock") == [
        "best.safetensors",
        "command.json",
        "ensemble.safetensors",
        "inspection.json",
        "losses.parquet",
        "manifest.json",
        "networks.csv",
        "parts",
        "predictions.parquet",
        "study.db",
    ]  # nothing temporary is left


def test_an_ensemble_of_an_array_with_names_encodes_each_fold_once(bpfast, tmp_path):
    """Whatever the number encodings: they come after it, and share it in the file, too."""
    folder = tmp_path / "results"
    more = ["--cv", "2", "--networks", "20", "--epochs", "9", "--number-encoding"]
    more += ["scaled,quantile,piecewise4", "--output", folder]
    code, _, err = bpfast("sweep", "iris", *SMALL, *more)
    assert code == 0, err
    ensemble = bp.Ensemble.load(folder / "ensemble.safetensors")
    assert ensemble.encoding.columns[0].name == "sepal length (cm)"
    assert len({id(own.encoding) for own in ensemble.inputs}) == 2 < len(ensemble.inputs)

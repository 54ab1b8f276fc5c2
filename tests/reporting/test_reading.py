"""What is read of a sweep's folder, and which folders are refused."""

import numpy as np
import polars as pl
import pytest
from pages import study_of
from runs import make_run

from bpfast.reporting.reading import read_run
from bpfast.reporting.report import write_report


def test_networks_are_matched_by_their_numbers(tmp_path):
    run = read_run(make_run(tmp_path, 40))
    network = run.table["network"]
    assert len(run) == 40
    assert (network != np.arange(40)).any()
    by_network = pl.read_parquet(tmp_path / "losses.parquet").sort("network")["loss"].to_list()
    np.testing.assert_array_equal(run.losses, np.array(by_network)[network])
    trials = {trial.user_attrs["network"]: trial for trial in study_of(tmp_path).trials}
    zero = min(trial.datetime_start for trial in trials.values())
    for place, number in enumerate(network):
        trial = trials[number]
        assert run.started[place] == (trial.datetime_start - zero).total_seconds()
        assert run.ended[place] == (trial.datetime_complete - zero).total_seconds()
    assert np.isfinite(run.scores).sum() == (~run.table["diverged"]).sum() < 40


def test_losses_may_be_of_some_epochs_and_of_other_lengths(tmp_path):
    make_run(tmp_path, 3, epochs=10, diverged=0)
    losses = {"network": [0, 2], "loss": [[3.0, 2.0, 1.0], [3.0, float("inf")]]}
    pl.DataFrame(losses).write_parquet(tmp_path / "losses.parquet")
    run = read_run(tmp_path)
    assert run.epochs.tolist() == [4, 8, 10]
    by_network = run.losses[np.argsort(run.table["network"])]
    nan = np.nan
    np.testing.assert_array_equal(by_network, [[3, 2, 1], [nan, nan, nan], [3, nan, nan]])


@pytest.mark.parametrize("lost", ["manifest.json", "networks.csv", "losses.parquet", "study.db"])
def test_a_folder_that_lacks_a_file_is_refused(lost, bpfast, tmp_path):
    folder = make_run(tmp_path / "run", 5)
    (folder / lost).unlink()
    code, out, err = bpfast("report", "run")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"bpfast: run lacks {lost}" in err
    assert not (folder / "figures").exists()
    assert not (folder / lost).exists()  # SQLite makes what it is asked to open


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("manifest.json", b"{", "is not JSON"),
        ("manifest.json", b"{}", "lacks bpfast, data, rows"),
        ("networks.csv", b"", "cannot be read"),
        ("networks.csv", b"network,loss\n1,2\n", "lacks validation_score, epochs, diverged"),
        ("losses.parquet", b"no parquet", "cannot be read"),
        ("study.db", b"no database", "study 'bpfast' cannot be read from"),
    ],
)
def test_a_file_that_is_damaged_is_named(name, content, words, tmp_path):
    make_run(tmp_path, 5)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words) as refused:
        write_report(tmp_path)
    assert name in str(refused.value)
    assert not (tmp_path / "report.html").exists()

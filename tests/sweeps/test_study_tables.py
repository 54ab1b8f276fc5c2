"""Trials that are written to a database's tables: Optuna reads them as its own."""

import warnings

import pytest
from sweeps import STUDY_SPACE, by_network, halved_sweep, study_sweep

from bpfast.sweeps import study_tables

optuna = pytest.importorskip("optuna")


@pytest.mark.parametrize("by", ["tables", "optuna"])
def test_optuna_reads_what_a_sweep_kept(by, tmp_path, monkeypatch):
    if by == "optuna":
        monkeypatch.setattr(study_tables.StudyTables, "of", lambda *_: None)
    url = f"sqlite:///{tmp_path / 'study.db'}"
    space = STUDY_SPACE | {
        "learning_rate": [1e-2, 1e9],
        "optimizer": "sgd",
        "hidden": [2, "30x30x30"],
    }
    table = study_sweep(space=space, epochs=20, storage=url).table
    study = optuna.load_study(study_name="bpfast", storage=url)
    assert sorted(trial.number for trial in study.trials) == list(range(20))
    rows = {name: dict(zip(table["network"], table[name], strict=True)) for name in table}
    assert table["diverged"].any()
    for trial in study.trials:
        network = trial.user_attrs["network"]
        assert by == "optuna" or trial.number == network
        expected = "PRUNED" if rows["diverged"][network] else "COMPLETE"
        assert trial.state.name == expected
        assert trial.datetime_complete >= trial.datetime_start
        for name in ("learning_rate", "hidden", "batch_size", "momentum"):
            assert trial.params[name] == rows[name][network]
        assert trial.user_attrs["epochs"] == rows["epochs"][network]
        if expected == "COMPLETE":
            assert trial.value == rows["validation_score"][network]
            assert trial.user_attrs["test_score"] == rows["test_score"][network]
    assert study.best_trial.user_attrs["network"] == table["network"][0]
    assert optuna.importance.get_param_importances(study).keys() <= set(STUDY_SPACE)


def test_optuna_reads_the_scores_of_folds(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    table = study_sweep(cv=3, storage=url).table
    study = optuna.load_study(study_name="bpfast", storage=url)
    names = ["validation_std", *(f"split{k}_validation_score" for k in range(3))]
    rows = {name: dict(zip(table["network"], table[name], strict=True)) for name in table}
    for trial in study.trials:
        network = trial.user_attrs["network"]
        assert trial.value == rows["validation_score"][network]
        assert [trial.user_attrs[name] for name in names] == [rows[name][network] for name in names]
        assert "test_score" not in trial.user_attrs  # that is the winner's, once all are told


def test_optuna_sees_rungs_and_cuts(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    epochs = by_network(halved_sweep(halving="successive", storage=url), "epochs")
    for trial in optuna.load_study(study_name="bpfast", storage=url).trials:
        ran = epochs[trial.number]
        assert trial.state.name == ("COMPLETE" if ran == 9 else "PRUNED")
        assert sorted(trial.intermediate_values) == [rung for rung in (1, 3) if rung <= ran]


def test_optunas_own_plots_open_a_study(tmp_path):
    plots = pytest.importorskip("optuna.visualization.matplotlib")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    url = f"sqlite:///{tmp_path / 'study.db'}"
    halved_sweep(halving="successive", storage=url)
    study = optuna.load_study(study_name="bpfast", storage=url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna's: they may change, and layouts of old names
        history = plots.plot_optimization_history(study)
        steps = plots.plot_intermediate_values(study)
        for plot in (plots.plot_parallel_coordinate, plots.plot_slice, plots.plot_timeline):
            plot(study)
    assert sum(len(points.get_offsets()) for points in history.collections) == 4  # not cut
    assert len(steps.lines) == 40
    pyplot.close("all")

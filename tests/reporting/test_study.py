"""What is taken from a sweep's study: times, and importance."""

import json

import numpy as np
import optuna
import pytest
from pages import edit, study_of
from runs import make_run

from bpfast.reporting import importance
from bpfast.reporting.reading import read_run
from bpfast.reporting.report import write_report


def test_importance_is_optunas(tmp_path):
    run = read_run(make_run(tmp_path, 60, varied=("learning_rate", "l2", "batch_size")))
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    expected = optuna.importance.get_param_importances(study_of(tmp_path), evaluator=evaluator)
    assert run.importance == pytest.approx(expected)
    assert run.by_importance[0] == next(iter(run.importance)) == "learning_rate"
    assert sum(run.importance.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"varied": ("learning_rate",)}, "only learning_rate differs"),
        ({"varied": ()}, "nothing differs"),
        ({"networks": 9}, "fewer than 10 networks"),
        ({"diverged": 1.1}, "fewer than 10 networks"),
    ],
)
def test_why_there_is_no_importance(options, words, tmp_path):
    run = read_run(make_run(tmp_path, **{"networks": 20} | options))
    assert run.importance == {}
    assert words in run.no_importance
    assert words in importance.caption(run).sentence


def test_equal_scores_have_no_importance(tmp_path):
    make_run(tmp_path, 20, diverged=0)
    edit(tmp_path, validation_score=[0.5] * 20)
    assert "have the same" in read_run(tmp_path).no_importance


def test_a_study_in_another_storage_is_read_there(tmp_path):
    folder = make_run(tmp_path / "run", 5)
    moved = tmp_path / "elsewhere.db"
    (folder / "study.db").rename(moved)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["storage"] = f"sqlite:///{moved}"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert np.isfinite(read_run(folder).ended).all()


def test_a_password_is_not_told(tmp_path):
    url = "postgresql://someone:secret@localhost:1/studies"
    make_run(tmp_path, 5, storage=url)
    with pytest.raises(ValueError, match="cannot be read from the sweep's storage") as refused:
        write_report(tmp_path)
    assert "secret" not in str(refused.value)

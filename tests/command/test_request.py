"""The request of a sweep: where it is from, and the file that keeps it."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

pytest.importorskip("typer")

from typed import asked_by

from bpfast.command.request import read_request, saved_in
from bpfast.tables.reading.sources import BUILT_IN


def test_built_in_data_are_no_file_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(BUILT_IN[0]).write_text("price\n1\n")
    assert asked_by(BUILT_IN[0])[0].source == BUILT_IN[0]


def test_a_folder_without_a_request_cannot_be_resumed(bpfast, tmp_path):
    for text, words in ((None, "run has no command.json: bpfast"), ("{}", "is not what bpfast sw")):
        if text is not None:
            (tmp_path / "run").mkdir()
            (tmp_path / "run" / "command.json").write_text(text)
        code, _, err = bpfast("sweep", "--resume", "run")
        assert (code, err.count("\n")) == (2, 1)
        assert words in err


@pytest.mark.parametrize("begun", [False, True])
def test_a_refused_sweep_leaves_its_folder_as_it_was(begun, tmp_path):
    request, folder = asked_by("iris")[0], tmp_path / "new" / "run"

    def sweep():
        with saved_in(folder, request):
            assert json.loads((folder / "command.json").read_text()) == asdict(request)
            if begun:
                (folder / "manifest.json").write_text('{"settings": {"networks": 12}}')
            raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        sweep()
    assert (tmp_path / "new").exists() == begun
    if begun:  # as far as it came, it can be resumed
        assert read_request(folder) == asked_by("iris", "--networks", 12)[0]


@pytest.mark.parametrize("folds", [None, 5])
def test_a_request_of_before_means_what_it_did(folds, tmp_path):
    """Networks were ranked by accuracy or R², and by folds whatever the share of validation was."""
    said = asdict(asked_by("iris", "--validation", "0.3")[0]) | {"cv": folds}
    new = ("metric", "missing", "drop", "split", "test_data", "target_transform", "time_column")
    before = {name: value for name, value in said.items() if name not in new} | {"time": "sold"}
    (tmp_path / "command.json").write_text(json.dumps(before))
    (tmp_path / "manifest.json").write_text('{"settings": {"networks": 1024}}')
    request = read_request(tmp_path)
    assert request.metric == "score"
    assert request.validation == (0.3 if folds is None else None)
    assert (request.split, request.target_transform) == ("random", "none")
    assert (request.time, request.time_column) == (None, "sold")

"""An ensemble's file: what is in it, and files that are none."""

import json

import numpy as np
import pytest
import safetensors.numpy
from ensembles import ensemble, member
from mixed_tables import model as mixed_model
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast.files import read_tensors, write_tensors
from bpfast.tables.ensemble_file import read_ensemble, write_ensemble

pytest.importorskip("polars")


def written(members, path):
    write_ensemble(path, members, {"classes": [], "score": np.nan})
    tensors, metadata = read_tensors(path)
    return tensors, json.loads(metadata["ensemble"])


def test_what_members_share_is_written_once(tmp_path):
    members = [
        member("numbers", fold + 2 * k, fold, encoding, weight=0.125)
        for fold in (0, 1)
        for encoding in ("scaled", "quantile")
        for k in (0, 1)
    ]
    tensors, described = written(members, tmp_path / "e.safetensors")
    assert len(described["encodings"]) == 2
    assert len(described["inputs"]) == 4
    assert described["expansions"] == ["quantile", "quantile"]
    assert len(described["members"]) == 8
    # those of one architecture, whatever their inputs are
    widths = {own.population.mlp.layers for own in members}
    assert len(described["networks"]) == len(widths)
    stacks = [tensors[f"networks.{k}.weights.0"] for k in range(len(widths))]
    assert sum(len(stack) for stack in stacks) == 8
    assert not [name for name in tensors if not name.startswith(("networks.", "expansions."))]


def test_members_come_back_in_their_order(tmp_path):
    found = ensemble("outputs", members=7, folds=3)
    known = {"classes": [], "score": 0.5, "temperature": 2.0}
    write_ensemble(tmp_path / "e.safetensors", found.members, known)
    members, again = read_ensemble(tmp_path / "e.safetensors")
    assert again == known
    for one, other in zip(members, found.members, strict=True):
        assert one[:3] == other[:3]
        assert one.population.mlp == other.population.mlp
        assert_array_equal(one.population.parameters, other.population.parameters)
        assert one.inputs.encoding == other.inputs.encoding
        assert one.inputs.expansion == other.inputs.expansion
        assert_array_equal(one.target_scaler.mean, other.target_scaler.mean)


def test_a_score_need_not_be_known(tmp_path):
    _, described = written([member("numbers", 0)], tmp_path / "e.safetensors")
    assert described["score"] is None
    assert np.isnan(read_ensemble(tmp_path / "e.safetensors")[1]["score"])


def test_where_writing_fails_the_old_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "e.safetensors"
    ensemble("numbers").save(path)
    before = path.read_bytes()

    def fail(tensors, new, metadata):
        new.write_bytes(b"ha")
        raise OSError("no space left on device")

    monkeypatch.setattr(safetensors.numpy, "save_file", fail)
    with pytest.raises(OSError, match="no space left"):
        ensemble("counts").save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_files_that_are_no_ensembles_are_refused_in_words(tmp_path):
    path = tmp_path / "x.safetensors"
    mixed_model().save(path)
    with pytest.raises(ValueError, match=r"is not an ensemble's: use bpfast\.Model\.load"):
        bp.Ensemble.load(path)
    bp.Population(bp.MLP((2, 1))).save(path)
    with pytest.raises(ValueError, match=r"is not an ensemble's: use bpfast\.Population\.load"):
        bp.Ensemble.load(path)
    write_tensors(path, {"a": np.zeros(3)}, {})
    with pytest.raises(ValueError, match=r"is no ensemble: Ensemble\.save and bpfast sweep write"):
        bp.Ensemble.load(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        bp.Ensemble.load(tmp_path / "nowhere")

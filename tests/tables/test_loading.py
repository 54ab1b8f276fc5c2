"""A sweep's answers read from their files."""

import numpy as np
import pytest
from ensembles import ensemble
from mixed_tables import model as mixed_model

import bpfast as bp
from bpfast.files import write_tensors
from bpfast.tables.loading import load

pytest.importorskip("polars")


@pytest.mark.parametrize("answer", [ensemble("numbers"), mixed_model("numbers")])
def test_what_was_saved_is_loaded(answer, tmp_path):
    answer.save(tmp_path / "answer.safetensors")
    assert type(load(tmp_path / "answer.safetensors")) is type(answer)


def test_other_files_are_refused_in_words(tmp_path):
    path = tmp_path / "x.safetensors"
    bp.Population(bp.MLP((2, 1))).save(path)
    with pytest.raises(ValueError, match="is no model"):
        load(path)
    write_tensors(path, {"a": np.zeros(3)}, {})
    with pytest.raises(ValueError, match="is no model"):
        load(path)
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match="is not a safetensors file"):
        load(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")

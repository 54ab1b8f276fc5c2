"""Populations in files: saved whole or not at all, loaded, and what is refused."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy
from fits import same
from numpy.testing import assert_array_equal

import bpfast as bp

MLP = bp.MLP((3, 4, 2))
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(10, 3)), RNG.normal(size=(10, 2))


def population(mlp=MLP, seed=0, dtype="float32"):
    """Networks none of whose numbers are alike."""
    return bp.Population(mlp, 5, seed, "torch", dtype)


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "mlp",
    [
        MLP,
        bp.MLP((3, 4, 2), bias=False),
        bp.MLP((3, 4, 5, 2), activation=("tanh", "silu"), loss="cross_entropy"),
        bp.MLP((3, 2), loss="quantile", quantile=np.float32(0.1), bias=np.True_),
        bp.MLP((3, 4, 2), loss="huber", delta=0.3),
    ],
)
def test_what_is_saved_is_loaded(tmp_path, mlp, dtype):
    networks = population(mlp=mlp, dtype=dtype)[[4, 1]]
    networks.save(tmp_path / "p.safetensors")
    same(bp.Population.load(str(tmp_path / "p.safetensors")), networks)
    assert names(tmp_path) == ["p.safetensors"]


def test_what_is_not_finite_is_loaded_too(tmp_path):
    networks = population()
    networks.weights[0][1, 2, 3] = np.nan
    networks.save(tmp_path / "p.safetensors")
    same(bp.Population.load(tmp_path / "p.safetensors"), networks)


def test_training_goes_on_from_a_file_as_if_nothing_had_been(tmp_path):
    networks = population()
    networks.save(tmp_path / "p.safetensors")
    loaded = bp.Population.load(tmp_path / "p.safetensors")
    for one in (networks, loaded):
        bp.fit(one, X, Y, bp.Adam(), epochs=2, batch_size=4, dropout=0.5)
    same(loaded, networks)


def test_a_file_is_plain_safetensors(tmp_path):
    networks = population()
    networks.save(tmp_path / "p.safetensors")
    tensors = safetensors.numpy.load_file(tmp_path / "p.safetensors")
    assert set(tensors) == {"weights.0", "weights.1", "biases.0", "biases.1", "seeds"}
    assert_array_equal(tensors["weights.1"], networks.weights[1])
    with safetensors.safe_open(tmp_path / "p.safetensors", framework="numpy") as file:
        assert json.loads(file.metadata()["mlp"])["layers"] == [3, 4, 2]


def test_saving_replaces_a_file_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "p.safetensors"
    old, new = population(), population(seed=1)
    old.save(path)

    def full_disk(tensors, file, metadata):
        Path(file).write_bytes(b"half of it")
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(safetensors.numpy, "save_file", full_disk)
        with pytest.raises(OSError, match="no space left"):
            new.save(path)
    same(bp.Population.load(path), old)
    assert names(tmp_path) == ["p.safetensors"]
    new.save(path)
    same(bp.Population.load(path), new)


def test_a_file_that_cannot_be_written_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match=r"p\.safetensors cannot be written"):
        population().save(tmp_path / "nowhere" / "p.safetensors")
    with pytest.raises(OSError, match=r"[Dd]irectory"):
        population().save(tmp_path)
    assert not names(tmp_path)


def test_files_that_are_no_populations_are_refused_in_words(tmp_path):
    path = tmp_path / "p.safetensors"
    with pytest.raises(FileNotFoundError, match=r"p\.safetensors"):
        bp.Population.load(path)
    for content in (b"", b"something else altogether"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is not a safetensors file"):
            bp.Population.load(path)
    population().save(path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="is not a safetensors file"):
        bp.Population.load(path)
    safetensors.numpy.save_file({"weights.0": np.zeros(3)}, path)
    with pytest.raises(ValueError, match="was not written by Population"):
        bp.Population.load(path)


def test_files_need_safetensors_and_say_so(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r'pip install "bpfast\[export\]"'):
        population().save(tmp_path / "p.safetensors")
    with pytest.raises(ImportError, match=r'pip install "bpfast\[export\]"'):
        bp.Population.load(tmp_path / "p.safetensors")

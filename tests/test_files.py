"""Files that are there whole or not at all."""

import os

import numpy as np
import pytest

from bpfast import files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_gets_its_name_once_it_is_whole(tmp_path):
    path = tmp_path / "table.csv"
    seen = []

    def write(temporary):
        temporary.write_text("new")
        seen.append((temporary.suffix, names(tmp_path), path.exists()))

    files.write_whole(path, write)
    assert path.read_text() == "new"
    assert names(tmp_path) == ["table.csv"]
    assert seen == [(".csv", [f".{os.getpid()}.tmp.table.csv"], False)]


def test_where_writing_fails_the_old_file_stays(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail(temporary):
        temporary.write_text("ha")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space left"):
        files.write_whole(path, fail)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_text_and_json_are_written_whole(tmp_path):
    files.write_text(tmp_path / "a.txt", "café\n")
    assert (tmp_path / "a.txt").read_bytes() == "café\n".encode()
    files.write_json(tmp_path / "a.json", {"a": [1]})
    assert (tmp_path / "a.json").read_text() == '{\n "a": [\n  1\n ]\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "a.json", {"a": float("nan")})
    assert names(tmp_path) == ["a.json", "a.txt"]


def test_leftovers_of_killed_processes_are_removed(tmp_path):
    for name in (".17.tmp.best.safetensors", "best.safetensors", ".hidden"):
        (tmp_path / name).write_text("")
    files.remove_leftovers(tmp_path)
    assert names(tmp_path) == [".hidden", "best.safetensors"]


def test_folders_that_were_made_can_be_removed_again(tmp_path):
    deep = tmp_path / "a" / "b" / "c"
    made = files.make_folders(deep)
    assert made == [deep, deep.parent, deep.parent.parent]
    assert files.make_folders(deep) == []
    (tmp_path / "a" / "kept").write_text("")
    files.remove_empty(made)
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == ["kept"]


def test_where_a_folder_cannot_be_made_none_is(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        files.make_folders(tmp_path / "file" / "a" / "b")
    assert names(tmp_path) == ["file"]


def test_tensors_come_back_with_their_metadata(tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "x.safetensors"
    tensors = {"a": np.arange(6.0).reshape(2, 3).T, "b": np.array([1], np.uint64)}
    files.write_tensors(path, tensors, {"format": "a test"})
    found, metadata = files.read_tensors(path)
    assert metadata == files.read_metadata(path) == {"format": "a test"}
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(found[name], tensor)
        assert found[name].dtype == tensor.dtype


def test_what_holds_no_tensors_is_refused_in_words(tmp_path):
    pytest.importorskip("safetensors")
    with pytest.raises(IsADirectoryError, match="is a folder, expected a safetensors file"):
        files.read_tensors(tmp_path)
    (tmp_path / "x").write_bytes(b"something else")
    with pytest.raises(ValueError, match="is not a safetensors file"):
        files.read_tensors(tmp_path / "x")
    with pytest.raises(ValueError, match="is not a safetensors file"):
        files.read_metadata(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        files.read_tensors(tmp_path / "nowhere")

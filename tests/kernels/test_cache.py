"""Where compiled kernels lie."""

from pathlib import Path

import pytest

from bpfast.kernels import cache


@pytest.fixture(autouse=True)
def _ask_anew():
    cache.cache_folder.cache_clear()
    yield
    cache.cache_folder.cache_clear()


def test_the_folder_is_the_users_and_named_after_the_kernels(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    expected = tmp_path / "bpfast" / f"kernels-{cache.contents()}"
    assert Path(cache.cache_folder()) == expected
    assert expected.is_dir()
    assert not list(expected.iterdir())


def test_without_a_folder_that_can_be_written_there_is_none(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    assert cache.cache_folder() is None
    assert "compiled anew in every process" in caplog.text


def test_contents_are_a_hash():
    assert len(cache.contents()) == 16
    int(cache.contents(), 16)

"""Where compiled kernels lie, and which of them are used."""

import logging
from pathlib import Path

import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.kernels import cache

NAME = "level/function.o"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The user's cache folder, and a package without compiled kernels."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cache, "PACKAGED", tmp_path / "packaged")
    monkeypatch.setattr(cache, "_warned", [])
    cache.cache_folder.cache_clear()
    yield tmp_path / "bpfast" / f"kernels-{cache.contents()}"
    cache.cache_folder.cache_clear()


def block(monkeypatch, tmp_path):
    """Let no folder be writable."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))


def test_the_folder_is_the_users_and_named_after_the_kernels(folder):
    assert Path(cache.cache_folder()) == folder
    assert folder.is_dir()
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "given/bpfast"),
        ("linux", None, ".cache/bpfast"),
        ("darwin", None, "Library/Caches/bpfast"),
        ("win32", "LOCALAPPDATA", "given/bpfast"),
        ("win32", None, "bpfast"),
    ],
)
def test_each_system_has_its_place(monkeypatch, tmp_path, platform, variable, expected):
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "given"))
    assert cache._user_cache() == tmp_path / expected


def test_without_a_folder_that_can_be_written_there_is_none(tmp_path, monkeypatch, caplog):
    block(monkeypatch, tmp_path)
    assert cache.cache_folder() is None
    assert "compiled anew in every process" in caplog.text
    cache.keep(NAME, b"nowhere to keep it")
    assert cache.kept(NAME) is None
    assert len(caplog.records) == 1


def test_what_was_kept_is_found_where_nothing_can_be_written_any_more(folder, monkeypatch, caplog):
    cache.keep(NAME, b"code")
    cache.cache_folder.cache_clear()
    monkeypatch.setattr("tempfile.TemporaryFile", lambda dir: (folder / NAME / "below").touch())
    assert cache.cache_folder() is None
    assert cache.kept(NAME) == b"code"


def test_contents_are_a_hash_of_all_that_kernels_are_made_of(monkeypatch, tmp_path):
    contents, found = cache.contents.__wrapped__, set()
    assert contents() == cache.contents()
    assert len(cache.contents()) == 16
    int(cache.contents(), 16)
    monkeypatch.setattr(cache, "KERNELS", tmp_path)
    (tmp_path / "cpu").mkdir()
    for name, text in (("a.py", "1"), ("a.py", "2"), ("cpu/b.py", ""), ("cpu/b.py", "3")):
        (tmp_path / name).write_text(text)
        found.add(contents())
    assert len(found) == 3  # an empty file makes no difference
    (tmp_path / "a.o").write_text("compiled")
    assert contents() in found


def test_what_is_kept_is_found(folder, caplog):
    assert cache.kept(NAME) is None
    assert cache.came_compiled(NAME) is None
    for content in (b"code", b"other code", b""):
        cache.keep(NAME, content)
        assert cache.kept(NAME) == content
    cache.write(cache.PACKAGED, NAME, b"came")
    assert cache.came_compiled(NAME) == b"came"
    assert [path.name for path in folder.rglob("*.*")] == ["function.o"]  # no parts of files
    assert caplog.text == ""


@drawn(200)
@given(
    content=st.binary(max_size=100),
    place=st.integers(0, 10**6),
    change=st.sampled_from(["cut", "flip", "insert", "append", "name", "version"]),
)
def test_a_file_that_is_another_is_never_opened(content, place, change):
    with pytest.MonkeyPatch.context() as monkeypatch:
        file, name = cache._digest(NAME, content) + content, NAME
        assert cache.opened(file, NAME) == content
        place %= len(file)
        if change == "cut":
            file = file[:place]
        elif change == "flip":
            file = file[:place] + bytes([file[place] ^ 4]) + file[place + 1 :]
        elif change == "insert":
            file = file[:place] + b"\0" + file[place:]
        elif change == "append":
            file += b"\0"
        elif change == "name":
            name = "other/function.o"
        else:
            monkeypatch.setattr(cache, "contents", lambda: "0123456789abcdef")
        with pytest.raises(ValueError, match="damaged, or was made from other kernels"):
            cache.opened(file, name)


def test_one_line_tells_of_all_that_came_compiled_and_is_not_used(caplog):
    for name in ("a.o", "b.o"):
        cache.write(cache.PACKAGED, name, b"code")
        (cache.PACKAGED / name).write_bytes(b"damaged")
    assert [cache.came_compiled(name) for name in ("a.o", "b.o", "a.o")] == [None] * 3
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "not all kernels that came compiled are used: a.o: it is damaged" in record.message


def test_what_is_damaged_in_the_cache_is_told_of(folder, caplog):
    cache.keep(NAME, b"code")
    (folder / NAME).write_bytes(b"damaged")
    assert cache.kept(NAME) is None
    assert "function.o is compiled anew: it is damaged" in caplog.text


def test_what_cannot_be_read_is_told_of(folder, caplog):
    (Path(cache.cache_folder()) / NAME).mkdir(parents=True)
    assert cache.kept(NAME) is None
    assert "function.o is compiled anew: " in caplog.text


def test_all_is_written_or_nothing(folder, monkeypatch, caplog):
    """A full disk leaves no half of a file, and nobody is stopped."""
    cache.keep(NAME, b"before")

    def write_half(path, content):
        with path.open("wb") as file:
            file.write(content[:20])
        raise OSError("no space left")

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", write_half)
        cache.keep(NAME, b"after")
        with pytest.raises(OSError, match="no space"):
            cache.write(folder, NAME, b"after")
    assert "a compiled kernel is not kept: no space left" in caplog.text
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["function.o"]
    assert cache.kept(NAME) == b"before"


def test_bytecode_alone_tells_versions_apart_too(monkeypatch, tmp_path):
    """Some installations have no sources."""
    monkeypatch.setattr(cache, "KERNELS", tmp_path)
    hashes = set()
    for version in (b"one", b"other"):
        (tmp_path / "math.pyc").write_bytes(version)
        cache.contents.cache_clear()
        hashes.add(cache.contents())
    cache.contents.cache_clear()
    assert len(hashes) == 2

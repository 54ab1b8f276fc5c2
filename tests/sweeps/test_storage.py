"""Storages that a folder keeps: a later call finds them, from wherever it is made."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bpfast.sweeps.storage import file_of, lasting, located, opened, quiet, url_of

optuna = pytest.importorskip("optuna")

PLAIN = st.text("abc-_. ", min_size=1, max_size=5).map(str.strip).filter(lambda t: t.strip("."))
ANY = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=("Cs", "Cc")),
    min_size=1,
    max_size=6,
).filter(lambda name: name not in (".", ".."))


@contextmanager
def standing_in(folder):
    before = Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    steps=st.lists(st.one_of(PLAIN, st.just("..")), max_size=3),
    name=PLAIN,
    run=st.lists(PLAIN, min_size=1, max_size=2),
    form=st.sampled_from(["sqlite:///{}", "sqlite+pysqlite:///{}", "sqlite:///file:{}?uri=true"]),
)
def test_a_file_is_the_same_from_every_folder(steps, name, run, form, tmp_path):
    begun, later = tmp_path / "a" / "b" / "c", tmp_path / "elsewhere"
    with standing_in(begun):
        typed = Path(*steps, name)
        expected, folder = typed.resolve(), Path(*run).resolve()
        kept = lasting(form.format(typed), Path(*run))
        assert lasting(form.format(expected), folder) == kept  # as --resume compares
    with standing_in(later):
        assert file_of(located(kept, folder)).resolve() == expected
        if folder in expected.parents:  # it moves with the folder
            moved = tmp_path / "moved"
            inside = moved / expected.relative_to(folder)
            assert file_of(located(kept, moved)) == inside


@given(ANY)
def test_a_file_may_have_any_name(name):
    assert file_of(url_of(Path("/folder") / name)) == Path("/folder") / name


def test_a_folder_may_have_any_name(tmp_path):
    folder = tmp_path / "a?b{c}#100%20 ü"
    folder.mkdir()
    with opened(located(None, folder)) as storage:
        storage.engine.dispose()
    assert [path.name for path in folder.iterdir()] == ["study.db"]


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true", "mysql://u:p@h/d"],
)
def test_what_is_no_file_is_kept_as_it_was_typed(url, tmp_path):
    assert file_of(url) is None
    assert located(lasting(url, tmp_path), tmp_path) == url


def test_a_relative_url_of_an_older_folder_is_looked_for_here_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "s.db").touch()
    assert file_of(located("sqlite:///s.db", folder)).resolve() == tmp_path / "s.db"
    (folder / "s.db").touch()
    assert file_of(located("sqlite:///s.db", folder)) == folder / "s.db"


@pytest.mark.parametrize("url", ["nonsense", "", "sqlite", "postgresql://u:secret@h:port/d"])
def test_what_is_no_url_is_refused_without_its_password(url):
    with pytest.raises(ValueError, match=r"is no URL such as sqlite:///study\.db") as refused:
        lasting(url, None)
    assert "secret" not in str(refused.value)


def test_a_storage_that_is_refused_leaves_no_file(tmp_path):
    there, new = tmp_path / "there.db", tmp_path / "new.db"
    for path in (there, new):
        with pytest.raises(RuntimeError), opened(url_of(path)):
            raise RuntimeError("refused")
        assert not path.exists()
        with opened(url_of(there)) as storage:
            storage.engine.dispose()
    before = there.read_bytes()
    with pytest.raises(RuntimeError), opened(url_of(there)):
        raise RuntimeError("refused")
    assert there.read_bytes() == before
    for bad in (tmp_path / "no" / "x.db", tmp_path):
        with (
            pytest.raises(OSError, match=r"cannot be opened: .*unable to open"),
            opened(url_of(bad)),
        ):
            pass
    assert not (tmp_path / "no").exists()


def test_optuna_logs_again_after_a_failure():
    before = optuna.logging.get_verbosity()
    with quiet():
        assert optuna.logging.get_verbosity() == optuna.logging.WARNING
    assert optuna.logging.get_verbosity() == before
    with pytest.raises(KeyError), quiet():
        raise KeyError
    assert optuna.logging.get_verbosity() == before

"""Which objects are written, and when."""

import threading
import time

import pytest

from bpfast.kernels import cpu
from bpfast.kernels.cache import opened
from bpfast.kernels.cpu import build
from bpfast.kernels.cpu.processor import LEVELS

LEVELS_OF_TEST = LEVELS["x86_64"][1:3]
NAMES = ["permutation.write_orders.float64", "loops.activate.tanh.float32"]


@pytest.fixture
def made(monkeypatch):
    """Objects are made of their names alone; returns the names of those that were."""
    names = []

    def object_codes(entry, dtype, levels):
        name = f"{entry.name}.{dtype}"
        names.append(name)
        time.sleep(0.05)  # others come meanwhile
        return [content_of(name, level) for level in levels]

    monkeypatch.setattr(build, "object_codes", object_codes)
    return names


def content_of(name, level):
    return f"{name} for {level.name}".encode()


def check(folder, names):
    """A folder holds these objects for both levels, and nothing else."""
    files = {
        f"{level.name}/{name}.o": content_of(name, level)
        for name in names
        for level in LEVELS_OF_TEST
    }
    found = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    assert found.keys() == files.keys()
    for file, content in files.items():
        assert opened(found[file].read_bytes(), file) == content


def test_all_entries_have_names_for_both_dtypes():
    known = build.built_in()
    for dtype in ("float32", "float64"):
        for entry, own in cpu.entries(dtype):
            assert known[f"{entry.name}.{own}"] == (entry, own)
    assert {name for name in known if name.startswith("lanes.")} == {
        f"lanes.{part}.{dtype}"
        for part in ("kernels.train", "kernels.gradients", "online_steps.steps")
        for dtype in ("float32", "float64")
    }


def test_what_a_folder_lacks_is_written(tmp_path, made):
    folder = tmp_path / "new"
    build.build(folder, LEVELS_OF_TEST, NAMES[:1])
    check(folder, NAMES[:1])
    build.build(folder, LEVELS_OF_TEST, NAMES)
    check(folder, NAMES)
    assert made == NAMES


@pytest.mark.parametrize("damage", ["cut", "changed", "another's", "gone"])
def test_what_is_damaged_is_written_anew(tmp_path, made, damage):
    build.build(tmp_path, LEVELS_OF_TEST, NAMES)
    path, other = (tmp_path / level.name / f"{NAMES[1]}.o" for level in LEVELS_OF_TEST)
    whole = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(
            {"cut": whole[:-1], "changed": whole[:-1] + b"!", "another's": other.read_bytes()}[
                damage
            ]
        )
    build.build(tmp_path, LEVELS_OF_TEST, NAMES)
    check(tmp_path, NAMES)
    assert made == [*NAMES, NAMES[1]]


def test_those_that_come_at_once_compile_once(tmp_path, made):
    """Each has opened the lock's file by itself, as processes do."""
    pytest.importorskip("fcntl")
    threads = [
        threading.Thread(target=build.build, args=(tmp_path, LEVELS_OF_TEST, names))
        for names in (NAMES, NAMES[::-1], NAMES, NAMES[:1])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(tmp_path, NAMES)
    assert sorted(made) == sorted(NAMES)


def test_a_file_system_without_locks_is_no_hindrance(monkeypatch, tmp_path, made):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    build.build(tmp_path, LEVELS_OF_TEST, NAMES)
    check(tmp_path, NAMES)


def test_processors_of_no_known_level_get_no_objects(monkeypatch, tmp_path):
    """An installation must not fail there."""
    monkeypatch.setattr("platform.machine", lambda: "ppc64le")
    monkeypatch.setattr(build.library, "build", lambda *given: pytest.fail("builds"))
    monkeypatch.setattr("sys.argv", ["build", str(tmp_path)])
    build.main()


def test_the_command_line(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(build, "build", lambda *given: calls.append(given))
    monkeypatch.setattr(build.library, "build", lambda *given: calls.append(given))
    monkeypatch.setattr(build.gc, "disable", lambda: None)
    here = build.host()
    monkeypatch.setattr("sys.argv", ["build", str(tmp_path), here.name, *NAMES])
    build.main()
    monkeypatch.setattr("sys.argv", ["build", str(tmp_path)])
    build.main()
    everything = list(build.built_in().values())
    assert calls == [
        (tmp_path, [here], NAMES),
        (str(tmp_path), build.levels(), everything),
    ]


def test_an_unknown_function_is_none(tmp_path, made):
    with pytest.raises(KeyError, match="no such"):
        build.build(tmp_path, LEVELS_OF_TEST, ["no such.float32"])
    assert made == []

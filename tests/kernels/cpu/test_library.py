"""Where compiled functions come from, whatever is missing, damaged or in the way."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.kernels import cache, cpu
from bpfast.kernels.cpu import library
from bpfast.kernels.cpu.build import built_in
from bpfast.kernels.cpu.entry import Entry
from bpfast.kernels.cpu.processor import host
from bpfast.kernels.cpu.shuffling import WRITE_ORDERS, Memory
from bpfast.kernels.cpu.structs import Signature

WANTED = WRITE_ORDERS, "float64"
FILE = WRITE_ORDERS.file("float64", host())


@pytest.fixture(scope="module")
def code():
    """Object code of what is wanted."""
    library.ensure([WANTED])
    return cache.came_compiled(FILE) or cache.kept(FILE)


@pytest.fixture
def new_process(monkeypatch, tmp_path):
    """A library that knows nothing yet, with folders of its own, all of them empty."""
    for name, kind in (("_addresses", dict), ("_functions", dict), ("_origins", dict)):
        monkeypatch.setattr(library, name, kind())
    monkeypatch.setattr(library, "_loaded", [*library._loaded])  # addresses stay good
    monkeypatch.setattr(cache, "PACKAGED", tmp_path / "packaged")
    monkeypatch.setattr(cache, "_warned", [])
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cache.cache_folder.cache_clear()
    yield tmp_path
    cache.cache_folder.cache_clear()


@pytest.fixture
def builds(new_process, monkeypatch, code):
    """In place of processes that compile: the folders of all builds are returned."""
    folders = []

    def build(folder, levels, wanted):
        assert [level.name for level in levels] == [host().name]
        assert wanted == [WANTED]
        folders.append(Path(folder))
        time.sleep(0.05)  # others come meanwhile
        cache.write(Path(folder), FILE, code)

    monkeypatch.setattr(library, "build", build)
    return folders


def check_results():
    """Whatever it came from, it does what it should."""
    keys, rows, orders = np.full((1, 1), 3, np.uint64), np.arange(9), np.full((1, 9), -1)
    memory = Memory(np.zeros(9, np.uint64), np.zeros(16, np.uint32))
    library.function(*WANTED)(
        keys, np.array([True]), rows, np.array([0, 9]), memory, np.zeros(24, np.int64), orders
    )
    assert sorted(orders[0]) == rows.tolist()


def test_what_came_compiled_is_used(builds, code, caplog):
    cache.write(cache.PACKAGED, FILE, code)
    check_results()
    assert builds == []
    assert caplog.text == ""
    assert library.origins() == {library.PACKAGED: 1, library.KEPT: 0, library.COMPILED: 0}
    assert not [*Path(cache.cache_folder()).iterdir()]


def test_what_was_compiled_is_kept(builds, monkeypatch, code):
    check_results()
    assert library.origins() == {library.PACKAGED: 0, library.KEPT: 0, library.COMPILED: 1}
    assert builds == [Path(cache.cache_folder())]
    for name in ("_addresses", "_functions", "_origins"):  # as in the next process
        monkeypatch.setattr(library, name, {})
    check_results()
    assert library.origins() == {library.PACKAGED: 0, library.KEPT: 1, library.COMPILED: 0}
    assert len(builds) == 1


def damaged(file, how):
    """A file as it was, cut, changed in the middle, or empty."""
    middle = len(file) // 2
    changed = file[:middle] + bytes([file[middle] ^ 1]) + file[middle + 1 :]
    return {"cut": file[:-1], "changed": changed, "cut short": file[:20], "empty": b""}[how]


@pytest.mark.parametrize("how", ["cut", "changed", "cut short", "empty", "another level's"])
@pytest.mark.parametrize("place", ["package", "cache"])
def test_what_cannot_be_used_is_compiled(builds, code, caplog, place, how):
    """With a line in the log at most."""
    folder = cache.PACKAGED if place == "package" else Path(cache.cache_folder())
    cache.write(folder, FILE, code)
    path = folder / FILE
    if how == "another level's":
        cache.write(folder, "another/function.o", code)
        path.write_bytes((folder / "another/function.o").read_bytes())
    else:
        path.write_bytes(damaged(path.read_bytes(), how))
    check_results()
    assert len(builds) == 1
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert FILE in warnings[0].message
    assert library.origins()[library.COMPILED] == 1


def test_a_folder_that_cannot_be_written_is_no_hindrance(builds, new_process, monkeypatch):
    (new_process / "a file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(new_process / "a file"))
    check_results()
    (folder,) = builds
    assert folder.parent == new_process
    assert not folder.exists()


def test_threads_that_come_at_once_compile_and_load_once(builds):
    loaded, found = len(library._loaded), []
    threads = [
        threading.Thread(target=lambda: found.append(library.address(*WANTED))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1
    assert len(library._loaded) == loaded + 1
    assert found == [library.address(*WANTED)] * 5


def test_what_is_wanted_twice_is_compiled_and_loaded_once(builds):
    loaded = len(library._loaded)
    library.ensure([WANTED, WANTED])
    library.ensure(iter([WANTED]))
    assert len(builds) == 1
    assert len(library._loaded) == loaded + 1


# --- processes that compile -----------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch):
    """All processes that are started."""
    processes = []

    class Recorded(subprocess.Popen):
        def __init__(self, *given, **options):
            super().__init__(*given, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    return processes


def python(code, *arguments):
    return [sys.executable, "-S", "-c", code, *arguments]


SLEEP = python("import time; time.sleep(60)")


def test_several_processes_compile_what_is_nowhere(new_process, started, caplog):
    """In earnest: entries of this machine's level, by a process for each core."""
    caplog.set_level(logging.INFO)
    names = ["permutation.write_orders.float64", "loops.activate.relu.float32"]
    wanted = [built_in()[name] for name in names]
    library.ensure(wanted)
    assert len(started) == min(2, cpu.thread_count())
    check_results()
    assert library.origins()[library.COMPILED] == 2
    assert f"compiling kernels for {host().name}" in caplog.text
    kept = {path.name for path in Path(cache.cache_folder()).rglob("*") if path.is_file()}
    assert kept == {f"{name}.o" for name in names}


def test_one_that_fails_is_told_of_and_ends_the_others(started):
    with pytest.raises(RuntimeError, match="a process ended with 1:\nfor a reason"):
        library._run([python("import sys; sys.exit('for a reason')"), SLEEP])
    assert [process.poll() is not None for process in started] == [True, True]
    assert all(process.stderr.closed for process in started)


def test_what_is_not_known_there_fails(new_process, caplog):
    unknown = Entry("nowhere", "at_all", Signature("int64"))
    with pytest.raises(RuntimeError, match=r"nowhere\.at_all could not be compiled: Module"):
        library.address(unknown, "float32")
    assert "KeyError: 'nowhere.at_all.float32'" in caplog.text
    assert library.origins()[library.COMPILED] == 0


def no_python(monkeypatch):
    monkeypatch.setattr(sys, "executable", None)


def another_program(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/true")


def an_application(monkeypatch):
    """It would start itself again and again."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)


def nowhere_to_write(monkeypatch):
    (Path(tempfile.gettempdir()) / "a file").touch()
    nowhere = str(Path(tempfile.gettempdir()) / "a file")
    monkeypatch.setenv("NUMBA_CACHE_DIR", nowhere)
    monkeypatch.setattr(tempfile, "tempdir", nowhere)


@pytest.mark.skipif(os.name != "posix", reason="/bin/true")
@pytest.mark.parametrize("change", [no_python, another_program, an_application, nowhere_to_write])
def test_without_processes_this_one_compiles(new_process, monkeypatch, change, started, code):
    monkeypatch.setattr(cpu.threads, "_cgroup_cores", lambda: 1)
    change(monkeypatch)
    assert library._made("nowhere", *WANTED) == code
    check_results()
    assert library.origins()[library.COMPILED] == 1
    assert [process.args[0] for process in started] in ([], ["/bin/true"])


def test_nothing_is_left_running_after_an_interrupt(started):
    """A signal to this process alone, as a notebook sends it."""
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        library._run([SLEEP, SLEEP])
    assert [process.poll() is not None for process in started] == [True, True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked")
def test_a_forked_process_waits_for_none_of_its_parents_threads():
    code = """
import os, sys, threading
from bpfast.kernels.cpu import library
held, forked = threading.Event(), threading.Event()

def compile_for_long():
    with library._one_at_a_time:
        held.set()
        forked.wait()

thread = threading.Thread(target=compile_for_long)
thread.start()
held.wait()
if child := os.fork():
    forked.set()
    thread.join()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
os._exit(not library._one_at_a_time.acquire(timeout=5))
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked")
def test_no_process_is_forked_while_a_thread_loads():
    """LLVM's own lock would stay held in it."""
    code = """
import os, sys, threading, time
from bpfast.kernels.cpu import library
loads, forks = threading.Event(), []

def load():
    with library._loading:
        loads.set()
        time.sleep(0.3)
        forks.append("not yet")

threading.Thread(target=load).start()
loads.wait()
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
os._exit(forks != ["not yet"] or not library._loading.acquire(timeout=5))
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_processes_find_the_same_modules_and_no_settings_of_numbas(monkeypatch, tmp_path):
    """Those in the current folder, where a user may have any, are not theirs."""
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    monkeypatch.syspath_prepend(f"/a/place: of its {os.pathsep} own")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "signal.py").write_text("raise SystemExit('another module')")
    (tmp_path / "random.py").write_text("raise SystemExit('another module')")
    code = "import os, sys, random; sys.exit(repr((sys.argv, sys.path, *os.environ)))"
    with pytest.raises(RuntimeError) as told:
        library._run([library._python(code, "given")])
    assert repr(["-c", "given"]) in str(told.value)
    assert repr(sys.path) in str(told.value)
    assert "NUMBA" not in str(told.value)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_processes_leave_an_interrupt_to_this_one():
    """A terminal sends it to all; a fit ends by it where it can go on from."""
    library._run([library._python("import os, signal; os.kill(os.getpid(), signal.SIGINT)")])


@drawn(100)
@given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=60), st.integers(1, 9))
def test_parts_take_about_as_long_as_each_other(seconds, most):
    wanted = [
        (Entry("module", f"function_{k}", Signature(), seconds=time), "float32")
        for k, time in enumerate(seconds)
    ]
    parts = library._parts(wanted, most)
    assert len(parts) == min(most, len(wanted))
    assert all(parts)
    assert sorted(one[0].name for part in parts for one in part) == sorted(
        entry.name for entry, _ in wanted
    )
    loads = [sum(entry.seconds for entry, _ in part) for part in parts]
    assert max(loads) <= sum(seconds) / len(parts) + max(seconds)


def test_the_longest_are_known_to_be_long():
    """Objects' lengths tell about how long it takes to make them."""
    wanted = [*dict.fromkeys(cpu.entries("float32"))]
    library.ensure(wanted)
    size = {}
    for entry, dtype in wanted:
        file = entry.file(dtype, host())
        size[entry] = len(cache.came_compiled(file) or cache.kept(file))
    longest = sorted(size, key=size.get)[-5:]
    assert all(entry.seconds >= 1.0 for entry in longest)

"""Compiled CUDA kernels on disk: a second process compiles none."""

import json
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pytest

from bpfast.bench import registers
from bpfast.kernels import cache
from bpfast.kernels.cuda import compile, device

if device.simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)
pytest.importorskip("numba_cuda")

# Small kernels of two strategies: a process prints what it compiled them for, how many of them
# anew, how often it asked for shared memory, and the machine code's hash.
PROCESS = """
import hashlib, json, warnings
from unittest.mock import patch
import bpfast as bp
from bpfast.bench import registers
from bpfast.bench.registers import Case
from bpfast.kernels.cuda import compile
from cuda.bindings import driver
from numba.cuda.cudadrv import nvvm

warnings.simplefilter("ignore")
targets, missed, asked, codes = [], [], [], []
nvvm_compile = nvvm.compile_ir

def compile_ir(*given, **options):
    targets.append(options["arch"])
    return nvvm_compile(*given, **options)

def set_attribute(*given):
    asked.append(given)
    return (driver.CUresult.CUDA_SUCCESS,)

def look_at(launch):
    kernel = registers.compiled(launch, (9, 0))
    missed.append(launch.kernel.stats.cache_misses.total())
    with registers.stand_in((9, 0)):
        codes.append(hashlib.sha256(kernel._codelibrary.get_cubin().code).hexdigest())
        compile.ask_for_shared_memory(kernel, None)

cases = Case("thread", (1, 1, 1), bp.SGD()), Case("block", (1, 1, 1), bp.SGD())
with (
    patch.object(nvvm, "compile_ir", compile_ir),
    patch.object(driver, "cuKernelSetAttribute", set_attribute),
):
    for case in cases:
        for launch in registers.launches(case, (9, 0)):
            if launch.name() in ("train_thread", "predict_block"):
                look_at(launch)
print(json.dumps([targets, missed, len(asked), codes]))
"""


def in_a_process(folder, **environment):
    """What PROCESS prints with a cache folder."""
    env = os.environ | {"NUMBA_CACHE_DIR": str(folder)} | environment
    command = [sys.executable, "-c", PROCESS]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_second_process_compiles_nothing(tmp_path):
    """Neither hashes of strings nor bytecode that was found on disk make another key."""
    given = {"PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode"), "PYTHONHASHSEED": "1"}
    targets, missed, asked, codes = in_a_process(tmp_path / "cache", **given)
    assert (targets, missed, asked) == (["compute_90a"] * 2, [1, 1], 4)
    again = in_a_process(tmp_path / "cache", **given | {"PYTHONHASHSEED": "2"})
    assert again == [[], [0, 0], 4, codes]


# --- files ----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A cache's folder, as the kernels find it."""
    with patch.object(cache, "_user_cache", lambda: tmp_path):
        cache.cache_folder.cache_clear()
        yield tmp_path
    cache.cache_folder.cache_clear()


def kept(number=1.0):
    """The cache of a kernel that nobody compiles, and that has a number of its own."""
    return compile.kernel(lambda x: x + number, 32, 1)._cache


def test_a_kernel_is_found_for_what_it_was_compiled_for_and_nothing_else(folder):
    with registers.stand_in((9, 0)):
        kept().save_overload(("float32",), "a kernel")
        assert kept().load_overload(("float32",), None) == "a kernel"
        assert kept().load_overload(("float64",), None) is None
        assert kept(2.0).load_overload(("float32",), None) is None
    with registers.stand_in((8, 0)):
        assert kept().load_overload(("float32",), None) is None


@pytest.mark.parametrize("damage", [b"", b"x" * 40, None])
def test_a_damaged_file_is_made_anew(folder, damage, caplog):
    with registers.stand_in((9, 0)):
        kept().save_overload((), "a kernel")
        (path,) = folder.rglob("*.cuda")
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] if damage is None else damage)
        assert kept().load_overload((), None) is None
        assert "is compiled anew: it is damaged" in caplog.text
        kept().save_overload((), "a kernel")
    assert path.read_bytes() == whole


def test_where_nothing_can_be_written_a_line_says_so(folder, caplog):
    with registers.stand_in((9, 0)), patch.object(Path, "write_bytes", side_effect=OSError("full")):
        kept().save_overload((), "a kernel")
        assert kept().load_overload((), None) is None
    assert [record.message for record in caplog.records] == ["a compiled kernel is not kept: full"]
    assert not list(folder.rglob("*.cuda*"))


def test_without_a_folder_nothing_is_kept(tmp_path, caplog):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    with (
        registers.stand_in((9, 0)),
        patch.object(cache, "_user_cache", lambda: blocked),
    ):
        cache.cache_folder.cache_clear()
        for number in (1.0, 2.0):
            kept(number).save_overload((), "a kernel")
            assert kept(number).load_overload((), None) is None
    cache.cache_folder.cache_clear()
    assert len(caplog.records) == 1


def test_what_has_no_fingerprint_is_compiled_in_every_process(folder, caplog):
    caplog.set_level(logging.INFO, "bpfast")
    with registers.stand_in((9, 0)):
        kept([]).save_overload((), "a kernel")
        assert kept([]).load_overload((), None) is None
    assert "is compiled in every process: [], a list" in caplog.text
    assert not list(folder.rglob("*.cuda"))


def test_writers_at_the_same_time_leave_a_whole_file(folder):
    content = "a kernel" * 100_000
    with registers.stand_in((9, 0)), ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: kept().save_overload((), content), range(40)))
        assert kept().load_overload((), None) == content
    assert len(list(folder.rglob("*.*"))) == 1

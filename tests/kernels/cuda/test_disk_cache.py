"""Compiled CUDA kernels on disk: a second process compiles none."""

import json
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numba
import pytest

from bpfast.kernels import cache
from bpfast.kernels.cuda import compile, device, machine_code, stand_in

if device.simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)
numba_cuda = pytest.importorskip("numba_cuda")
numba_types = pytest.importorskip("numba.cuda.types")

# Small kernels of two strategies: a process prints what it compiled them for, how many of them
# anew, how often it asked for shared memory, and the machine code's hash. It is told the folders of
# what came compiled, and of bpfast's bytecode.
PROCESS = """
import hashlib, json, pathlib, sys, warnings
from unittest.mock import patch
import numba.cuda, numpy
sys.pycache_prefix, sys.dont_write_bytecode = sys.argv[2], False
import bpfast as bp
from bpfast.bench import registers
from bpfast.bench.registers import Case
from bpfast.kernels import cache
from bpfast.kernels.cuda import compile, stand_in
from cuda.bindings import driver
from numba.cuda.cudadrv import nvvm

warnings.simplefilter("ignore")
cache.PACKAGED = pathlib.Path(sys.argv[1])
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
    with stand_in.gpu((9, 0)):
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


def in_a_process(folder, package, bytecode, seed):
    """What PROCESS prints with a cache folder, and what came compiled; ``seed`` is of hashes."""
    env = os.environ | {"NUMBA_CACHE_DIR": str(folder), "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", PROCESS, str(package), str(bytecode)]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_second_process_compiles_nothing(tmp_path):
    """Neither hashes of strings nor bytecode that was found on disk make another name.

    It finds one kernel where the first one kept it, and one where a package would have it.
    """
    kept, package, bytecode = (tmp_path / name for name in ("cache", "package", "bytecode"))
    targets, missed, asked, codes = in_a_process(kept, package, bytecode, "1")
    assert (targets, missed, asked) == (["compute_90a"] * 2, [1, 1], 4)
    (path,) = kept.rglob("predict_block-*")
    came = package / "cuda" / "sm_90a" / path.name
    came.parent.mkdir(parents=True)
    path.rename(came)
    assert [*bytecode.rglob("disk_cache.*.pyc")]
    again = in_a_process(kept, package, bytecode, "2")
    assert again == [[], [0, 0], 4, codes]
    assert came.is_file()
    assert not [*kept.rglob(came.name)]


# --- files ----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A cache's folder, as the kernels find it."""
    with patch.object(cache, "_user_cache", lambda: tmp_path):
        cache.cache_folder.cache_clear()
        yield tmp_path
    cache.cache_folder.cache_clear()


def cached(number=1.0):
    """The cache of a kernel that nobody compiles, and that has a number of its own."""
    return compile.kernel(lambda x: x + number, 32, 1)._cache


def compiled(code=b"a kernel"):
    """What Numba would have made of it."""
    library = SimpleNamespace(get_cubin=lambda: SimpleNamespace(code=code))
    return SimpleNamespace(debug=0, entry_name="entry", _codelibrary=library)


def loaded(of, *types):
    """The machine code that is found for some types of arguments."""
    kernel = of.load_overload(types, None)
    return kernel and kernel._codelibrary.get_cubin().code


def test_a_kernel_is_found_for_what_it_was_compiled_for_and_nothing_else(folder):
    single, double = numba_types.float32, numba_types.float64
    with stand_in.gpu((9, 0)):
        cached().save_overload((single,), compiled())
        assert loaded(cached(), single) == b"a kernel"
        assert loaded(cached(), double) is None
        assert loaded(cached(2.0), single) is None
        with patch.object(machine_code, "pieces", lambda *_: ["another way"]):
            assert loaded(cached(), single) is None
    with stand_in.gpu((8, 0)):
        assert loaded(cached(), single) is None


def test_versions_are_no_part_of_a_name():
    """Machine code needs none of Python, Numba and numba-cuda."""
    signature = (numba_types.float32,)
    name = cached().name(signature, (9, 0))
    with (
        patch.object(sys, "version_info", (4, 0)),
        patch.object(numba, "__version__", "1"),
        patch.object(numba_cuda, "__version__", "1"),
    ):
        assert cached().name(signature, (9, 0)) == name


@pytest.mark.parametrize("damage", [b"", b"x" * 40, None])
def test_a_damaged_file_is_made_anew(folder, damage, caplog):
    with stand_in.gpu((9, 0)):
        cached().save_overload((), compiled())
        (path,) = folder.rglob("cuda/*/*")
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] if damage is None else damage)
        assert loaded(cached()) is None
        assert "is compiled anew: it is damaged" in caplog.text
        cached().save_overload((), compiled())
    assert path.read_bytes() == whole


def test_where_nothing_can_be_written_a_line_says_so(folder, caplog):
    with stand_in.gpu((9, 0)), patch.object(Path, "write_bytes", side_effect=OSError("full")):
        cached().save_overload((), compiled())
        assert loaded(cached()) is None
    assert [record.message for record in caplog.records] == ["a compiled kernel is not kept: full"]
    assert not list(folder.rglob("cuda/*/*"))


def test_without_a_folder_nothing_is_kept(tmp_path, caplog):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    with (
        stand_in.gpu((9, 0)),
        patch.object(cache, "_user_cache", lambda: blocked),
    ):
        cache.cache_folder.cache_clear()
        for number in (1.0, 2.0):
            cached(number).save_overload((), compiled())
            assert loaded(cached(number)) is None
    cache.cache_folder.cache_clear()
    assert len(caplog.records) == 1


def test_what_has_no_fingerprint_is_compiled_in_every_process(folder, caplog):
    caplog.set_level(logging.INFO, "bpfast")
    with stand_in.gpu((9, 0)):
        cached([]).save_overload((), compiled())
        assert loaded(cached([])) is None
    assert "is compiled in every process: [], a list" in caplog.text
    assert not list(folder.rglob("cuda/*/*"))


def test_where_numba_has_changed_kernels_are_compiled(folder):
    """And nothing breaks, neither before it nor after it."""
    with stand_in.gpu((9, 0)):
        with patch.object(machine_code, "pieces", side_effect=AttributeError("gone")):
            cached().save_overload((), compiled())
            assert loaded(cached()) is None
        assert not list(folder.rglob("cuda/*/*"))
        cached().save_overload((), compiled())
        with patch.object(machine_code, "kernel", side_effect=TypeError("another argument")):
            assert loaded(cached()) is None


def test_writers_at_the_same_time_leave_a_whole_file(folder):
    content = b"a kernel" * 100_000
    with stand_in.gpu((9, 0)), ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: cached().save_overload((), compiled(content)), range(40)))
        assert loaded(cached()) == content
    assert len(list(folder.rglob("cuda/*/*"))) == 1

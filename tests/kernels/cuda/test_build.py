"""Kernels that are compiled ahead: those that fits ask for, with the code that they would make."""

import logging
import struct
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

import bpfast as bp
from bpfast.bench import registers
from bpfast.bench.registers import Case
from bpfast.kernels import cache
from bpfast.kernels import cuda as gpus
from bpfast.kernels.cuda import arguments, block, build, device, disk_cache, machine_code, stand_in
from bpfast.kernels.task import Network
from bpfast.training import loop
from bpfast.training.network import ScikitLearnMLP
from bpfast.training.optimizers import ScikitLearnAdam

if device.simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)
pytest.importorskip("numba_cuda")

pytestmark = [
    pytest.mark.xdist_group("built CUDA kernels"),  # compiled once
    # Numba's hint at launches that are too small to fill a GPU, which none of these is to do
    pytest.mark.filterwarnings("ignore:Grid size"),
]

SMALL = build.Case("block", Network((2, 1), True, (), "mse", 1.0))
BUILT = ("sum_batches", "predict_block")
HERE = {(8, 0): (8, 0), (8, 9): (8, 0), (9, 0): (9, 0), (12, 0): (12, 0)}
ELSEWHERE = (7, 5)


def looked_up():
    """Kernels of the small case, as a process has them that has compiled none."""
    for made in (arguments._sum_kernel, block.kernels.train_kernel, block.kernels.predict_kernel):
        made.cache_clear()
    return [launch for launch in build.launches(SMALL) if launch.name() in BUILT]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What a build in processes of its own leaves, of two small kernels."""
    wanted = {name for name in build.names(SMALL) if any(one in name for one in BUILT)}
    with patch.object(build, "_jobs", lambda: [[(SMALL, wanted)]]):
        folder = tmp_path_factory.mktemp("package")
        written = build.build(folder)
    there = [path.relative_to(folder).as_posix() for path in folder.rglob("*-*")]
    assert written == sorted(there)
    assert len(written) == len(BUILT) * len(machine_code.PACKAGED)
    return folder


@pytest.fixture
def package(folder, tmp_path):
    """A copy of it as the package's, and a cache of the user that is empty."""
    for path in folder.rglob("*-*"):
        copy = tmp_path / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    with (
        patch.object(cache, "PACKAGED", tmp_path),
        patch.object(cache, "cache_folder", lambda: None),
        patch.object(cache, "_warned", []),
        patch.object(disk_cache, "_refused", []),
    ):
        yield tmp_path


def found(capability):
    """Whether each of the kernels is found for a GPU."""
    with patch.dict(stand_in.TARGETS, {capability: 99 << 10}), stand_in.gpu(capability):
        return [
            launch.kernel._cache.load_overload(launch.types(), None) is not None
            for launch in looked_up()
        ]


# --- what is found --------------------------------------------------------------------------------


@pytest.mark.parametrize("capability", HERE)
def test_a_kernel_that_came_compiled_is_not_compiled(package, capability):
    """And has the entry and the instructions that it would have been compiled to."""
    from numba.cuda.cudadrv import nvvm

    for launch in looked_up():
        with patch.dict(stand_in.TARGETS, {capability: 99 << 10}), stand_in.gpu(capability):
            with patch.object(nvvm, "compile_ir", side_effect=AssertionError("compiled")):
                kernel = launch.kernel.compile(launch.types())
            assert launch.kernel.stats.cache_misses.total() == 0
            came = kernel._codelibrary.get_cubin().code
        assert kernel.entry_name.encode() in came
        assert instructions(came) == instructions(compiled(launch, HERE[capability]))


def compiled(launch, capability):
    """The machine code that Numba makes for a GPU."""
    from numba.cuda.dispatcher import _Kernel

    with stand_in.gpu(capability):
        kernel = _Kernel(launch.kernel.py_func, launch.types(), **launch.kernel.targetoptions)
        return kernel._codelibrary.get_cubin().code


def instructions(elf):
    """The sections of a cubin that hold instructions."""
    (table,), (count, names) = struct.unpack_from("<Q", elf, 40), struct.unpack_from("<HH", elf, 60)
    sections = [struct.unpack_from("<IIQQQQ", elf, table + 64 * k) for k in range(count)]
    own = [s for s in sections if elf.startswith(b".text.", sections[names][4] + s[0])]
    assert own
    return [elf[start : start + size] for *_, start, size in own]


def test_on_another_gpu_none_is_found(package, caplog):
    assert found(ELSEWHERE) == [False, False]
    assert not caplog.records


@pytest.mark.parametrize("damage", ["truncated", "changed", "renamed"])
def test_a_file_that_is_not_what_it_was_is_compiled_instead(package, caplog, damage):
    own, other = sorted(Path(package, "cuda", "sm_90a").iterdir())
    whole = own.read_bytes()
    own.write_bytes(
        {
            "truncated": whole[:-1],
            "changed": whole[:-1] + b"x",
            "renamed": other.read_bytes(),
        }[damage]
    )
    assert sorted(found((9, 0))) == [False, True]
    (line,) = [record.message for record in caplog.records]
    assert "kernels that came compiled are used" in line
    assert own.name in line


def test_a_driver_that_refuses_one_is_not_asked_again(package, caplog):
    """It is older than the machine code: one line says so, and all are compiled."""
    with patch.object(stand_in.Unloaded, "get_function", side_effect=RuntimeError("too new")):
        launches = looked_up()
        with stand_in.gpu((9, 0)):
            for launch in launches:
                assert launch.kernel._cache.load_overload(launch.types(), None) is None
    (line,) = [record.message for record in caplog.records]
    assert line.endswith(": too new")


def test_what_came_is_told(package):
    words = gpus.describe_kernels()
    assert "came compiled: 2 for sm_120a, 2 for sm_80, 2 for sm_90a; others are compiled" in words
    for capability, end in (((9, 0), "those for sm_90a"), (ELSEWHERE, "none of these")):
        with stand_in.gpu(capability):
            assert gpus.describe_kernels() == f"{words}; this GPU takes {end}"
    with patch.object(cache, "PACKAGED", package / "nowhere"):
        assert gpus.describe_kernels().startswith("none came compiled")


# --- what is declared -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def declared():
    """The names of all kernels that a build compiles, for one GPU."""
    return {name for case in build.cases() for name in build.names(case)}


ASKED = [
    Case("thread", (2, 2, 1), bp.SGD(), "identity", "half_squared_error", bias=False),
    Case("block", (64, 32, 10), bp.Adam(), "relu", "cross_entropy"),
    Case("block", (30, 64, 64, 1), bp.AdamW(l1=0.1), "silu", "mse", bias=False),
    Case("block", (20, 32, 4), bp.Adam(), "relu", "binary_cross_entropy"),
    Case("block", (100, 100, 3), bp.AdamW(), "relu", "cross_entropy"),
    Case("block", (150, 110, 1), bp.AdamW(), "silu", "mse"),
    Case("large batch", (784, 256, 128, 10), bp.SGD(momentum=0.9), "relu", "cross_entropy"),
    Case("large batch", (500, 256, 3), bp.RMSprop(l2=0.1), "silu", "huber"),
    Case("large batch", (1000, 200, 16, 3), bp.Adam(clip_norm=1.0), "tanh", "poisson"),
]


@pytest.mark.parametrize("case", ASKED, ids=Case.name)
def test_what_fits_ask_for_comes_compiled(declared, case):
    """Kernels for gradients of networks that a block shares the parameters of only do not."""
    for target in machine_code.PACKAGED:
        asked = {
            launch.kernel._cache.name(launch.types(), build.TARGET)
            for launch in registers.launches(case, target)
            if launch.name() != "gradient_block" or case.layers[0] < 100
        }
        assert asked
        assert not asked - declared


def test_an_estimators_kernels_come_compiled(declared):
    """Its losses and rule, which are no names that users know."""
    mlp = ScikitLearnMLP((4, 100, 3), "relu", "cross_entropy")
    population, X, y = bp.Population(mlp, 1), np.zeros((300, 4)), np.arange(300) % 3
    with stand_in.gpu((9, 0)) as launched, patch.object(loop, "check_trained", lambda *_: None):
        bp.fit(population, X, y, ScikitLearnAdam(), 1, device="cuda", progress=False)
        population.predict(X, device="cuda")
    names = {launch.kernel._cache.name(launch.types(), build.TARGET) for launch in launched}
    assert len(names) == 3
    assert not names - declared


# --- where nothing can be compiled ----------------------------------------------------------------


def test_without_a_compiler_a_line_says_why(tmp_path, capsys, caplog):
    caplog.set_level(logging.INFO)
    with patch.object(build, "_machine_codes", side_effect=OSError("libnvvm is missing\nmore")):
        assert build.build(tmp_path) == []
    with patch.dict("sys.modules", {"numba_cuda": None}):
        assert build.build(tmp_path) == []
    first, second = capsys.readouterr().err.splitlines()
    assert first == "no CUDA kernels are compiled: OSError: libnvvm is missing"
    assert "numba_cuda" in second
    assert not list(tmp_path.iterdir())

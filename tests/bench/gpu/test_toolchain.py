"""Compilers and linkers that do not work together."""

import pytest

from bpfast.bench.gpu import toolchain


def test_a_compiler_that_is_newer_than_the_linker_is_refused(monkeypatch):
    pathfinder = pytest.importorskip("cuda.pathfinder")
    nvjitlink = pytest.importorskip("cuda.bindings.nvjitlink")
    found = type("Found", (), {"abs_path": "/cuda/lib/libnvvm.so"})
    monkeypatch.setattr(pathfinder, "load_nvidia_dynamic_lib", lambda name: found)
    monkeypatch.setattr(nvjitlink, "version", lambda: (13, 0))
    monkeypatch.setattr(toolchain, "nvcc", lambda: {"release": "13.0"})
    assert toolchain.nvvm_and_linker()["nvJitLink"].startswith("13.0, ")
    monkeypatch.setattr(toolchain, "nvcc", lambda: {"release": "13.1"})
    with pytest.raises(RuntimeError, match="NVVM is newer than nvJitLink"):
        toolchain.nvvm_and_linker()

"""What an installation holds, and what importing it costs, seen by Pythons of their own."""

import configparser
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
EXTRAS = {"cupy", "dask", "jax", "matplotlib", "onnx", "optuna", "polars", "rich", "safetensors"}
EXTRAS |= {"sklearn", "torch", "typer"}
BESIDE = ("bench", "kernels")  # folders beside bpfast/ that are installed inside it


def python(code: str, folder: Path) -> list[str]:
    """Words printed by code that a new Python runs in a folder, which it imports from first."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_core_requires_numpy_and_numba_alone():
    requirements = importlib.metadata.requires("bpfast") or []
    core = {re.split(r"\W", r)[0] for r in requirements if "extra ==" not in r}
    assert core == {"numpy", "numba"}


def test_version_is_that_of_the_code():
    assert python("import bpfast; print(bpfast.__version__)", CHECKOUT) == [
        importlib.metadata.version("bpfast")
    ]


def test_every_folder_of_code_is_packaged():
    setup = configparser.ConfigParser()
    setup.read(CHECKOUT / "setup.cfg")
    folders = {
        ".".join(("bpfast", *path.parent.relative_to(top).parts))
        for top in (CHECKOUT, CHECKOUT / "bpfast")
        for beside in BESIDE
        for path in (top / beside).rglob("*.py")
    }
    inside = {
        ".".join(path.parent.relative_to(CHECKOUT).parts)
        for path in CHECKOUT.glob("bpfast/**/__init__.py")
    }
    assert set(setup["options"]["packages"].split()) == folders | inside


def test_import_loads_no_extra():
    code = (
        "import bpfast.kernels.cpu, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    assert not EXTRAS & set(python(code, CHECKOUT))


def test_import_loads_no_benchmark():
    code = "import bpfast, sys; print(*sys.modules)"
    assert not [name for name in python(code, CHECKOUT) if name.startswith("bpfast.bench")]


def test_benchmark_needs_no_peer():
    code = "import bpfast.bench.peers, bpfast.bench.once, sys; print(*sys.modules)"
    names = {name.partition(".")[0] for name in python(code, CHECKOUT)}
    assert not names & {"jax", "matplotlib", "sklearn", "torch"}


def test_import_compiles_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))  # so that nothing is compiled already
    code = """if True:
        from numba.core import event
        with event.install_recorder("numba:run_pass") as recorder:
            import bpfast.kernels.cpu
        print(len(recorder.buffer))"""
    assert python(code, CHECKOUT) == ["0"]


@pytest.mark.parametrize("inside", [True, False])
def test_what_lies_beside_is_found_inside_and_outside_the_checkout(inside, tmp_path):
    code = "import bpfast.bench.workloads, bpfast.kernels.cpu, bpfast.kernels.math"
    python(code, CHECKOUT if inside else tmp_path)


@pytest.mark.parametrize("beside", BESIDE)
def test_what_lies_beside_is_no_package_of_its_own(beside, tmp_path):
    code = f"import importlib.util; print(importlib.util.find_spec('{beside}'))"
    assert python(code, tmp_path) == ["None"]


def test_a_checkout_works_without_its_symlinks(tmp_path):
    # other processes write bytecode meanwhile, under names that are soon gone
    ignored = shutil.ignore_patterns("__pycache__", *BESIDE)
    for name in ("bpfast", *BESIDE):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=ignored)
    code = "import bpfast.bench, bpfast.kernels.math as m; print(bpfast.bench.__file__, m.__file__)"
    expected = [tmp_path / "bench" / "__init__.py", tmp_path / "kernels" / "math.py"]
    assert python(code, tmp_path) == [str(path) for path in expected]

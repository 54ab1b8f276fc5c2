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
COMPILERS = {"llvmlite", "numba"}
CORE_WINGS = {"checking", "explaining", "reporting", "sweeps", "tables", "training"}
WINGS = CORE_WINGS - {"training"} | {"bench", "command", "sklearn"}
COMMANDS = ("bench", "devices", "explain", "predict", "report", "sweep", "verify", "warmup")
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


@pytest.mark.parametrize(
    "module", ["bpfast", *(f"bpfast.{wing}" for wing in sorted(CORE_WINGS)), "bpfast.kernels.cpu"]
)
def test_import_loads_no_extra_and_no_compiler(module):
    code = f"import {module}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    assert not (EXTRAS | COMPILERS) & {*python(code, CHECKOUT)}


def test_import_loads_what_training_needs():
    """Beside NumPy, none of the wings that it can do without, and of Python's own nothing large."""
    code = "import numpy, sys; before = {*sys.modules}; import bpfast; "
    code += "print(*{*sys.modules} - before)"
    loaded = {*python(code, CHECKOUT)}
    assert "bpfast.training.loop" in loaded
    assert {name.split(".")[1] for name in loaded if name.startswith("bpfast.")}.isdisjoint(WINGS)
    large = {"asyncio", "decimal", "email", "html", "importlib.metadata", "multiprocessing"}
    large |= {"sqlite3", "ssl", "statistics", "tempfile", "tomllib", "unittest", "uuid", "zipfile"}
    assert not loaded & large


def test_an_estimator_needs_scikit_learn_alone():
    code = "import sklearn.neural_network, sys; before = {*sys.modules}; import bpfast.sklearn; "
    code += "print(*{*sys.modules} - before)"
    loaded = {*python(code, CHECKOUT)}
    assert "bpfast.sklearn.estimators" in loaded
    assert {name.partition(".")[0] for name in loaded}.isdisjoint(EXTRAS - {"sklearn"} | COMPILERS)
    assert {"bpfast.sweeps", "bpfast.tables", "sklearn.ensemble"}.isdisjoint(loaded)


HELP = """
import sys
from bpfast.command import main
sys.argv = ["bpfast", *{}]
try:
    main()
finally:
    print("loaded", *sys.modules)
"""


@pytest.mark.parametrize(
    "typed", [["--help"], ["--version"], ["sweep", "--help"], ["devices", "--help"]], ids=" ".join
)
def test_the_command_imports_what_is_typed(typed):
    pytest.importorskip("typer")
    words = python(HELP.format(typed), CHECKOUT)
    loaded = {*words[words.index("loaded") :]}
    assert "bpfast.command.app" in loaded
    names = {name.partition(".")[0] for name in loaded}
    assert names.isdisjoint(EXTRAS - {"rich", "typer"} | COMPILERS)
    others = {f"bpfast.command.{name}" for name in COMMANDS} - {f"bpfast.command.{typed[0]}"}
    assert loaded.isdisjoint(others | {"bpfast.command.sweeping", "bpfast.reporting"})


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

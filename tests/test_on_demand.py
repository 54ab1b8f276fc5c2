"""Names that a package hands on before their modules are imported, and modules that moved."""

import inspect
import subprocess
import sys

import pytest

import bpfast as bp
import bpfast.sklearn
import bpfast.sweeps
import bpfast.tables
import bpfast.tables.encoding
from bpfast.on_demand import MovedModule, on_demand


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of which one module fails when it is imported."""
    folder = tmp_path / "waiting"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from bpfast.on_demand import on_demand\n"
        "here = 1\n"
        "__getattr__, __dir__ = on_demand(__name__, good=('answer',), bad=('question',))\n"
    )
    (folder / "good.py").write_text("answer = 42")
    (folder / "bad.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("waiting")
    for name in [name for name in sys.modules if name.partition(".")[0] == "waiting"]:
        del sys.modules[name]


def test_a_module_is_imported_when_one_of_its_names_is_used(package):
    assert "waiting.good" not in sys.modules
    assert package.answer == 42
    assert "waiting.good" in sys.modules
    with pytest.raises(RuntimeError, match="imported"):
        package.question  # noqa: B018
    with pytest.raises(RuntimeError, match="imported"):
        package.bad  # noqa: B018


def test_modules_are_there_too(package):
    assert package.good.answer == 42


def test_other_names_are_refused_as_python_refuses_them(package):
    with pytest.raises(AttributeError, match=r"^module 'waiting' has no attribute 'anwser'$"):
        package.anwser  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'anwser'"):
        exec("from waiting import anwser", {})


def test_dir_lists_what_is_there_and_what_will_be(package):
    assert {"__name__", "answer", "bad", "good", "here", "question"} <= {*dir(package)}


@pytest.mark.parametrize(
    "package",
    [bp, bpfast.sweeps, bpfast.tables, bpfast.tables.encoding, bpfast.tables.reading, bp.sklearn],
    ids=lambda package: package.__name__,
)
def test_packages_hand_on_all_that_they_name(package):
    """In a new Python: here, much is imported already."""
    code = f"from {package.__name__} import *; print(*sorted(globals()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {*package.__all__} <= {*done.stdout.split()}
    assert {*package.__all__} <= {*dir(package)}


def test_a_moved_module_is_found_where_it_is_now(monkeypatch):
    moved = MovedModule("bpfast.scaling", "bpfast.tables.scaling")
    monkeypatch.setitem(sys.modules, "bpfast.scaling", moved)
    exec("from bpfast.scaling import Scaler", names := {})
    assert names["Scaler"] is bp.Scaler
    with pytest.raises(AttributeError, match=r"bpfast\.tables\.scaling.* no attribute 'scaler'"):
        moved.scaler  # noqa: B018


def test_tools_that_ask_every_module_import_nothing():
    moved = MovedModule("bpfast.gone", "bpfast.never_there")
    assert inspect.getmodule(on_demand).__name__ == "bpfast.on_demand"
    assert not hasattr(moved, "__file__")
    assert not hasattr(moved, "__warningregistry__")

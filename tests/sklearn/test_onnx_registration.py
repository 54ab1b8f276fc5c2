"""How skl2onnx is told of our estimators."""

import subprocess
import sys

import pytest

import bpfast.sklearn
import bpfast.sklearn.onnx
from bpfast.sklearn.onnx_registration import _Finder, register_when_imported

skl2onnx = pytest.importorskip("skl2onnx")

LATER = """
import sys
from bpfast.sklearn import MLPClassifier
assert not {"skl2onnx", "onnx"} & {*sys.modules}
import skl2onnx
print(skl2onnx.get_model_alias(MLPClassifier))
"""


@pytest.mark.slow
def test_it_is_told_when_it_is_imported_and_not_imported_for_that():
    done = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True)
    assert done.stdout == "BpfastMLPClassifier\n", done.stderr


def test_it_is_told_at_once_where_it_is_there_already(monkeypatch):
    told = set()
    monkeypatch.setattr(
        skl2onnx, "update_registered_converter", lambda kind, *how, **options: told.add(kind)
    )
    register_when_imported()
    assert told == {
        getattr(bpfast.sklearn, name) for name in bpfast.sklearn.__all__ if name[0].isupper()
    }


def test_a_finder_waits_for_nothing_else(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.delitem(sys.modules, "skl2onnx")
    finders = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    monkeypatch.setattr(sys, "meta_path", finders)
    register_when_imported()
    register_when_imported()
    (finder,) = (finder for finder in sys.meta_path if isinstance(finder, _Finder))
    assert finder.find_spec("onnx") is None
    told = []
    monkeypatch.setattr(bpfast.sklearn.onnx, "register", lambda: told.append(True))
    spec = finder.find_spec("skl2onnx")
    finder._then_register(lambda module: told.append(module))(spec.name)
    assert told == ["skl2onnx", True]
    assert finder not in sys.meta_path

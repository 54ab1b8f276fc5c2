"""Missing packages, and the hint that comes with them."""

import json
import sys

import pytest

import bpfast as bp
from bpfast.errors import import_optional, import_torch, missing_extra


def test_a_package_that_is_here_is_imported():
    assert import_optional("json", "cli") is json


def test_a_package_that_is_not_here_is_named_with_its_extra():
    words = 'no_such_package is not installed: pip install "bpfast[cli]"'
    with pytest.raises(ImportError) as caught:
        import_optional("no_such_package", "cli")
    assert str(caught.value) == words == str(missing_extra("no_such_package", "cli"))
    assert caught.value.__cause__ is None


def test_pytorch_has_no_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="torch is not installed: pip install torch"):
        import_torch()


def test_device_errors_are_runtime_errors():
    assert issubclass(bp.DeviceError, RuntimeError)

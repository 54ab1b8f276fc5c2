"""Formulas in JavaScript; that they give the kernels' numbers is in ``test_page.py``."""

import ast
import inspect

import pytest

from bpfast.explaining import javascript
from bpfast.kernels.tables import ACTIVATIONS, INVERSE_LINKS, LOSSES


def written(source):
    return " ".join(map(javascript.statement, ast.parse(source).body))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1.0 - z", "const x = (1.0 - z);"),
        ("near = (abs(z) < 1.0) & (t > 0.0)", "const near = ((Math.abs(z) < 1.0) && (t > 0.0));"),
        ("y = 0.0 if z == t else -erf(-z)", "const y = ((z === t) ? 0.0 : (-erf((-z))));"),
        ("y = 1e999", "const y = Infinity;"),
        ("'words'", ""),
    ],
)
def test_statements(source, expected):
    assert written(source) == expected


@pytest.mark.parametrize(
    "source",
    ["-z", "x, y = z, t", "y = 0.0 < z < 1.0", "y = z ** 2.0", "y = math.exp(z)", "x += 1.0"],
)
def test_what_cannot_be_written_is_told(source):
    with pytest.raises(ValueError, match="cannot be written in JavaScript"):
        written(source)


def test_the_module_has_every_row_and_what_it_calls():
    module, tables = javascript.module(), (ACTIVATIONS, INVERSE_LINKS, LOSSES)
    for name in (*ACTIVATIONS, *LOSSES):
        assert f" {name}: {{ value: " in module
    assert "INVERSE_LINKS = { exp: exponential, sigmoid: sigmoid };" in module
    functions = {row.value for table in tables for row in table.values()} - {None}
    for function in functions:
        arguments = ", ".join(inspect.signature(function).parameters)
        assert module.count(f"const {function.__name__} = ({arguments}) => {{") == 1
    assert "const sgd" not in module

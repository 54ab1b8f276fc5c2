"""The functions of :mod:`bpfast.kernels.math` in JavaScript, for the page to compute with."""

from __future__ import annotations

import ast
import inspect
import json
import math
from functools import cache

from ..kernels import math as formulas
from ..kernels.tables import ACTIVATIONS, INVERSE_LINKS, LOSSES

BUILT_IN = {"abs", "exp", "expm1", "log", "log1p", "max", "min", "sqrt", "tanh"}  # of its Math
OPERATORS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.BitAnd: "&&",  # of comparisons
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "===",
}


@cache
def module() -> str:
    """A JavaScript module with bpfast's activations, inverse links and losses, by name."""
    written: dict[str, str] = {}
    tables = {
        "ACTIVATIONS": {
            name: {"value": _add(row.value, written), "slope": _add(row.slope, written)}
            for name, row in ACTIVATIONS.items()
            if _is_ours(row.value)
        },
        "INVERSE_LINKS": {
            name: _add(row.value, written) for name, row in INVERSE_LINKS.items() if row.value
        },
        "LOSSES": {
            name: {
                "value": _add(row.value, written),
                "slope": _add(row.slope, written),
                "average": json.dumps(row.average),
                "inverseLink": json.dumps(row.inverse_link),
                "parameter": json.dumps(row.parameter),
                "meaning": json.dumps(row.meaning or f"the loss {name}"),
            }
            for name, row in LOSSES.items()
            if _is_ours(row.value)
        },
    }
    names = ", ".join(tables)
    return "\n".join(
        [
            'import { erf } from "./erf.js";\n',
            f"export const {{ {names} }} = (() => {{",
            *written.values(),
            *(f"const {name} = {_object(table)};" for name, table in tables.items()),
            f"return {{ {names} }};",
            "})();",
        ]
    )


def _is_ours(function) -> bool:
    return function.__module__ == formulas.__name__


def _object(value) -> str:
    if isinstance(value, str):
        return value
    return "{ " + ", ".join(f"{name}: {_object(part)}" for name, part in value.items()) + " }"


def _add(function, written: dict[str, str]) -> str:
    """The name of a function that is written now, with those that it calls, if it is not yet."""
    name = function.__name__
    if name not in written:
        (tree,) = ast.parse(inspect.getsource(function)).body
        assert isinstance(tree, ast.FunctionDef)
        for node in ast.walk(tree):
            called = getattr(formulas, node.id, None) if isinstance(node, ast.Name) else None
            if inspect.isfunction(called):
                _add(called, written)
        arguments = ", ".join(argument.arg for argument in tree.args.args)
        body = " ".join(filter(None, map(_statement, tree.body)))
        written[name] = f"const {name} = ({arguments}) => {{ {body} }};"
    return name


def _statement(node: ast.stmt) -> str:
    match node:
        case ast.Expr(ast.Constant(str())):
            return ""
        case ast.Assign([ast.Name(name)], value):
            return f"const {name} = {_expression(value)};"
        case ast.Return(ast.expr() as value):
            return f"return {_expression(value)};"
    raise _unknown(node)


def _expression(node: ast.expr) -> str:
    match node:
        case ast.Constant(float() as number):
            return "Infinity" if number == math.inf else repr(number)
        case ast.Name(name):
            return name
        case ast.UnaryOp(ast.USub(), operand):
            return f"(-{_expression(operand)})"
        case ast.BinOp(left, operator, right) | ast.Compare(left, [operator], [right]):
            if type(operator) in OPERATORS:
                return f"({_expression(left)} {OPERATORS[type(operator)]} {_expression(right)})"
        case ast.IfExp(test, body, other):
            return f"({_expression(test)} ? {_expression(body)} : {_expression(other)})"
        case ast.Call(ast.Name(name), arguments):
            prefix = "Math." if name in BUILT_IN else ""
            return f"{prefix}{name}({', '.join(map(_expression, arguments))})"
    raise _unknown(node)


def _unknown(node: ast.AST) -> ValueError:
    return ValueError(
        f"{ast.unparse(node)!r} cannot be written in JavaScript: in kernels/math.py use names that "
        "are assigned once, float constants, + - * / &, one comparison at a time, selects and calls"
    )

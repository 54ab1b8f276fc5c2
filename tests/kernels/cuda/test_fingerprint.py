"""What tells kernels apart: a hash of all that the compiler reads."""

import dis
import json
from types import FunctionType
from unittest.mock import patch

import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels.cuda import compile, device, functions, thread
from bpfast.kernels.cuda.fingerprint import UnknownPartError, fingerprint
from bpfast.kernels.specialise import specialise
from bpfast.kernels.tables import Activation

if device.simulated():
    pytest.skip("the simulator compiles nothing", allow_module_level=True)
pytest.importorskip("numba_cuda")


def with_number(number):
    def function(x):
        return x + number

    return function


def with_constant():
    def function(x):
        return x + 2.0

    return function


def with_global(**names):
    code = compile_source("def function(x):\n    return helper(x)\n", names)
    return code["function"]


def compile_source(source, names):
    exec(source, names)
    return names


def helper(source):
    return compile_source(source, {"exp": np.exp})["helper"]


DIFFERENT = [
    with_number(1.0),
    with_number(2.0),
    with_number(np.float32(1.0)),
    with_number((1.0, 2.0)),
    with_number(((1.0,), 2.0)),
    with_number(None),
    with_number(np.float32),
    with_number(np.dtype("float32")),
    with_constant(),
    with_global(helper=helper("def helper(x):\n    return x\n")),
    with_global(helper=helper("def helper(x):\n    return -x\n")),
    with_global(helper=helper("def helper(x, y=1):\n    return -x\n")),
    with_global(helper=helper("def helper(x, y=2):\n    return -x\n")),
    with_global(helper=helper("def helper(x):\n    return exp(x)\n")),
    with_global(helper=np.exp),
    with_global(helper=np.tanh),
    with_global(helper=abs),
    with_global(),
    lambda x: x + 1,
    lambda x: x - 1,
    lambda x, y: x + 1,
]


def test_functions_that_differ_have_fingerprints_that_differ():
    assert len({fingerprint(function) for function in DIFFERENT}) == len(DIFFERENT)


def test_functions_that_are_the_same_have_the_same_fingerprint():
    assert fingerprint(with_number(1.0)) == fingerprint(with_number(1.0))
    source = "def helper(x):\n    return x if x > 0 else function(-x)\n"
    one, other = helper(source), helper(source)
    one.__globals__["function"], other.__globals__["function"] = one, other  # calls itself
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize("part", [[1.0], np.zeros(2), object(), json, json.dumps, with_number({})])
def test_what_no_other_process_knows_has_no_fingerprint(part):
    with pytest.raises(UnknownPartError):
        fingerprint(with_number(part))


def test_options_count():
    def nothing():
        return

    made = [compile.kernel(nothing, threads, blocks) for threads, blocks in ((32, 1), (32, 2))]
    made.append(compile.device_function(nothing))
    assert len({fingerprint(one) for one in [*made, nothing]}) == 4
    before = fingerprint(made[-1])
    with patch.dict(made[-1].targetoptions, {"lto": not made[-1].targetoptions["lto"]}):
        assert fingerprint(made[-1]) == before  # it tells what is installed


def test_our_own_functions_are_known_by_their_places():
    """Python's versions have other bytecode for them, whose files' contents are known."""
    ours, other = (made(functions.row_loss(spec)) for spec in (SPEC, SPEC._replace(loss=SOFTMAX)))
    assert fingerprint(ours) != fingerprint(other)
    longer = {"co_code": ours.__code__.co_code + bytes([dis.opmap["NOP"], 0])}
    assert fingerprint(copied(ours, **longer)) == fingerprint(ours)
    for moved in ({"co_firstlineno": 1}, {"co_qualname": "another"}):
        assert fingerprint(copied(ours, **moved)) != fingerprint(ours)
    users, changed = copied(ours), copied(ours, **longer)
    users.__module__ = changed.__module__ = "notebook"
    assert len({fingerprint(one) for one in (ours, users, changed)}) == 3


@pytest.mark.parametrize("const", [1.0, (1.0, 2.0), with_constant().__code__])
def test_our_own_functions_are_made_for_a_dtype(const):
    """Their code has the same place for both, and other numbers."""
    ours = copied(made(functions.row_loss(SPEC)), co_consts=(const,))
    narrow = specialise(ours, "float32", {})
    assert len({fingerprint(one) for one in (ours, specialise(ours, "float64", {}), narrow)}) == 3


SPEC = functions.functions(bp.MLP((2, 2, 1)).network, "sgd", "float32")
SOFTMAX = functions.functions(bp.MLP((2, 2), loss="cross_entropy").network, "sgd", "float32").loss


def made(dispatcher):
    """The Python function of a compiled one."""
    return dispatcher.py_func


def copied(function, **changes):
    """A function with other code."""
    copy = FunctionType(
        function.__code__.replace(**changes),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__module__ = function.__module__
    return copy


def test_a_users_function_is_known_by_what_it_does():
    """Not by its name, which is the same when a notebook's cell is run again."""
    network = bp.MLP((2, 2, 1)).network

    def trained_with(slope, dtype="float32"):
        bent = Activation(lambda z: slope * z, lambda z, a: slope)
        made = functions.functions(network, "sgd", dtype)._replace(activations=(bent,))
        return fingerprint(thread.train_kernel(network, made, 1))

    assert trained_with(0.5) == trained_with(0.5)
    assert len({trained_with(0.5), trained_with(0.25), trained_with(0.5, "float64")}) == 3

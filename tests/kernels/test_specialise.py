"""Copies of plain functions for one dtype: what is narrowed in them, and what is refused."""

import math

import numpy as np
import pytest
from numba import njit

from bpfast.kernels.specialise import Specialiser, global_names, specialise

HALF, HALVES, TABLE = 0.5, (0.5, (0.25, 1)), np.array([0.5, 0.25])
F32 = np.float32


def in_code(z):
    return z * 0.5


def in_a_tuple(z):
    return z * (0.25, 0.5)[1]


def in_a_global(z):
    return z * HALF


def in_a_global_tuple(z):
    return z * (HALVES[0] + HALVES[1][0])


def in_a_global_array(z):
    return z * TABLE[1]


def in_an_inner_function(z):
    def inner(x):
        return x * 0.5 * HALF

    return inner(z)


def in_a_called_function(z):
    return in_a_global(z) + 0.5


def of_numpy_and_math(z):
    return np.sqrt(z) + math.exp(z) + abs(z)


def made(factor):
    return lambda z: z * factor


def with_a_default(z, factor=0.5):
    return z * factor


def calls_one_with_a_default(z):
    return with_a_default(z)


FUNCTIONS = [
    in_code,
    in_a_tuple,
    in_a_global,
    in_a_global_tuple,
    in_a_global_array,
    in_an_inner_function,
    in_a_called_function,
    calls_one_with_a_default,
    of_numpy_and_math,
    made(0.5),
    made((0.5,)[0]),
]


def of_a_module(z):
    return z * math.pi


def of_a_module_within(z):
    return max([np.e * x for x in (z,)])


def itself(z):
    return itself(z - 1.0) if z > 0.0 else z


def one_of_two(z):
    return other_of_two(z)


def other_of_two(z):
    return one_of_two(z)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_function_stays_in_its_dtype(function, dtype):
    number = np.dtype(dtype).type
    result = Specialiser(dtype, njit)(function)
    assert result(number(0.75)) == pytest.approx(function(0.75), rel=1e-6)
    (signature,) = result.nopython_signatures
    assert str(signature.return_type) == dtype


def test_the_function_itself_is_left_alone():
    before = in_code.__code__, dict(in_code.__globals__)
    copy = specialise(in_code, "float32", {}, "other")
    assert (in_code.__code__, in_code.__globals__) == before
    assert (copy.__name__, copy.__qualname__, copy.__module__) == ("in_code", "other", __name__)
    assert {type(c) for c in copy.__code__.co_consts} <= {F32, type(None)}


@pytest.mark.parametrize(
    ("function", "name"), [(of_a_module, "math.pi"), (of_a_module_within, "np.e")]
)
def test_a_modules_number_is_refused_where_it_would_stay_float64(function, name):
    constant = name.split(".")[1].upper()
    words = f"{function.__name__}: {name} would stay float64 .*: write {constant} = {name} above"
    with pytest.raises(TypeError, match=words):
        specialise(function, "float32", {})
    assert specialise(function, "float64", {})(2.0) == function(2.0)


@pytest.mark.parametrize("function", [itself, one_of_two])
def test_a_function_that_calls_itself_is_refused(function):
    with pytest.raises(TypeError, match=f"{function.__name__} calls itself: write a loop"):
        Specialiser("float64", njit)(function)


def test_another_function_is_called_instead():
    specialiser = Specialiser(
        "float64", njit, {math.exp: in_code, abs: in_code, in_a_global: in_code}
    )
    assert (
        specialiser(of_numpy_and_math)(6.0) == np.sqrt(6.0) + math.exp(6.0) + 3.0
    )  # by name alone
    assert specialiser(in_a_called_function)(6.0) == 3.5
    assert specialise(in_a_global, "float64", {"HALF": 3.0})(2.0) == 6.0


def test_each_function_is_compiled_once():
    compiled = []
    specialiser = Specialiser(
        "float32", lambda function: compiled.append(function) or njit(function)
    )
    assert specialiser(in_a_called_function) is specialiser(in_a_called_function)
    specialiser(in_a_global)
    assert [function.__name__ for function in compiled] == ["in_a_global", "in_a_called_function"]


def test_globals_of_inner_functions_are_seen():
    assert global_names(in_an_inner_function.__code__) == {"HALF"}

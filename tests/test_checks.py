"""Checks of values: what they return, and the words in which they refuse."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from bpfast import checks


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
def test_integers_become_pythons(value):
    assert type(checks.check_int("n", value, 3, 3)) is int


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (2, ValueError, "n must be at least 3, got 2"),
        (10, ValueError, "n must be at most 9, got 10"),
        (3.0, TypeError, "n must be an integer, got 3.0"),
        (True, TypeError, "n must be an integer, got True"),
        (None, TypeError, "n must be an integer, got None"),
    ],
)
def test_other_integers_are_refused(value, error, words):
    with pytest.raises(error) as caught:
        checks.check_int("n", value, 3, 9)
    assert str(caught.value) == words


def test_true_and_false_are_no_numbers():
    assert checks.check_bool("flag", np.True_) is True
    assert checks.check_bool("flag", False) is False
    for value in (0, 1, "yes", None):
        with pytest.raises(TypeError, match=f"flag must be True or False, got {value!r}"):
            checks.check_bool("flag", value)


def test_a_choice_is_one_of_those_there_are():
    checks.check_choice("loss", "mae", {"mse": 0, "mae": 1})
    for value in ("MSE", 0, None, ["mse"]):
        with pytest.raises(ValueError, match=r"loss=.* is not known: choose from mse, mae"):
            checks.check_choice("loss", value, ("mse", "mae"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"value": -1, "low": 0.0}, "x must be at least 0 and finite, got -1"),
        ({"value": np.nan, "low": 0.0}, "x must be at least 0 and finite, got nan"),
        ({"value": np.inf, "low": 0.0}, "x must be at least 0 and finite, got inf"),
        ({"value": 0, "low": 0.0, "open_low": True}, "x must be above 0 and finite, got 0"),
        ({"value": -1, "low": 0.0, "high": np.inf}, "x must be at least 0, got -1"),
        ({"value": 2, "low": 0.0, "high": 1.5}, "x must be at least 0 and at most 1.5, got 2"),
        (
            {"value": 1, "low": 0.0, "high": checks.BELOW_ONE},
            "x must be at least 0 and below 1, got 1",
        ),
    ],
)
def test_bounds_of_numbers_are_told(options, words):
    for check, more in ((checks.check_number, {}), (checks.check_numbers, {"n": 3})):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            check("x", **options, **more)
        assert str(caught.value) == words


def test_one_number_is_a_float():
    assert checks.check_number("x", np.float32(0.5), 0.0) == 0.5
    assert type(checks.check_number("x", 1, 0.0)) is float
    for value in (True, "1", [1.0], None):
        with pytest.raises(TypeError, match="x must be a number, got"):
            checks.check_number("x", value, 0.0)


def test_numbers_are_one_for_each_network():
    shared = checks.check_numbers("x", 0.5, 3, 0.0)
    assert_array_equal(shared, [0.5] * 3)
    assert shared.strides == (0,)
    assert not shared.flags.writeable
    assert_array_equal(checks.check_numbers("x", [1, 2, 3], 3, 0.0), [1.0, 2.0, 3.0])
    assert checks.check_numbers("x", np.ones((1, 4)), 3, 0.0, epochs=4).shape == (3, 4)
    with pytest.raises(ValueError, match=r"got -1 for network 1"):
        checks.check_numbers("x", [0, -1, -2], 3, 0.0)
    with pytest.raises(ValueError, match=r"x has shape \(2,\): give one number, or .* 3 networks$"):
        checks.check_numbers("x", [1, 2], 3, 0.0)
    with pytest.raises(ValueError, match=r"or an array of \(3, 4\) for every epoch"):
        checks.check_numbers("x", np.ones((3, 5)), 3, 0.0, epochs=4)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, False], [1, 0]),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        (np.array([1.5, None], object), [1.5, np.nan]),
        (Fraction(1, 4), 0.25),
        (np.asfortranarray(np.eye(2)), np.eye(2)),
        ([1e300], [np.inf]),
        (np.ma.masked_array([1, 2], [False, True]), [1, np.nan]),
    ],
)
def test_arrays_are_row_major_and_of_the_dtype(values, expected):
    array = checks.check_array("X", values, np.float32)
    assert array.dtype == np.float32
    assert array.flags.c_contiguous
    assert_array_equal(array, np.asarray(expected, np.float64).astype(np.float32))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("abc", "X must be an array of numbers, got 'abc'"),
        (["a", "b"], "X must be an array of numbers, got dtype <U1"),
        (np.array([1j]), "got dtype complex128"),
        (np.array(["2020-01-01"], "M8[D]"), r"got dtype datetime64\[D\]"),
        ([[1, 2], [3]], "X must be an array of numbers: "),
        (None, "got None"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(values, words):
    with pytest.raises(TypeError, match=words):
        checks.check_array("X", values, np.float32)


@pytest.mark.parametrize("value", [0, 2, True, 2**53 - 1, 2**60, 0.5, np.float64(2), np.float32(2)])
def test_any_kind_of_number_is_a_number(value):
    numbers = checks.check_numbers("x", value, 2, 0.0)
    assert_array_equal(numbers, np.broadcast_to(np.float64(value), 2), strict=True)


@pytest.mark.parametrize("value", [10**400, -(10**400)])
def test_what_float64_cannot_hold_is_no_number(value):
    with pytest.raises(TypeError, match="x must be a number, or one for each"):
        checks.check_numbers("x", value, 2, -np.inf, np.inf)


@pytest.mark.parametrize("size", [1, checks.SMALL, checks.SMALL + 1])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_number_that_is_not_finite_is_found(size, value):
    array = np.zeros(size, np.float32)
    assert checks.is_finite(array)
    array[-1] = value
    assert not checks.is_finite(array)


def test_no_numbers_are_finite():
    assert checks.is_finite(np.zeros((0, 3)))


def test_what_is_not_finite_is_told_with_its_index():
    array = np.ones((2, 3))
    assert checks.check_finite("X", array) is array
    array[1, 2] = np.inf
    with pytest.raises(ValueError, match=r"X has NaN or infinity, first at \(1, 2\): drop or"):
        checks.check_finite("X", array)

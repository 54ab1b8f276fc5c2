"""The target: classes, labels or numbers, in one column or several."""

import numpy as np
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st

from bpfast.tables.target import (
    Target,
    find_target,
    scaler_of,
    target_like,
    to_training_scale,
    to_units,
    total_sum_of_squares,
)

WORDS = np.array(["yes", "no", "no"] * 4)
INTEGERS = np.array([1, 0, 1] * 4)
NUMBERS = np.arange(12.0) / 3
SKEWED = np.exp(np.random.default_rng(0).normal(0, 2, 100))


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([0, 1] * 6, ["0", "1"]),
        ([0.0, 1.0] * 6, ["0.0", "1.0"]),
        ([True, False] * 6, ["False", "True"]),
        (["b", "a"] * 6, ["a", "b"]),
        ([0.5, 1.0] * 6, []),
        (list(range(12)), []),
    ],
)
def test_what_a_target_is(y, classes):
    assert find_target({"": np.array(y)}).classes == classes


@pytest.mark.parametrize(
    "words",
    [
        [f"{k // 4}{'abcd'[k % 4]}" for k in range(24)],
        [f"{k}-{k + 9}" for k in range(0, 100, 10)],
        [f"a{k}" for k in range(30)],
    ],
)
def test_words_with_digits_may_be_classes(words):
    assert find_target({"": np.array(words * 3)}).classes == sorted(words)


def test_regression_of_words_is_refused():
    with pytest.raises(ValueError, match="needs a target of numbers, got 'a'"):
        find_target({"": np.array(["a", "b"] * 3)}, "regression")


@pytest.mark.parametrize(
    ("y", "task", "words"),
    [
        ([0.1] * 9, "auto", r"the target is 0\.1 in every row: a regression needs one that varies"),
        ([7] * 9, "regression", "the target is 7 in every row"),
        ([2**60, 2**60 + 1] * 5, "regression", "in every row"),  # as float64 has them
        ([0.5, 1e200] * 5, "auto", r"goes from 0\.5 to 1e\+200: float64 does not hold"),
        ([0.0, 1e-200] * 5, "regression", "from 0 to 1e-200: float64 does not hold"),
        ([-1.7e308, 1.7e308] * 5, "regression", "float64 does not hold"),
        ([7] * 9, "auto", "the target has one class only: 7"),
        ([], "auto", "the target has no rows"),
        (
            [*map(str, range(900)), "x"],
            "auto",
            "901 different values, mostly numbers, but 'x'",
        ),
        (
            [*map(str, range(900))],
            "auto",
            "900 different values, mostly numbers as text, such as '0': say the decimal mark",
        ),
        (
            [*(f"€{k / 10}M" for k in range(11, 40)), *(f"€{k}K" for k in range(1, 9)), "€0"] * 3,
            "auto",
            "38 different values, mostly numbers with units such as '€0': make numbers of them",
        ),
        (
            ["NEW", *(f"{k / 10}/5" for k in range(20, 50))] * 3,
            "auto",
            "with units such as '2.0/5'",
        ),
    ],
)
def test_a_target_that_does_not_vary_is_refused(y, task, words):
    with pytest.raises(ValueError, match=words):
        find_target({"": np.array(y)}, task)


@drawn(50)
@given(value=st.floats(-1e300, 1e300), rows=st.integers(1, 50), step=st.floats(1e-9, 1e9))
def test_sum_of_squares_is_zero_for_constants_alone(value, rows, step):
    """Whatever the mean's rounding; otherwise it is what scikit-learn's R² divides by."""
    assert total_sum_of_squares(np.full(rows, value)) == 0.0
    y = step * np.arange(rows + 1.0)
    expected = (rows + 1) * np.var(y)
    assert total_sum_of_squares(y) == pytest.approx(expected, rel=1e-9)


def test_one_column_is_classes_or_numbers():
    target = find_target({"y": WORDS})
    assert (target.kind, target.names, target.classes) == ("classes", ("y",), ["no", "yes"])
    assert target.values.tolist() == [1, 0, 0] * 4
    assert find_target({"y": NUMBERS}).kind == "numbers"
    grades = np.repeat(np.arange(3, 10), 30)
    assert find_target({"quality": grades}).classes == [*"3456789"]
    regression = find_target({"quality": grades}, "regression")
    assert (regression.kind, regression.values.dtype) == ("numbers", np.float64)


def test_several_columns_of_two_values_are_labels():
    target = find_target({"a": WORDS, "b": INTEGERS, "c": INTEGERS == 0})
    assert target.kind == "labels"
    assert target.labels == {"a": ["no", "yes"], "b": ["0", "1"], "c": ["False", "True"]}
    assert target.values.dtype == np.float64
    assert target.values[0].tolist() == [1.0, 1.0, 0.0]


def test_several_columns_of_numbers_are_outputs():
    target = find_target({"a": NUMBERS, "b": INTEGERS})
    assert (target.kind, target.values.shape) == ("numbers", (12, 2))
    assert find_target({"a": INTEGERS, "b": INTEGERS}, "regression").kind == "numbers"
    halves = np.array([0.5, 1.5] * 6)
    assert find_target({"a": halves, "b": halves}).kind == "numbers"
    assert find_target({"a": halves, "b": halves}, "classification").kind == "labels"


@pytest.mark.parametrize(
    ("columns", "options", "words"),
    [
        ({"a": WORDS, "b": NUMBERS}, {}, "'b' has 12 different values, such as 0.0; give targets"),
        ({"a": WORDS, "b": np.array([*"xyz"] * 4)}, {}, "'b' has 3 different values, such as x"),
        ({"a": INTEGERS, "b": NUMBERS}, {"task": "classification"}, "'b' has 12 different"),
        ({"a": WORDS, "b": np.array([0.5, 1.5] * 6)}, {}, "'b' has 2 different values"),
        ({"a": WORDS, "b": WORDS}, {"task": "regression"}, "target 'a': regression needs"),
        ({"a": NUMBERS, "b": NUMBERS * 0}, {}, "target 'b': the target is 0 in every row"),
        ({"a": NUMBERS, "b": NUMBERS * np.nan}, {}, "target 'b' is not finite at index 0"),
        ({"a": WORDS}, {"transform": "log"}, "is for a target of numbers, and this has classes"),
        ({"a": NUMBERS - 1}, {"transform": "log"}, "without negative numbers, and this has -1"),
        ({"a": NUMBERS}, {"transform": "sqrt"}, "target_transform='sqrt' is not known"),
        ({"a": NUMBERS}, {"task": "ranking"}, "task='ranking' is not known"),
    ],
)
def test_targets_that_do_not_go_together_are_refused(columns, options, words):
    with pytest.raises(ValueError, match=words):
        find_target(columns, **options)


@pytest.mark.parametrize(
    ("values", "asked", "transform"),
    [
        (SKEWED, "log", "log"),
        (SKEWED, "auto", "log"),
        (np.append(SKEWED, 0.0), "auto", "log1p"),
        (np.append(SKEWED, 0.0), "log", "log1p"),
        (-SKEWED, "auto", ""),
        (NUMBERS, "auto", ""),
        (NUMBERS, "log", "log1p"),
        (WORDS, "auto", ""),
        (SKEWED, "none", ""),
    ],
)
def test_long_tails_are_trained_on_as_logarithms(values, asked, transform):
    target = find_target({"y": values}, transform=asked)
    assert target.transform == transform
    if target.kind == "numbers":
        np.testing.assert_array_equal(target.values, values)
        np.testing.assert_allclose(to_units(target.transformed(), transform), values, atol=1e-12)


def test_outputs_are_transformed_together():
    assert find_target({"a": SKEWED, "b": SKEWED}, transform="auto").transform == "log"
    linear = np.linspace(1, 2, 100)
    assert find_target({"a": SKEWED, "b": linear}, transform="auto").transform == ""


@drawn(50)
@given(st.lists(st.floats(1e-6, 1e9), min_size=1), st.sampled_from(["", "log", "log1p"]))
def test_transforms_are_inverted(values, transform):
    units = to_units(to_training_scale(np.array(values), transform), transform)
    np.testing.assert_allclose(units, values, rtol=1e-9, atol=1e-12)


def test_other_rows_have_the_same_classes():
    known = find_target({"y": np.array(["a", "b", "c"] * 3)})
    assert target_like({"y": np.array(["c", "a"])}, known).values.tolist() == [2, 0]
    assert target_like({"y": np.array(["c.", "a."])}, known).values.tolist() == [2, 0]
    with pytest.raises(ValueError, match="target 'y' has 'd', expected one of a, b, c"):
        target_like({"y": np.array(["d", "a"])}, known)
    floats = find_target({"y": np.array([0.0, 1.0] * 5)})
    assert target_like({"y": np.array([1, 0, 1])}, floats).values.tolist() == [1, 0, 1]


def test_other_rows_have_the_same_labels_and_outputs():
    known = find_target({"a": WORDS, "b": INTEGERS})
    labels = target_like({"a": np.array(["no", "no"]), "b": np.array([1, 0])}, known)
    assert labels.values.tolist() == [[0.0, 1.0], [0.0, 0.0]]
    outputs = target_like(
        {"a": np.array([7]), "b": np.array([8.5])}, Target(("a", "b"), "numbers", NUMBERS)
    )
    assert outputs.values.tolist() == [[7.0, 8.5]]
    with pytest.raises(ValueError, match="target 'y' has 'x', expected numbers"):
        target_like({"y": np.array(["x"])}, Target(("y",), "numbers", NUMBERS))


@pytest.mark.parametrize("transform", ["log", "log1p"])
def test_logarithms_are_brought_back_near_to_what_was_trained_on(transform):
    scaler = scaler_of(SKEWED, transform)
    far = to_units(scaler.invert(np.array([-100.0, 100.0, np.inf])), transform)
    np.testing.assert_allclose(far, [SKEWED.min() / 2, *[SKEWED.max() * 2] * 2])
    again = scaler.invert(scaler.apply(to_training_scale(SKEWED, transform)))
    np.testing.assert_allclose(to_units(again, transform), SKEWED)
    assert scaler_of(SKEWED, "").low is None

"""Samples: every form in which they may come, and what is refused before any work."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import bpfast as bp

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(10, 3)), RNG.normal(size=(10, 2))
LABELS = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 0])
WEIGHTS = RNG.uniform(0.5, 2.0, size=10)
N = 4

REGRESSION = bp.MLP((3, 4, 2))
SINGLE = bp.MLP((3, 4, 1))
CLASSES = bp.MLP((3, 4, 2), loss="cross_entropy")
COUNTS = bp.MLP((3, 4, 1), loss="poisson")
BINARY = bp.MLP((3, 4, 1), loss="binary_cross_entropy")


class Table:
    """What pandas and polars have in common: NumPy can make an array of it."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


def read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def strided(array):
    """Every second number of a larger array."""
    larger = np.zeros([2 * size for size in array.shape], array.dtype)
    view = larger[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


FORMS = {
    "list": lambda a: a.tolist(),
    "list of rows": list,
    "tuple": lambda a: tuple(a.tolist()),
    "read-only": read_only,
    "Fortran": np.asfortranarray,
    "strided": strided,
    "reversed": lambda a: a[::-1].copy()[::-1],
    "table": Table,
    "objects": lambda a: a.astype(object),
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "memory-mapped": lambda a: a.view(np.memmap),
}


def trained(mlp=REGRESSION, X=X, y=Y, device="cpu", dtype="float32", **options):
    """Losses and parameters after a short training."""
    population = bp.Population(mlp, N, dtype=dtype)
    arguments = {"optimizer": bp.SGD(), "epochs": 2, "batch_size": 4, "progress": False}
    history = bp.fit(population, X, y, device=device, **arguments | options)
    return np.hstack([history.loss, population.parameters])


# --- forms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_arrays_come_in_any_form(form):
    validation = (X, Y, WEIGHTS)
    expected = trained(sample_weight=WEIGHTS, validation=validation)
    others = tuple(form(array) for array in validation)
    losses = trained(X=form(X), y=form(Y), sample_weight=form(WEIGHTS), validation=others)
    assert_array_equal(losses, expected)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_predictions_and_gradients_take_the_same_forms(form):
    population = bp.Population(REGRESSION, N)
    assert_array_equal(population.predict(form(X)), population.predict(X))
    given = bp.gradients(population, form(X), form(Y), form(WEIGHTS))
    expected = bp.gradients(population, X, Y, WEIGHTS)
    assert_array_equal(given[0], expected[0])
    assert_array_equal(given[1][0], expected[1][0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.longdouble])
@pytest.mark.parametrize("network_dtype", ["float32", "float64"])
def test_arrays_are_cast_to_the_networks_dtype(dtype, network_dtype):
    expected = trained(X=X.astype(dtype).astype(network_dtype), dtype=network_dtype)
    assert_array_equal(trained(X=X.astype(dtype), dtype=network_dtype), expected)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64])
def test_integers_are_numbers(dtype):
    whole = (X > 0).astype(dtype)
    assert_array_equal(trained(X=whole), trained(X=whole.astype(float)))


def test_arrays_are_left_as_they_are():
    arrays = X.astype(np.float32), Y.astype(np.float32), WEIGHTS.astype(np.float32)
    copies = [array.copy() for array in arrays]
    population = bp.Population(REGRESSION, N)
    rows = ([np.array([3, 1, 2])], np.zeros(N, int))
    bp.fit(population, *arrays[:2], bp.Adam(), 2, 2, sample_weight=arrays[2], rows=rows)
    for array, copy in zip(arrays, copies, strict=True):
        assert_array_equal(array, copy)
    assert_array_equal(rows[0][0], [3, 1, 2])


@pytest.mark.parametrize("dtype", [int, bool, np.uint8, float, object, ">i4"])
def test_classes_come_in_any_type_that_holds_whole_numbers(dtype):
    assert_array_equal(trained(CLASSES, y=LABELS.astype(dtype)), trained(CLASSES, y=LABELS))


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_classes_may_be_given_as_probabilities(device):
    expected = trained(CLASSES, y=LABELS, device=device)
    given = trained(CLASSES, y=np.eye(2)[LABELS], device=device)
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-7)
    assert (trained(CLASSES, y=0.8 * np.eye(2)[LABELS] + 0.1, device=device) != expected).any()


@pytest.mark.parametrize(("mlp", "y"), [(SINGLE, Y[:, 0]), (BINARY, LABELS), (BINARY, LABELS / 2)])
def test_one_output_takes_targets_with_and_without_an_axis(mlp, y):
    assert_array_equal(trained(mlp, y=y), trained(mlp, y=y[:, None]))


def test_one_sample_is_enough():
    assert np.isfinite(trained(X=X[:1], y=Y[:1])).all()


# --- what is refused ------------------------------------------------------------------------------


def refused(error, words, mlp=REGRESSION, X=X, y=Y, **options):
    """Fit and gradients raise, and no network was touched."""
    population = bp.Population(mlp, N)
    before = population.parameters.copy()
    with pytest.raises(error, match=words):
        bp.fit(population, X, y, bp.SGD(), epochs=1, progress=pytest.fail, **options)
    assert_array_equal(population.parameters, before)
    if not options.keys() - {"sample_weight"}:
        with pytest.raises(error, match=words):
            bp.gradients(population, X, y, **options)


HOLED = np.where(np.arange(30).reshape(10, 3) == 10, np.nan, X)


@pytest.mark.parametrize(
    ("inputs", "error", "words"),
    [
        (
            X[:, 0],
            ValueError,
            r"X has shape \(10,\), expected \(samples, 3\) for layers=",
        ),
        (X[None], ValueError, r"X has shape \(1, 10, 3\), expected \(samples, 3\)"),
        (X[:, :2], ValueError, r"X has shape \(10, 2\), expected \(samples, 3\)"),
        (X.T, ValueError, r"X has shape \(3, 10\), expected \(samples, 3\)"),
        (1.0, ValueError, r"X has shape \(\), expected \(samples, 3\)"),
        (X[:0], ValueError, "X has no rows"),
        (HOLED, ValueError, r"X has NaN or infinity, first at \(3, 1\): drop or replace"),
        (np.where(np.isnan(HOLED), -np.inf, X), ValueError, r"first at \(3, 1\)"),
        (np.where(np.isnan(HOLED), None, X), ValueError, r"first at \(3, 1\)"),
        (X * 1e300, ValueError, "X has NaN or infinity"),
        (X.astype(str), TypeError, "X must be an array of numbers, got dtype <U"),
        (X * 1j, TypeError, "X must be an array of numbers, got dtype complex128"),
        (X.astype("M8[s]"), TypeError, r"X must be an array of numbers, got dtype datetime64\[s\]"),
        ([[1, 2, 3], [4, 5]], TypeError, "X must be an array of numbers: .*inhomogeneous"),
        ([[1, 2, "a"]] * 10, TypeError, "X must be an array of numbers, got dtype <U"),
        (np.array([[1, 2, "a"]] * 10, object), TypeError, "X must be .* could not convert string"),
        (None, TypeError, "X must be an array of numbers, got None"),
        ({"a": 1}, TypeError, r"X must be an array of numbers, got {'a': 1}"),
    ],
)
def test_bad_inputs(inputs, error, words):
    refused(error, words, X=inputs)
    refused(error, words.replace("X ", "X of validation ", 1), validation=(inputs, Y))


@pytest.mark.parametrize(
    ("y", "error", "words"),
    [
        (Y[:9], ValueError, "X has 10 rows, y has 9"),
        (Y[:, 0], ValueError, r"y has shape \(10,\), expected \(samples, 2\) for mse and layers="),
        (Y[:, :1], ValueError, r"y has shape \(10, 1\), expected \(samples, 2\)"),
        (Y[None], ValueError, r"y has shape \(1, 10, 2\)"),
        (Y * np.nan, ValueError, r"y has NaN or infinity, first at \(0, 0\)"),
        (Y.astype(str), TypeError, "y must be an array of numbers, got dtype <U"),
        ([[1], [1, 2]], TypeError, "y must be an array of numbers: .*inhomogeneous"),
        (None, TypeError, "y must be an array of numbers, got None"),
    ],
)
def test_bad_targets(y, error, words):
    refused(error, words, y=y)


@pytest.mark.parametrize(
    ("y", "error", "words"),
    [
        (LABELS[:9], ValueError, "X has 10 rows, y has 9"),
        (LABELS[:0], ValueError, "X has 10 rows, y has 0"),
        (LABELS + 1, ValueError, "y has classes from 1 to 2, 2 outputs allow 0 to 1"),
        (LABELS - 1, ValueError, "y has classes from -1 to 0, 2 outputs allow 0 to 1"),
        (LABELS + 0.5, TypeError, "y must be integer classes for cross_entropy, got 0.5"),
        (LABELS.astype(str), TypeError, r"integer classes .* \(numpy.unique numbers others\)"),
        (["cat", "dog"] * 5, TypeError, "y must be integer classes for cross_entropy"),
        (np.where(LABELS, np.nan, 0), ValueError, r"y has NaN or infinity, first at \(1,\)"),
        (
            LABELS[:, None],
            ValueError,
            r"shape \(10, 1\), expected \(samples,\) or \(samples, 2\)",
        ),
        (np.eye(3)[LABELS], ValueError, r"y has shape \(10, 3\), .* for cross_entropy and layers="),
        (2 * np.eye(2)[LABELS], ValueError, "y has targets from 0 to 2, cross_entropy wants them"),
        (None, TypeError, "y must be integer classes for cross_entropy .* got None"),
    ],
)
def test_bad_classes(y, error, words):
    refused(error, words, CLASSES, y=y)


@pytest.mark.parametrize(
    ("mlp", "y", "words"),
    [
        (SINGLE, Y, r"y has shape \(10, 2\), expected \(samples,\) or \(samples, 1\) for mse"),
        (BINARY, 2 * LABELS, "y has targets from 0 to 2, binary_cross_entropy wants them from 0"),
        (BINARY, LABELS - 1, "y has targets from -1 to 0, binary_cross_entropy wants them from 0"),
        (BINARY, LABELS * np.nan, "y has NaN or infinity"),
        (COUNTS, LABELS - 1, "y has targets from -1 on, poisson wants none below 0"),
    ],
)
def test_bad_targets_of_one_output(mlp, y, words):
    refused(ValueError, words, mlp, y=y)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (LABELS[:9], "X of validation has 10 rows, y of validation has 9"),
        (LABELS + 1, "y of validation has classes from 1 to 2"),
        (np.where(LABELS, np.nan, 0), "y of validation has NaN or infinity"),
    ],
)
def test_bad_classes_of_validation(y, words):
    refused(ValueError, words, CLASSES, y=LABELS, validation=(X, y))


@pytest.mark.parametrize(
    ("weights", "error", "words"),
    [
        (WEIGHTS[:9], ValueError, r"sample_weight has shape \(9,\), expected \(10,\)"),
        (WEIGHTS[:, None], ValueError, r"sample_weight has shape \(10, 1\), expected \(10,\)"),
        (1.0, ValueError, r"sample_weight has shape \(\), expected \(10,\)"),
        (-WEIGHTS, ValueError, "sample_weight must not be negative, got -"),
        (WEIGHTS * np.nan, ValueError, r"sample_weight has NaN or infinity, first at \(0,\)"),
        ("balanced", TypeError, "sample_weight must be an array of numbers, got 'balanced'"),
        ([None] * 10, ValueError, "sample_weight has NaN"),
    ],
)
def test_bad_weights(weights, error, words):
    refused(error, words, sample_weight=weights)
    refused(error, words.replace("weight ", "weight of validation ", 1), validation=(X, Y, weights))


@pytest.mark.parametrize(
    "validation", [X, "ab", 5, (), (X,), (X, Y, WEIGHTS, 1), np.zeros((2, 10, 3)), {"X": X, "y": Y}]
)
def test_bad_forms_of_validation(validation):
    refused(
        TypeError, r"validation must be \(X, y\) or \(X, y, sample_weight\)", validation=validation
    )


# --- rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize(
    "rows",
    [
        ([[0, 1, 2], [3, 4, 5, 6]], [0, 1, 1, 0]),
        ((np.array([0, 1, 2], np.uint8), range(3, 7)), np.array([0, 1, 1, 0], np.int8)),
        [[np.arange(3), np.arange(3, 7)], (0, 1, 1, 0)],
        ([np.arange(3), [9], np.arange(3, 7)], [0, 2, 2, 0]),
    ],
)
def test_networks_are_trained_on_their_own_rows(rows, device):
    together = trained(rows=rows, device=device, shuffle=False)
    for network, part in enumerate([slice(0, 3), slice(3, 7), slice(3, 7), slice(0, 3)]):
        alone = trained(X=X[part], y=Y[part], device=device, shuffle=False)
        assert_array_equal(together[network], alone[network])


def test_a_row_may_come_twice():
    twice = [0, 0, 1, 2, 2, 2]
    given = trained(rows=([twice], [0] * N))
    assert_array_equal(given, trained(X=X[twice], y=Y[twice]))


def test_all_rows_are_one_fold():
    assert_array_equal(trained(rows=([np.arange(10)], [0] * N)), trained())


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        (5, TypeError, r"rows must be \(list of index arrays, \(n,\) fold numbers\)"),
        (np.arange(10), TypeError, "rows must be"),
        (([np.arange(5)],), TypeError, "rows must be"),
        ((5, [0] * N), TypeError, "rows must be"),
        (([np.arange(5)], [0] * 3), ValueError, r"shape \(3,\) .* each of the 4 networks"),
        (([np.arange(5)], 0), ValueError, r"fold numbers have shape \(\)"),
        (([np.arange(5)], [0.0] * N), ValueError, "dtype float64, expected an integer for each"),
        (([np.arange(5)], [0, 1, 0, 0]), ValueError, "from 0 to 1, but there are 1 folds"),
        (([np.arange(5)] * 2, [-1, 0, 1, 0]), ValueError, "from -1 to 1, but there are 2 folds"),
        (([], [0] * N), ValueError, "but there are 0 folds"),
        (([np.arange(5), []], [0, 1, 0, 0]), ValueError, r"fold 1 has shape \(0,\)"),
        (
            ([[0, 10]], [0] * N),
            ValueError,
            "fold 0 has row numbers from 0 to 10, X has rows 0 to 9",
        ),
        (
            ([[0, -1]], [0] * N),
            ValueError,
            "fold 0 has row numbers from -1 to 0, X has rows 0 to 9",
        ),
        (([[0.5]], [0] * N), ValueError, "fold 0 has .* float64, expected the numbers of its rows"),
        (([["a"]], [0] * N), ValueError, "fold 0 has .* expected the numbers of its rows"),
        (([[[0, 1]]], [0] * N), ValueError, r"fold 0 has shape \(1, 2\)"),
        (([np.ones(10, bool)], [0] * N), ValueError, "numpy.flatnonzero turns a mask into them"),
    ],
)
def test_bad_rows(rows, error, words):
    refused(error, words, rows=rows)

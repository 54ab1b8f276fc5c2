"""The data that a request names: tables, arrays, data of their own to test with."""

import numpy as np
import pytest

pytest.importorskip("polars")
pytest.importorskip("typer")
pytest.importorskip("sklearn")

import polars as pl
from typed import asked_by

from bpfast.command.data import read_dataset, read_test_dataset


def read(*words):
    return read_dataset(asked_by(*words)[0])


def test_a_table_by_names_and_positions(houses):
    by_name = read(houses, "--target", "kind", "--drop", "price")
    by_position = read(houses, "--target", "-1", "--drop", "3")
    for dataset in (by_name, by_position):
        assert dataset.inputs.columns == ["area", "colour"]
        assert dataset.target.classes == ["cheap", "dear"]
        assert dataset.name == "houses"
        assert dataset.left_out == {"price": "dropped", "kind": "the target"}


def test_built_in_data_are_arrays_with_names():
    wine = read("wine")
    assert isinstance(wine.inputs, np.ndarray)
    assert wine.target.classes == ["class_0", "class_1", "class_2"]
    assert wine.input_names[0] == "alcohol"
    assert read("diabetes").target.kind == "numbers"
    assert read("digits", "--task", "regression").target.kind == "numbers"


def test_arrays_of_an_npz_file(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "arrays.npz"
    arrays = {"X": rng.normal(size=(12, 3)), "y": np.arange(12) % 2, "shop": np.arange(12) // 4}
    np.savez(path, **arrays)
    dataset = read(path, "--groups", "shop")
    np.testing.assert_array_equal(dataset.inputs, arrays["X"])
    np.testing.assert_array_equal(dataset.groups, arrays["shop"])
    assert read(path, "--target", "shop").target.classes == ["0", "1", "2"]


def test_rows_to_test_with_are_read_like_the_others(houses, tmp_path):
    other = tmp_path / "others.csv"
    frame = pl.read_csv(houses).head(9)
    frame.select("kind", "price", "colour", "area").write_csv(other, separator=";")
    request, _ = asked_by(houses, "--target", "kind", "--test-data", other)
    dataset = read_dataset(request)
    test = read_test_dataset(request, dataset)
    assert test.inputs.equals(dataset.inputs.head(9).select(test.inputs.columns))
    np.testing.assert_array_equal(test.target.values, dataset.target.values[:9])
    frame.tail(1).write_csv(other)
    assert read_test_dataset(request, dataset).inputs.height == 1
    assert read_test_dataset(asked_by(houses, "--target", "kind")[0], dataset) is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["iris", "--target", "a"], "iris has its own target: leave out --target"),
        (["iris", "--drop", "a"], "--drop is for columns of tables: iris is an array"),
        (
            ["{houses}"],
            "houses.csv: no --target was given; its columns are area, colour, price",
        ),
        (["{houses}", "--target", "prise"], "'price'"),
        (["{houses}", "--target", "kind", "--time-column", "when"], "when"),
    ],
)
def test_what_is_refused(words, told, houses):
    with pytest.raises(ValueError, match=r".") as refused:
        read(*(word.format(houses=houses) for word in words))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)

"""New rows to predict from, of files as people have them."""

import io
import sys
from dataclasses import replace

import numpy as np
import pytest

import bpfast as bp
from bpfast.tables.encoding import Encoding
from bpfast.tables.encoding.left_out import LeftOut
from bpfast.tables.encoding.number import Number
from bpfast.tables.encoding.words import Words
from bpfast.tables.ensemble import Member
from bpfast.tables.input_info import InputInfo
from bpfast.tables.new_rows import read_new_rows
from bpfast.tables.reading.dialect import TextOptions

pl = pytest.importorskip("polars")

AGE = Number(name="age", median=3.0, missing=1, rows=5)
DECK = Words(name="deck", words=("A", "B"), rows=5)
NETWORK = bp.Population(bp.MLP((4, 1)), init="torch")
MODEL = bp.Model(NETWORK, bp.Scaler(np.zeros(4), np.ones(4)), columns=Encoding((AGE, DECK)))
EXPECTED = [[1.5, 0.0, 0.0, 1.0], [3.0, 1.0, 1.0, 0.0]]


def encoded(source, **options):
    return MODEL.input_info.encode(read_new_rows(source, MODEL, TextOptions(**options)))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("deck,age\nB,1.5\nA,\n", {}),
        ("deck;age\nB;1,500\nA;?\n", {"decimal": ","}),
        ("age;deck\n1,5;B\n;A\n", {}),
        ("age|deck\n1.5|B\n-9|A\n", {"separator": "|", "missing": ("-9",)}),
        ("age,deck\n1.5,B\nNIX,A\n", {"missing": ("nix",)}),
    ],
)
def test_text_is_read(text, options, tmp_path, monkeypatch):
    (tmp_path / "new.csv").write_text(text)
    np.testing.assert_array_equal(encoded(str(tmp_path / "new.csv"), **options), EXPECTED)


def test_standard_input_is_read(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(b"deck,age\nB,1.5\nA,\n"))
    monkeypatch.setattr(sys, "stdin", stream)
    np.testing.assert_array_equal(encoded("-"), EXPECTED)


@pytest.mark.parametrize("age", [[1.5, None], [1.5, -9.0], ["1.5", "-9"]])
def test_tables_with_types_are_read(age, tmp_path):
    frame = pl.DataFrame({"deck": ["B", "A"], "age": age, "more": [True, False]})
    frame.write_parquet(tmp_path / "new.parquet")
    found = encoded(str(tmp_path / "new.parquet"), missing=("-9",))
    np.testing.assert_array_equal(found, EXPECTED)


def test_arrays_and_built_in_data_stay_arrays(tmp_path):
    X = np.arange(8.0).reshape(2, 4)
    np.savez(tmp_path / "new.npz", X=X)
    np.testing.assert_array_equal(encoded(str(tmp_path / "new.npz")), X)
    pytest.importorskip("sklearn")
    assert read_new_rows("iris", MODEL, TextOptions()).shape == (150, 4)


def test_no_rows_are_refused(tmp_path):
    (tmp_path / "new.csv").write_text("age,deck\n")
    with pytest.raises(ValueError, match=r"new\.csv has no rows: there is nothing to predict"):
        encoded(str(tmp_path / "new.csv"))


def test_text_among_numbers_is_told(tmp_path):
    (tmp_path / "new.csv").write_text("age;deck\n1,5;B\nold;A\n")
    with pytest.raises(ValueError, match="column 'age' has 'old' in row 2, expected numbers"):
        encoded(str(tmp_path / "new.csv"))


@pytest.mark.parametrize("text", ["0,1\n1.5,B\n,A\n", "0,1\n7,A\n"])
def test_names_that_are_numbers_are_known(text, tmp_path):
    """As pandas writes them; a first line of numbers might be a row, too."""
    numbered = Encoding((replace(AGE, name="0"), replace(DECK, name="1")))
    (tmp_path / "new.csv").write_text(text)
    model = replace(MODEL, columns=numbered)
    rows = read_new_rows(str(tmp_path / "new.csv"), model, TextOptions())
    assert model.input_info.encode(rows).shape == (text.count("\n") - 1, 4)


# --- tables without a header ----------------------------------------------------------------------

PLACED = Encoding((replace(AGE, name="column_1"), replace(DECK, name="column_3")))
TARGETED = replace(MODEL, columns=PLACED, target_names=("column_2",))


@pytest.mark.parametrize(
    "text",
    [
        "1.5,100,B\n,200,A\n",
        "1.5,100,B,more\n,200,A,more\n",
        "1.5,B\n,A\n",
        "column_3,column_1\nB,1.5\nA,\n",
    ],
)
@pytest.mark.parametrize("source", ["file", "-"])
def test_columns_are_known_by_their_places(source, text, tmp_path, monkeypatch):
    """With the target, with more columns, and without the target; or by names that are told."""
    if source == "-":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    else:
        (tmp_path / "new.csv").write_text(text)
        source = str(tmp_path / "new.csv")
    rows = read_new_rows(source, TARGETED, TextOptions())
    np.testing.assert_array_equal(TARGETED.input_info.encode(rows), EXPECTED)


def test_one_row_without_a_header_is_no_header(tmp_path):
    (tmp_path / "new.csv").write_text("1.5,B\n")
    rows = read_new_rows(str(tmp_path / "new.csv"), TARGETED, TextOptions())
    np.testing.assert_array_equal(TARGETED.input_info.encode(rows), EXPECTED[:1])


def test_a_target_in_the_middle_shifts_no_columns(tmp_path):
    """Without it, the third column is the fourth of the table that was trained on."""
    left_out = LeftOut(name="column_4", reason="1 in each row")
    model = replace(TARGETED, columns=Encoding((*PLACED.columns, left_out)))
    (tmp_path / "new.csv").write_text("1.5,B,A\n,A,B\n")
    rows = read_new_rows(str(tmp_path / "new.csv"), model, TextOptions())
    np.testing.assert_array_equal(model.input_info.encode(rows), EXPECTED)


def test_another_number_of_places_is_refused(tmp_path):
    (tmp_path / "new.csv").write_text("1.5\n2.5\n")
    words = "has 1 columns without names; the model was trained on 3, which are 2 without the targ"
    with pytest.raises(ValueError, match=words):
        read_new_rows(str(tmp_path / "new.csv"), TARGETED, TextOptions())


def test_an_ensemble_reads_what_any_member_uses(tmp_path):
    """Numbers by the file's own decimal mark, in columns that its first member leaves out."""
    inputs = MODEL.input_info
    first = LeftOut(name="age", reason="the same in all")
    scaler = bp.Scaler(np.zeros(2), np.ones(2))
    without = InputInfo(Encoding((first, DECK)), scaler)
    small = bp.Population(bp.MLP((2, 1)), init="torch")
    found = bp.Ensemble((Member(0, 0, 0.5, small, without), Member(1, 1, 0.5, NETWORK, inputs)))
    (tmp_path / "new.csv").write_text("age;deck\n1,500;B\n;A\n")
    rows = read_new_rows(str(tmp_path / "new.csv"), found, TextOptions(decimal=","))
    np.testing.assert_array_equal(inputs.encode(rows), EXPECTED)

"""Where data come from."""

import sys

import pytest

from bpfast.tables.reading.sources import BUILT_IN, data_file, load_built_in, source_name


@pytest.mark.parametrize("source", ["nowhere.csv", "digit", "."])
def test_what_is_no_data_is_refused(source):
    with pytest.raises(ValueError, match="neither a file nor one of digits"):
        data_file(source)


def test_other_endings_are_refused(tmp_path):
    path = tmp_path / "table.xlsx"
    path.touch()
    with pytest.raises(ValueError, match=r"expected a file that ends in \.csv, \.parquet or \.npz"):
        data_file(str(path))


def test_sources_have_names():
    assert source_name("-") == "standard input"
    assert source_name("a.csv") == "a.csv"


def test_built_in_data_need_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r'pip install "bpfast\[sklearn\]"'):
        load_built_in(BUILT_IN[0])

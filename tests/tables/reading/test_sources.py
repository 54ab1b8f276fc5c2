"""Where data come from."""

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bpfast.tables.reading.sources import (
    BLOCK,
    BUILT_IN,
    ByteSource,
    data_file,
    ending,
    load_built_in,
    source_name,
)

CONTENT = b"a,b\n1,2\n" * 200_000


@pytest.mark.parametrize("source", ["nowhere.csv", "digit", "."])
def test_what_is_no_data_is_refused(source):
    with pytest.raises(ValueError, match="neither a file nor one of digits"):
        data_file(source)


def test_other_endings_are_refused(tmp_path):
    path = tmp_path / "table.json"
    path.touch()
    with pytest.raises(ValueError, match=r"expected a file that ends in \.csv, \.tsv, .*\.gz"):
        data_file(str(path))


def test_spreadsheets_are_refused(tmp_path):
    path = tmp_path / "table.XLSX"
    path.touch()
    with pytest.raises(ValueError, match=r"table\.XLSX is a spreadsheet: save it as \.csv first"):
        data_file(str(path))


@pytest.mark.parametrize(
    "name",
    ["a.csv", "a.CSV", "a.tsv", "b.txt.gz", "b.gz", "c.Feather", "d", "adult.test", "x.all-data"],
)
def test_endings_that_are_read(name, tmp_path):
    path = tmp_path / name
    path.touch()
    assert data_file(path) == path


def test_endings_are_those_before_the_compression():
    assert ending(Path("A.B.CSV.GZ")) == ".csv"
    assert ending(Path("a.Parquet")) == ".parquet"
    assert ending(Path("a.gz")) == ""


def test_sources_have_names():
    assert source_name("-") == "standard input"
    assert source_name("a.csv") == "a.csv"
    assert source_name(io.BytesIO()) == "the stream"


def test_built_in_data_need_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r'pip install "bpfast\[sklearn\]"'):
        load_built_in(BUILT_IN[0])


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("kind", ["file", "stream", "stdin"])
def test_bytes_are_read_as_often_as_asked(kind, compress, tmp_path, monkeypatch):
    data = compress(CONTENT)
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    given = {"file": path, "stream": io.BytesIO(data), "stdin": "-"}[kind]
    with ByteSource.opened(given) as source:
        assert source.first_bytes(5) == CONTENT[:5]
        for _ in range(2):
            blocks = [*source.blocks()]
            assert max(map(len, blocks)) <= BLOCK
            assert b"".join(blocks) == CONTENT


def test_a_stream_may_be_of_text():
    with ByteSource.opened(io.StringIO("a,ü\n")) as source:
        assert b"".join(source.blocks()) == "a,ü\n".encode()


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_half_a_compressed_file_is_refused(compress, tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(compress(CONTENT)[:100])
    with pytest.raises(ValueError, match=r"a\.csv\.gz cannot be read: "):
        b"".join(ByteSource("a.csv.gz", path).blocks())

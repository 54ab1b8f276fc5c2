"""Large text, read with types batch by batch."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bpfast.tables.reading import chunks, sources
from bpfast.tables.reading.batches import read_typed
from bpfast.tables.reading.dialect import TextOptions
from bpfast.tables.reading.sources import ByteSource
from bpfast.tables.reading.table import read_frame, read_table
from bpfast.tables.reading.text import TextTable
from bpfast.tables.values import typed

pl = pytest.importorskip("polars")

ROWS = 1000
TEXT = "n;x;share;word;day;late\n" + "".join(
    f"{'' if k % 700 == 0 else k};{k / 8:.3f};{k % 100}%;{['red', 'blue'][k % 2]};"
    f"{k % 28 + 1:02d}.11.2024;{'unknown' if k == 990 else k}\n"
    for k in range(ROWS)
)


@pytest.fixture
def small_batches(monkeypatch):
    """Batches of about 3000 bytes."""
    monkeypatch.setattr(chunks, "CHUNK", 3000)
    monkeypatch.setattr(sources, "BLOCK", 900)


@pytest.mark.usefixtures("small_batches")
def test_batches_have_the_types_of_the_table_in_one_piece():
    options = TextOptions()
    text = TextTable.open(ByteSource("a.csv", io.BytesIO(TEXT.encode())), options)
    assert len([*text.batches()]) > 5
    large = read_typed(text, options)
    small = typed(pl.concat(text.batches()))
    assert large.notes == small.notes
    assert large.writing == small.writing
    assert large.frame.columns == small.frame.columns
    for column, expected in zip(large.frame, small.frame, strict=True):
        assert column.cast(expected.dtype).equals(expected, null_equal=True), column.name
    assert large.frame["n"].dtype == pl.Int16
    assert large.frame["x"].dtype == pl.Float32
    assert large.frame["word"].dtype == pl.Enum(["blue", "red"])
    assert large.frame["late"].null_count() == 1


@pytest.mark.usefixtures("small_batches")
def test_large_files_are_read_with_types():
    frame, dialect = read_frame(io.BytesIO(TEXT.encode()))
    assert frame["share"].dtype.is_numeric()
    assert "percent" in dialect.notes["share"]
    assert dialect.writing["x"].decimal == "."
    assert read_table(io.BytesIO(TEXT.encode())).equals(frame)
    small, dialect = read_frame(io.BytesIO(TEXT[: TEXT.index("40;")].encode()))
    assert small["share"].dtype == pl.String
    assert not dialect.writing


@pytest.mark.usefixtures("small_batches")
def test_names_that_were_not_different_are_noted():
    text = "a;a\n" + "1;x\n" * 2000
    frame, dialect = read_frame(io.BytesIO(text.encode()))
    assert frame.columns == ["a", "a_2"]
    assert dialect.notes["a_2"] == "one of several columns named a"


PEAK = """
import sys
from bpfast.bench.once import peak_memory
from bpfast.tables.reading.table import read_frame

read_frame(sys.argv[2])
small = peak_memory()
frame, _ = read_frame(sys.argv[1])
print(peak_memory() - small, *frame.shape)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the peak of memory")
def test_a_large_table_needs_little_memory(tmp_path):
    """Strings of 18 digits would fill 34 bytes a value; the table itself has four."""
    rows, width = 100_000, 50
    numbers = np.random.default_rng(0).normal(size=(rows, width))
    pl.DataFrame(numbers).write_csv(tmp_path / "large.csv")
    pl.DataFrame(numbers[:9]).write_csv(tmp_path / "small.csv")
    command = [sys.executable, "-c", PEAK, tmp_path / "large.csv", tmp_path / "small.csv"]
    env = os.environ | {"POLARS_MAX_THREADS": "2"}  # each thread has memory of its own
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    peak, *shape = map(int, ran.stdout.split())
    assert shape == [rows, width]
    assert peak < 4 * rows * width + 140e6  # batches, and what is freed late

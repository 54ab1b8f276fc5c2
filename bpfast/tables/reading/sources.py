"""Where data come from: a file, standard input, a stream, or one of scikit-learn's data sets."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ...errors import missing_extra

BUILT_IN = ("digits", "breast_cancer", "wine", "diabetes", "iris")
STDIO = "-"  # in place of a file: a table from standard input or to standard output
TEXT = (".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".data")
ARROW = (".arrow", ".feather", ".ipc")
COMPRESSED = (".gz", ".bz2", ".xz")
ENDINGS = (*TEXT, ".parquet", *ARROW, ".npz")
SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")  # which are not read
# Of other files that are not read. Endings that are not known are those of text.
OTHERS = (
    *(".json", ".jsonl", ".ndjson", ".xml", ".html", ".htm", ".pdf", ".doc", ".docx"),
    *(".zip", ".7z", ".rar", ".tar", ".tgz", ".zst", ".pkl", ".pickle", ".joblib", ".npy"),
    *(".h5", ".hdf5", ".nc", ".mat", ".orc", ".avro", ".db", ".sqlite", ".sqlite3", ".duckdb"),
    *(".sav", ".dta", ".sas7bdat", ".xpt", ".rds", ".rda", ".rdata", ".safetensors", ".onnx"),
)
BLOCK = 1 << 20  # bytes that are read at once
IN_MEMORY = 1 << 24  # bytes of a stream that are kept in memory; longer ones go to a file

# What a compressed file begins with, and how it is opened.
_OPENERS: dict[bytes, Any] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}


def source_name(source: Any) -> str:
    """A source's name in messages."""
    if isinstance(source, (str, Path)):
        return "standard input" if str(source) == STDIO else str(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "the stream"


def data_file(source: str | Path) -> Path:
    """The path of a file that can be read.

    Raises
    ------
    ValueError
        No file is there, or its name's ending is that of other files.
    """
    path = Path(source)
    if not path.is_file():
        raise ValueError(f"{source} is neither a file nor one of {', '.join(BUILT_IN)}")
    if ending(path) in SPREADSHEETS:
        raise ValueError(
            f"{source} is a spreadsheet: save it as .csv first, or give what pandas reads from it "
            "to bpfast.sweep"
        )
    if ending(path) in OTHERS:
        raise ValueError(
            f"{source}: expected a file that ends in {', '.join(ENDINGS)}, or the like with "
            f"{', '.join(COMPRESSED)} behind it"
        )
    return path


def ending(path: Path) -> str:
    """A file's ending in small letters, without that of a compression: ".csv", or "" for none."""
    name = path.name.lower()
    for compressed in COMPRESSED:
        name = name.removesuffix(compressed)
    return Path(name).suffix


def load_built_in(name: str) -> Any:
    """One of scikit-learn's data sets, as a ``Bunch``."""
    try:
        from sklearn import datasets
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn") from None
    return getattr(datasets, f"load_{name}")()


@dataclass(frozen=True)
class ByteSource:
    """Bytes that can be read from the beginning more than once, without their compression.

    Attributes
    ----------
    name : what messages call it
    file : the path of a file, or an open one that can seek
    """

    name: str
    file: Path | IO[bytes]

    @classmethod
    @contextmanager
    def opened(cls, source: Any) -> Iterator[ByteSource]:
        """That of a path, of "-" for standard input, or of an open file of bytes or text."""
        name = source_name(source)
        if isinstance(source, (str, Path)) and str(source) != STDIO:
            yield cls(name, Path(source))
            return
        stream = sys.stdin.buffer if isinstance(source, (str, Path)) else source
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
            while block := stream.read(BLOCK):
                kept.write(block.encode() if isinstance(block, str) else block)
            yield cls(name, kept)

    def blocks(self) -> Iterator[bytes]:
        """All of it, block by block, from the beginning.

        Raises
        ------
        ValueError
            Compressed bytes that are broken.
        """
        with self._open() as file:
            try:
                while block := file.read(BLOCK):
                    yield block
            except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
                raise ValueError(f"{self.name} cannot be read: {error}") from None

    def first_bytes(self, n: int) -> bytes:
        """What it begins with."""
        return next(self.blocks(), b"")[:n]

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        with ExitStack() as stack:
            if isinstance(self.file, Path):
                file: IO[bytes] = stack.enter_context(self.file.open("rb"))
            else:
                file = self.file
                file.seek(0)
            first = file.read(max(map(len, _OPENERS)))
            file.seek(0)
            for magic, opener in _OPENERS.items():
                if first.startswith(magic):
                    file = stack.enter_context(opener(file))
                    break
            yield file

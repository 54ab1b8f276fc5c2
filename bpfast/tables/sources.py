"""Where data come from: a file, standard input, or one of scikit-learn's data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import missing_extra

BUILT_IN = ("digits", "breast_cancer", "wine", "diabetes", "iris")
STDIO = "-"  # in place of a file: CSV from standard input or to standard output


def source_name(source: str) -> str:
    """A source's name in messages."""
    return "standard input" if source == STDIO else source


def data_file(source: str) -> Path:
    """The path of a file that can be read."""
    path = Path(source)
    if not path.is_file():
        raise ValueError(f"{source} is neither a file nor one of {', '.join(BUILT_IN)}")
    if path.suffix not in (".csv", ".parquet", ".npz"):
        raise ValueError(f"{source}: expected a file that ends in .csv, .parquet or .npz")
    return path


def load_built_in(name: str) -> Any:
    """One of scikit-learn's data sets, as a ``Bunch``."""
    try:
        from sklearn import datasets
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn") from None
    return getattr(datasets, f"load_{name}")()

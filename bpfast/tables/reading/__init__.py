"""Reading tables as people have them: text in any dialect, Parquet, Arrow, NPZ, and frames."""

from .dialect import Dialect, TextOptions
from .frames import as_frame, is_table
from .table import read_frame, read_table

__all__ = [
    "Dialect",
    "TextOptions",
    "as_frame",
    "is_table",
    "read_frame",
    "read_table",
]

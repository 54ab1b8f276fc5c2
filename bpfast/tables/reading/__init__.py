"""Reading tables as people have them: text in any dialect, Parquet, Arrow, NPZ, and frames."""

from .table import read_table

__all__ = ["read_table"]

"""Reading tables as people have them: text in any dialect, Parquet, Arrow, NPZ, and frames."""

from typing import TYPE_CHECKING

from ...on_demand import on_demand

if TYPE_CHECKING:
    from .table import read_table
else:
    __getattr__, __dir__ = on_demand(
        __name__,
        table=("read_table",),
    )

__all__ = ["read_table"]

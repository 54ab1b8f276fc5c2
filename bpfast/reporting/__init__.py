"""What a sweep found: figures, words and the page; and what a model makes of a table's columns."""

from .inspection import Inspection, inspect
from .report import write_report

__all__ = ["Inspection", "inspect", "write_report"]

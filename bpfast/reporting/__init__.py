"""What a sweep found: figures, words and the page."""

from .report import write_report

__all__ = ["write_report"]

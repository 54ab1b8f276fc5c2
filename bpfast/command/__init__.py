"""The bpfast command: options, printing and exit codes."""

from .run import main

__all__ = ["main"]

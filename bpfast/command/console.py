"""The console on which commands print."""

from __future__ import annotations

from rich.console import Console

FILE_WIDTH = 240  # columns of a pipe or a file: enough for any table


def stdout_console() -> Console:
    """A console as wide as the terminal, or wide enough for any table where there is none."""
    console = Console()
    return console if console.is_terminal else Console(width=FILE_WIDTH)

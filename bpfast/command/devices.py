"""``bpfast devices``: what this machine can train on."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..training.dispatch import devices as all_devices


def devices() -> None:
    """What is here, and why a device cannot be used."""
    table = Table("device", "state", box=None, pad_edge=False)
    for name, words in all_devices().items():
        table.add_row(name, escape(words))  # "bpfast[cuda]" is no markup
    Console().print(table)

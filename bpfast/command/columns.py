"""``bpfast sweep --columns``: what is done with each column of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..plurals import many
from ..sweeps.words import trained_on_logarithm
from ..tables.dataset import Dataset
from ..tables.target import Target

MANY_CLASSES = 10  # of whole numbers: more of them may be meant as numbers
FEW_NUMBERS = 100  # whole ones: so few may be meant as classes


def print_reading(console: Console, dataset: Dataset, task: str = "auto") -> None:
    """Tell how the file was written, which rows are left out, and what the target might be, too.

    ``task`` is what was asked for.
    """
    told = []
    if dataset.dialect is not None and (written := dataset.dialect.describe()):
        told.append(f"the file: {written}")
    if dataset.without_target:
        told.append(f"{many(dataset.without_target, 'row')} without a target left out")
    if trained := trained_on_logarithm(dataset.target.transform):
        told.append(f"networks are {trained}")
    if task == "auto":
        told += _other_task(dataset.target)
    for line in told:
        console.print(escape(line), highlight=False, style="dim", soft_wrap=True)


def _other_task(target: Target) -> list[str]:
    """What whole numbers are taken for, where it could well be otherwise."""
    names = target.classes
    if len(names) > MANY_CLASSES and all(re.fullmatch("-?[0-9]+", name) for name in names):
        return [f"{len(names)} whole numbers are classes: --task regression predicts a number"]
    if target.kind == "numbers" and (target.values == np.floor(target.values)).all():
        different = len(np.unique(target.values))
        if different <= FEW_NUMBERS:
            classes = "--task classification makes classes of them"
            return [f"{different} whole numbers are a number to predict: {classes}"]
    return []


def print_columns(console: Console, described: Iterable[Mapping[str, Any]]) -> None:
    """Print what is done with each column as a table."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name, justify in (("column", "left"), ("kind", "left"), ("inputs", "right")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    table.add_column("what is done", overflow="fold")
    for own in described:
        inputs = str(own["inputs"]) if own["inputs"] else ""
        table.add_row(*map(Text, (own["column"], own["kind"], inputs, own["done"])))
    console.print(table)

"""``python -m bpfast.bench sweeps``: searches and small work, each beside what is aimed at."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...checking.text_table import text_table
from ...files import write_json
from ..environment import hardware, versions
from ..measure import now
from .found import Found
from .searches import cross_validation, large_table, learning, learning_long
from .small_work import initial_weights, small_estimators, small_populations

MEASUREMENTS: dict[str, Callable[[], Iterator[Found]]] = {
    function.__name__: function
    for function in (
        *(small_estimators, small_populations, initial_weights),
        *(cross_validation, large_table, learning, learning_long),
    )
}
COLUMNS = ("what", "measured", "aim", "", "")


def main() -> None:
    """Measure, print and keep it."""
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench sweeps", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument("--output", type=Path, help="a JSON file")
    given = parser.parse_args()
    report: dict[str, Any] = {"date": now(), "machine": hardware(), "versions": versions()}
    found: list[Found] = []
    for name in given.only:
        print(name, file=sys.stderr)
        found.extend(MEASUREMENTS[name]())
        if given.output:  # after each, since some take minutes
            measured = [asdict(one) | {"met": one.met} for one in found]
            write_json(given.output, report | {"measurements": measured})
    print("\n".join(text_table([COLUMNS, *(one.cells() for one in found)])))


if __name__ == "__main__":
    main()

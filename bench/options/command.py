"""``python -m bpfast.bench options``: every option, beside the plain case and beside its count.

A case's speed is its sample-updates a second. Columns tell its share of the plain case's, timed in
turn; that share by what the numbers of their operations (:mod:`.operations`) allow; and operations
a second, by those of fused multiply-adds in registers. What is below {least} of what the count
allows is told again at the end, the worst first.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...checking.text_table import text_table
from ...files import write_json
from ..environment import hardware, versions
from ..measure import now
from ..peak import fma_peak
from .cases import Case, cases
from .operations import operations, speed

LEAST = 0.8
SECONDS = 0.04  # of a fit of the plain case; of others by their counts
TURNS = 3
COLUMNS = (
    *("size", "option", "value", "kernel", "million updates/s"),
    *("of plain", "of count", "of multipliers", "subnormal", ""),
)


class Timed:
    """A case that is trained again and again from the same parameters.

    Attributes
    ----------
    case : what is trained
    kernel : the strategy that trains it
    rate : sample-updates a second, the highest so far
    subnormal : the share of trained parameters that are, and cost some processors much
    """

    def __init__(self, case: Case) -> None:
        self.case, self.kernel, self.rate, self.subnormal = case, "", 0.0, 0.0
        self._epochs = 2
        self._population = case.population()
        if case.trained:
            case.fit(self._population, -(-case.trained * case.batch_size // case.rows))
        self._parameters = self._population.parameters.copy()
        self.train()  # the first compiles
        for seconds in (0.0, SECONDS / 8, SECONDS):
            self._epochs = max(2, round(seconds * self.rate / case.updates))
            self.rate = 0.0
            self.train()

    def train(self) -> None:
        """One fit, timed.

        Raises
        ------
        ValueError
            Networks diverged, which then cost nothing.
        """
        self._population.parameters[:] = self._parameters
        start = time.perf_counter()
        history = self.case.fit(self._population, self._epochs)
        seconds = time.perf_counter() - start
        if history.diverged.any():
            raise ValueError(f"{self.case}: networks diverged")
        self.kernel = history.plan.strategy
        self.subnormal = subnormal(self._population.parameters)
        self.rate = max(self.rate, history.sample_updates / seconds)


def subnormal(values: np.ndarray) -> float:
    """The share of numbers that are too small for all their digits, and not 0."""
    return float(((values != 0) & (np.abs(values) < np.finfo(values.dtype).tiny)).mean())


def measure(chosen: Iterable[tuple[Case, Case]]) -> Iterator[dict[str, Any]]:
    """Each case's speed beside its plain case's, timed in turn."""
    multipliers = fma_peak() / 2  # a multiply-add is one operation here
    plain: Timed | None = None
    for case, held_against in chosen:
        print(case, file=sys.stderr)
        if plain is None or plain.case is not held_against:
            plain = Timed(held_against)
        one = Timed(case)
        plain.rate = one.rate = 0.0
        for _ in range(TURNS):
            plain.train()
            one.train()
        yield result(one, plain) | {"of_multipliers": operations(case) * one.rate / multipliers}


def result(one: Timed, plain: Timed) -> dict[str, Any]:
    """What is kept of a case."""
    share = one.rate / plain.rate
    return {
        "size": one.case.size,
        "option": one.case.option,
        "value": one.case.value,
        "kernel": one.kernel,
        "sample_updates_per_second": one.rate,
        "plain_per_second": plain.rate,
        "operations": operations(one.case),
        "subnormal": one.subnormal,
        "of_plain": share,
        "of_count": share * speed(plain.case) / speed(one.case),
    }


def cells(found: dict[str, Any]) -> list[str]:
    """A case's line of the table."""
    share, count = found["of_plain"], found["of_count"]
    return [
        *(found[name] for name in ("size", "option", "value", "kernel")),
        f"{found['sample_updates_per_second'] / 1e6:9.3f}",
        f"{share:5.2f}",
        f"{count:5.2f}",
        f"{found['of_multipliers']:5.2f}",
        f"{found['subnormal']:.0%}" if found["subnormal"] else "",
        "BELOW" if count < LEAST else "",
    ]


def table(results: list[dict[str, Any]]) -> str:
    """Cases, line by line."""
    return "\n".join(text_table([COLUMNS, *map(cells, results)]))


def below(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What reaches too little of what its count allows, the worst first."""
    return sorted(
        (found for found in results if found["of_count"] < LEAST), key=lambda one: one["of_count"]
    )


def main() -> None:
    """Measure, print and keep it."""
    parser = argparse.ArgumentParser(
        prog="python -m bpfast.bench options", description=__doc__.format(least=LEAST)
    )
    parser.add_argument(
        "--only", type=re.compile, default="", help="cases that a pattern is found in: 'tiles, act'"
    )
    parser.add_argument("--list", action="store_true", help="print the cases' names alone")
    parser.add_argument("--output", type=Path, help="a JSON file")
    given = parser.parse_args()
    chosen = [pair for pair in cases() if re.search(given.only, str(pair[0]))]
    if not chosen:
        parser.error(f"no case has {given.only.pattern!r} in its name: --list names them")
    if given.list:
        print(*(case for case, _ in chosen), sep="\n")
        return
    results = list(measure(chosen))
    print(table(results))
    if worst := below(results):
        print(f"\nbelow {LEAST} of what the count allows, {len(worst)} of {len(results)}:\n")
        print(table(worst))
    if given.output:
        report = {"date": now(), "machine": hardware(), "versions": versions(), "cases": results}
        write_json(given.output, report)


if __name__ == "__main__":
    main()

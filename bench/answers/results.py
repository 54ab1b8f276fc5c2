"""The file that results are kept in: one is added after each fit, so that a run can be resumed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from ...checking.machine import machine
from ...files import write_json
from ..environment import hardware, versions
from ..measure import now

Result = dict[str, Any]


class Results:
    """Results, and the file of them if there is one.

    Parameters
    ----------
    path : of a JSON file, which may be there already

    Attributes
    ----------
    all : list of dict
        What :func:`.fit.fitted` measures, or an ``error`` in place of a loss.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.all: list[Result] = []
        self.head: dict[str, Any] = {}
        if path is not None and path.is_file():
            self.head = json.loads(path.read_text(encoding="utf-8"))
            self.all = self.head.pop("results")

    def have(self, table: str, number: int, answers: Iterable[str]) -> bool:
        """Whether a fit's answers, or why there are none, are there already."""
        there = {one["runner"] for one in self.all if _fit_of(one) == (table, number)}
        return there >= {*answers}

    def add(self, found: list[Result]) -> None:
        """Keep what a fit came to, in place of what was there of it."""
        where = {"date": now(), "machine": machine()["processor"]}
        new = {(*_fit_of(one), one["runner"]) for one in found}
        self.all = [one for one in self.all if (*_fit_of(one), one["runner"]) not in new]
        self.all += [one | where for one in found]
        if self.path is not None:
            self.head = {"date": now(), "machine": hardware(), "versions": versions()}
            write_json(self.path, self.head | {"results": self.all})

    def scored(self, runners: Collection[str] | None = None) -> list[Result]:
        """Results that have a loss, of some runners or of all."""
        return [
            one
            for one in self.all
            if "loss" in one and (runners is None or one["runner"] in runners)
        ]

    def failed(self) -> list[Result]:
        """Those that have an error."""
        return [one for one in self.all if "error" in one]


def _fit_of(one: Result) -> tuple[str, int]:
    return one["table"], one["split"]

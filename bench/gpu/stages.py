"""Stages of a run: processes with time limits, and files that are whole whatever happens.

Nothing here imports more than Python's own library and bpfast's ``files``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...files import write_json
from .processes import (
    FAILED,
    MISSING,
    MOST_WHY,
    OK,
    STATUSES,
    Outcome,
    Outcomes,
    Processes,
    Record,
    Step,
)


def as_they_are(outcomes: Outcomes, earlier: dict[str, Outcomes]) -> Record:
    """What a stage's file holds where nothing is made of the outcomes."""
    return {"steps": [asdict(outcome) for outcome in outcomes.values()]}


@dataclass(frozen=True)
class Stage:
    """Steps with one file.

    Attributes
    ----------
    name : also of its file, less ``.json``
    seconds : the most that all rounds may take
    rounds : one after another; the steps of a round run beside each other
    sum_up : makes the file's contents of its own outcomes and those of earlier stages; what it
        lists under "problems" fails the stage
    """

    name: str
    seconds: float
    rounds: tuple[tuple[Step, ...], ...]
    sum_up: Callable[[Outcomes, dict[str, Outcomes]], Record] = as_they_are


class Run:
    """Stages one after another, in a folder.

    Parameters
    ----------
    out : the folder
    seconds : the most that all stages may take
    about : what the summary says of the run
    say : is told what happens
    """

    def __init__(
        self, out: Path, seconds: float, about: Record, say: Callable[[str], None] = print
    ) -> None:
        self.out, self.say = out, say
        self.end = time.monotonic() + seconds
        self.outcomes: dict[str, Outcomes] = {}
        self.summary: Record = about | {"stages": []}
        self._processes = Processes()

    def go(self, stages: tuple[Stage, ...]) -> bool:
        """Run them; whether none failed or ran out of time."""
        try:
            for stage in stages:
                self.stage(stage)
        finally:
            self._processes.stop()
        return all(entry["status"] in (OK, MISSING) for entry in self.summary["stages"])

    def stage(self, stage: Stage) -> None:
        """Run a stage, and save its file after each step, and the summary."""
        begun = time.monotonic()
        end = min(begun + stage.seconds, self.end)
        entry: Record = {"name": stage.name, "status": "running"}
        self.summary["stages"].append(entry)
        self._save("summary", self.summary)
        outcomes = self.outcomes[stage.name] = {}
        unsaved = ""
        for steps in stage.rounds:
            for outcome in self._round(steps, end):
                outcomes[outcome.step] = outcome
                self.say(f"  {stage.name}: {_line(outcome)}")
                contents = self._sum_up(stage)
                unsaved = self._save(stage.name, contents)
        status, why = _verdict(outcomes, [*contents.get("problems", []), unsaved])
        entry |= {"status": status, "seconds": round(time.monotonic() - begun, 1), "why": why}
        self.say(f"{stage.name}: {status}, {entry['seconds']} s{why and ': '}{why}")
        self._save("summary", self.summary)

    def _round(self, steps: tuple[Step, ...], end: float) -> Any:
        """Outcomes of steps that run beside each other, as they end."""
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            try:
                for done in as_completed([pool.submit(self._processes.run, s, end) for s in steps]):
                    yield done.result()
            except BaseException:
                self._processes.stop()  # the pool waits for them
                raise

    def _sum_up(self, stage: Stage) -> Record:
        """A stage's contents; the outcomes as they are where they cannot be summed up."""
        try:
            contents = stage.sum_up(self.outcomes[stage.name], self.outcomes)
            json.dumps(contents, allow_nan=False)
            return contents
        except Exception as error:  # of numbers that nobody has seen before; none may be lost
            problem = f"cannot be summed up: {type(error).__name__}: {error}"
            return as_they_are(self.outcomes[stage.name], {}) | {"problems": [problem]}

    def _save(self, name: str, contents: Record) -> str:
        """Write a file; why it could not be written, or nothing."""
        path = self.out / f"{name}.json"
        try:
            write_json(path, contents)
        except OSError as error:
            problem = f"{path.name} cannot be written: {error.strerror}"
            self.say(problem)
            return problem
        return ""


def _line(outcome: Outcome) -> str:
    """An outcome in words."""
    why = f": {outcome.why}" if outcome.why else ""
    return f"{outcome.step}: {outcome.status}, {outcome.seconds:.1f} s{why}"


def _verdict(outcomes: Outcomes, problems: list[str]) -> tuple[str, str]:
    """A stage's status, that of the worst step, and why; each reason once."""
    statuses = [outcome.status for outcome in outcomes.values()]
    steps: dict[str, list[str]] = {}
    for outcome in filter(lambda outcome: outcome.why, outcomes.values()):
        steps.setdefault(outcome.why, []).append(outcome.step)
    whys = [
        f"{first}{f' and {len(others)} more' if others else ''}: {why}"
        for why, (first, *others) in steps.items()
    ]
    if any(problems):
        statuses.append(FAILED)
        whys += filter(None, problems)
    return max(statuses, key=STATUSES.index), "; ".join(whys)[:MOST_WHY]

"""Processes with time limits, and what they say.

A process says what it found in lines of JSON on standard output; what it said before it failed, or
was killed, is kept. Nothing here imports more than Python's own library.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

OK, MISSING, LATE, FAILED = STATUSES = ("ok", "missing", "out of time", "failed")  # worst last
MISSING_CODE = 77  # a process exits with it where something that it needs is not installed
READY = "ready"  # under which a process tells that it is prepared
MOST_WORDS = 4000  # characters of what a process prints beside its JSON
MOST_WHY = 400
LEAST_SECONDS = 2.0  # no process is started for less
PAUSE = 0.05  # seconds between looks at what a process has said

Record = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A process, or a part of one.

    Attributes
    ----------
    name, command : what it is called, and how it is started
    seconds : the most that it may take
    prepares : whether the step is over when the process tells ``READY``, and waits for a line on
        its standard input
    resumes : the step that prepared a process, which goes on in the place of a command
    """

    name: str
    command: tuple[str, ...]
    seconds: float
    prepares: bool = False
    resumes: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a step.

    Attributes
    ----------
    step, status, seconds : its name, one of ``STATUSES``, and how long it took
    why : a line, empty where all went well
    records : the JSON that its process has printed so far
    words : the end of what else it printed
    """

    step: str
    status: str
    seconds: float = 0.0
    why: str = ""
    records: list[Record] = field(default_factory=list)
    words: str = ""


Outcomes = dict[str, Outcome]  # of a stage's steps, by their names


class Processes:
    """The process groups that run now, all of which can be stopped at once."""

    def __init__(self) -> None:
        self._live: set[_Process] = set()
        self._waiting: dict[str, _Process] = {}  # by the steps that prepared them
        self._unprepared: Outcomes = {}
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, step: Step, end: float) -> Outcome:
        """Run a step until it ends, or until its time or that of its stage is over."""
        outcome = self._outcome(step, end)
        if step.prepares and outcome.status != OK:
            self._unprepared[step.name] = outcome
        return outcome

    def stop(self) -> None:
        """Kill what runs, and start nothing any more."""
        with self._lock:
            self._stopped = True
            for process in self._live:
                process.kill()

    def _outcome(self, step: Step, end: float) -> Outcome:
        begun = time.monotonic()
        limit = min(step.seconds, end - begun)
        if step.resumes in self._unprepared:
            return replace(self._unprepared[step.resumes], step=step.name, seconds=0.0, words="")
        if limit < LEAST_SECONDS:
            if step.resumes:
                process = self._waiting.pop(step.resumes)
                process.kill()
                self._end(process)
            return Outcome(step.name, LATE, why="no time was left for it")
        try:
            process = self._resume(step.resumes) if step.resumes else self._start(step)
        except FileNotFoundError:
            return Outcome(step.name, MISSING, why=f"{step.command[0]} is not installed")
        except OSError as error:
            return Outcome(step.name, FAILED, why=str(error))
        code = self._wait(process, step, limit)
        said, complaints = process.said(), process.complained()
        if not process.waits:
            self._end(process)
        records, others = _records(said)
        status, why = _judge(code, limit, complaints or others)
        words = f"{others[-MOST_WORDS:]}{complaints[-MOST_WORDS:]}"
        return Outcome(step.name, status, time.monotonic() - begun, why, records, words)

    def _start(self, step: Step) -> _Process:
        with self._lock:
            if self._stopped:
                raise InterruptedError("the run was stopped")
            process = _Process(step)
            self._live.add(process)
        return process

    def _resume(self, step: str) -> _Process:
        process = self._waiting.pop(step)
        process.resume()
        return process

    def _wait(self, process: _Process, step: Step, limit: float) -> int | None:
        """The exit code, 0 for one that is ready, and None after the time limit."""
        over = time.monotonic() + limit
        while step.prepares and process.runs() and time.monotonic() < over:
            time.sleep(PAUSE)
            if process.ready():
                self._waiting[step.name] = process
                return 0
        try:
            code = process.wait(max(0.0, over - time.monotonic()))
            return code or int(step.prepares)  # which was to wait
        except subprocess.TimeoutExpired:
            return None
        finally:
            process.kill()  # its children, too

    def _end(self, process: _Process) -> None:
        """Forget a process that has ended, or was killed, and what it said."""
        process.wait()
        process.close()
        with self._lock:
            self._live.discard(process)


class _Process:
    """A process in a group of its own; files hold what it says."""

    def __init__(self, step: Step) -> None:
        self.waits = False
        # open until close()
        self._said, self._complained = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                step.command,
                stdin=subprocess.PIPE if step.prepares else subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._complained,
                start_new_session=True,
            )
        except OSError:
            self._said.close()
            self._complained.close()
            raise

    def said(self) -> str:
        """What it has printed so far."""
        return _text(self._said)

    def complained(self) -> str:
        """The same of standard error."""
        return _text(self._complained)

    def ready(self) -> bool:
        """Whether it has told that it waits."""
        self.waits = any(READY in record for record in _records(self.said())[0])
        return self.waits

    def resume(self) -> None:
        """Let it go on."""
        self.waits = False
        assert self._process.stdin is not None
        with suppress(BrokenPipeError), self._process.stdin as line:
            line.write(b"\n")  # unless it has ended while it waited: its exit code says why

    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait(self, limit: float | None = None) -> int:
        """The exit code."""
        return self._process.wait(limit)

    def close(self) -> None:
        """Let go of its files."""
        for file in (self._said, self._complained, self._process.stdin):
            if file is not None:
                file.close()

    def kill(self) -> None:
        """End its whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _text(file: Any) -> str:
    """A file's text; where it is read from is not where a process goes on to write to it."""
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode("utf-8", "replace")


def _records(text: str) -> tuple[list[Record], str]:
    """Lines that are JSON objects, and the other lines; NaN and infinity become strings."""
    records, others = [], []
    for line in text.splitlines(keepends=True):
        try:
            record = json.loads(line, parse_constant=str)
        except ValueError:
            record = None
        if isinstance(record, dict):
            records.append(record)
        else:
            others.append(line)
    return records, "".join(others)


def _judge(code: int | None, limit: float, words: str) -> tuple[str, str]:
    """A step's status, and why."""
    if code is None:
        return LATE, f"killed after {limit:.0f} s"
    if code == 0:
        return OK, ""
    lines = [line for line in words.splitlines() if line.strip()]
    why = lines[-1].strip()[:MOST_WHY] if lines else f"exit code {code}"
    return (MISSING if code == MISSING_CODE else FAILED), why

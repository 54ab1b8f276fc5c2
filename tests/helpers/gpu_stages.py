"""Stages for tests of what runs them: a process each, of a line of Python."""

import json
import sys
import time
from pathlib import Path

from bpfast.bench.gpu.processes import Step
from bpfast.bench.gpu.stages import Stage

TOLD = "print('{\"found\": 1}', flush=True); "


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def step(name, code="", seconds=60.0):
    return Step(name, (sys.executable, "-c", code), seconds)


def stage(name, *steps, seconds=60.0, **options):
    return Stage(name, seconds, tuple((one,) for one in steps), **options)


def ends(process):
    """Whether a process ends soon."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":  # it waits for whoever adopted it
            return True
        time.sleep(0.05)
    return False

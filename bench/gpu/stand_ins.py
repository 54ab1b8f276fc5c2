"""What a rehearsal has in the place of what is not there; it refuses what the real ones refuse."""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from ..measure import Run, Runner
from ..workloads import Workload
from .profile import METRICS

# --- JAX and PyTorch ------------------------------------------------------------------------------

TAKEN = (np.float32, np.int64)  # dtypes that both take as they are


def _peer(workload: Workload) -> Run:
    """The reference, which is handed what a peer is."""
    initial, samples = workload.population(), workload.data()
    batches = workload.batches()
    for array in (*samples, *(() if batches is None else (batches,))):
        if array.dtype not in TAKEN:
            raise TypeError(f"{array.dtype} would become another dtype on the way")
        if not (array.flags.c_contiguous and array.flags.writeable):
            raise ValueError("only arrays without gaps, that can be written to, are taken")

    def train() -> np.ndarray:
        return workload.fit(initial[:], *samples, "reference").loss[:, -1]

    return Run(train, from_host=train)


PEERS = tuple(Runner(name, "stand-in", _peer) for name in ("JAX", "PyTorch"))

# --- tools ----------------------------------------------------------------------------------------

TOOLS = ("ncu", "compute-sanitizer")
COLUMNS = ("ID", "Kernel Name", "Block Size", "Grid Size", "Metric Name", "Metric Unit")


def put_on_path(folder: Path) -> None:
    """Commands of the tools' names come first from now on."""
    for tool in TOOLS:
        command = folder / tool
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {__name__} {tool} "$@"\n')
        command.chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def ncu(parser: argparse.ArgumentParser) -> int:
    """Run a program, and write a launch with numbers that are no measurement."""
    parser.add_argument("--clock-control", choices=["none", "base"], required=True)
    parser.add_argument("--profile-from-start", choices=["on", "off"], required=True)
    parser.add_argument("--launch-count", type=int, required=True)
    parser.add_argument("--metrics", type=lambda names: names.split(","), required=True)
    parser.add_argument("--print-units", choices=["auto", "base"])
    parser.add_argument("--csv", action="store_true", required=True)
    parser.add_argument("--log-file", type=Path, required=True)
    parser.add_argument("program", nargs=argparse.REMAINDER)
    given = parser.parse_args(sys.argv[2:])
    if unknown := set(given.metrics) - set(METRICS):
        parser.error(f"Failed to find metric {unknown}")
    code = subprocess.run(given.program, check=False).returncode
    with given.log_file.open("w") as log:
        print("==PROF== Connected to process 1", file=log)
        rows = csv.writer(log, quoting=csv.QUOTE_ALL)
        rows.writerow([*COLUMNS, "Metric Value"])
        for metric in given.metrics:
            rows.writerow(["0", "a stand-in", "(32, 1, 1)", "(1, 1, 1)", metric, "", "0"])
    return code


def compute_sanitizer(parser: argparse.ArgumentParser) -> int:
    """Run a program, and find nothing."""
    tools = ["memcheck", "racecheck", "initcheck", "synccheck"]
    parser.add_argument("--tool", choices=tools, required=True)
    parser.add_argument("--error-exitcode", type=int, choices=range(256), metavar="0..255")
    parser.add_argument("--report-api-errors", choices=["all", "explicit", "no"])
    parser.add_argument("program", nargs=argparse.REMAINDER)
    given = parser.parse_args(sys.argv[2:])
    print("========= COMPUTE-SANITIZER")
    code = subprocess.run(given.program, check=False).returncode
    print("========= ERROR SUMMARY: 0 errors")
    return code


def main() -> None:
    """Be the tool that is named."""
    tool = {"ncu": ncu, "compute-sanitizer": compute_sanitizer}[sys.argv[1]]
    sys.exit(tool(argparse.ArgumentParser(prog=sys.argv[1], allow_abbrev=False)))


if __name__ == "__main__":
    main()

"""``python -m bpfast.bench answers FOLDER``: the answers of a sweep beside those of its rivals.

Each table of the folder that ``bench/answers/tables.py`` or the folder's ``tables.json`` describes,
and scikit-learn's own, is split three times. Each runner gets the raw rows to train on, at its
defaults, and is scored on the rows held out; every fit has a process of its own. What is in the
output file already is not fitted again. Without a folder nothing is fitted: the file is told.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .processes import FitError, fit_apart, versions_in
from .report import report
from .results import Results
from .runners import RUNNERS
from .tables import CLASSES, NUMBERS, available, read

SPLITS = (0, 1, 2)
LIMIT = 1800  # seconds of processors that a fit may take


def main() -> None:
    """Measure, print and keep it."""
    given = _parser().parse_args()
    results = Results(given.output)
    try:
        if given.folder is not None:
            measure(given, results)
    finally:
        shown = results.scored(given.show)
        if shown:
            print("\n".join(report(shown, results.failed())))
            if given.plot:
                from .picture import draw  # which needs matplotlib

                draw(shown, given.plot)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench answers", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="of CSV files")
    parser.add_argument("--runners", nargs="+", choices=RUNNERS, default=[*RUNNERS])
    parser.add_argument("--tables", nargs="+", help="names without .csv, all by default")
    parser.add_argument("--splits", nargs="+", type=int, default=SPLITS)
    parser.add_argument("--limit", type=int, default=LIMIT, help="a fit's seconds of processors")
    parser.add_argument(
        "--python", default=sys.executable, help="another, that has what this one lacks"
    )
    parser.add_argument("--again", action="store_true", help="fit what is in the file, too")
    parser.add_argument("--output", type=Path, help="a JSON file")
    parser.add_argument("--plot", type=Path, help="a picture of losses against time")
    parser.add_argument("--show", nargs="+", help="answers that are told, all by default")
    return parser


def measure(given: argparse.Namespace, results: Results) -> None:
    """Fit all that was asked for and is not there: the first split of all tables comes first."""
    names, unknown = available(given.folder)
    for name in unknown:
        _say(f"{name}.csv is left out: tables.json may say what is asked of it")
    if missing := {*(given.tables or ())} - {*names}:
        raise SystemExit(f"--tables {' '.join(sorted(missing))}: expected some of {names}")
    runners = _installed(given)
    tables = {
        name: CLASSES if read(name, given.folder).classes else NUMBERS
        for name in names
        if not given.tables or name in given.tables
    }
    for number in given.splits:
        for runner in runners:
            for table, task in tables.items():
                if task in RUNNERS[runner].tasks:
                    _measure(given, results, runners[runner], runner, table, number)


def _installed(given: argparse.Namespace) -> dict[str, str]:
    """Runners that can run, and the Python that has what they need; others are told."""
    pythons = list(dict.fromkeys((sys.executable, given.python)))
    versions = {python: versions_in(python) for python in pythons}
    found: dict[str, str] = {}
    for name in given.runners:
        lacking = {
            python: [package for package in RUNNERS[name].packages if there[package] is None]
            for python, there in versions.items()
        }
        able = [python for python, packages in lacking.items() if not packages]
        if able:
            found[name] = able[0]
        else:
            packages = ", ".join(lacking[given.python])
            _say(f"{name} is left out: no {packages} in {given.python}")
    return found


def _measure(
    given: argparse.Namespace, results: Results, python: str, runner: str, table: str, number: int
) -> None:
    answers = RUNNERS[runner].answers
    if results.have(table, number, answers) and not given.again:
        return
    try:
        found = fit_apart(python, runner, table, number, given.folder, given.limit)
    except FitError as error:
        found = [
            {"table": table, "split": number, "runner": answer, "error": str(error)}
            for answer in answers
        ]
    results.add(found)
    for one in found:
        what = one.get("error") or f"{one['metric']} {one['loss']:.4f} in {one['seconds']:.1f} s"
        _say(f"{table}, split {number}: {one['runner']}: {what}")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

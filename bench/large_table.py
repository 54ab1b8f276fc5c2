"""``python -m bpfast.bench large_table``: a large CSV file goes into ``bpfast sweep``.

Two tables are swept, each in a process of its own: the memory that it takes above what a small
table takes, beside the table's size in float32; and the seconds that reading, encoding, and an
epoch of one network take.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..checking.machine import machine
from ..files import write_json
from .environment import versions
from .measure import now

WIDTH, SMALL_ROWS = 50, 2000
WORDS = np.array(["Ur", "Uruk", "Nippur", "Lagash", "Kish"])


def numbers(rows: int) -> pl.DataFrame:
    """Columns of numbers with all their digits."""
    drawn = np.random.default_rng(0).normal(size=(rows, WIDTH - 1))
    return _with_target(pl.DataFrame(drawn), drawn)


def mixed(rows: int) -> pl.DataFrame:
    """Numbers of few digits, whole numbers, words, many different words, dates, and holes."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(rows, WIDTH - 10)).round(3)
    holes = pl.when(pl.Series(rng.random(rows) > 0.05))
    minutes = pl.lit(pl.Series(rng.integers(0, 10**6, rows)))
    day = pl.datetime(2020, 1, 1) + pl.duration(minutes=minutes)
    columns = {f"count{k}": pl.Series(rng.integers(0, 1000, rows)) for k in range(5)}
    columns["town"] = pl.Series(rng.choice(WORDS, rows))
    columns["shop"] = pl.Series([f"s{k}" for k in rng.integers(0, 200, rows)])
    columns["open"] = pl.Series(rng.choice(["yes", "no"], rows))
    frame = pl.DataFrame(drawn).with_columns(**columns, when=day)
    return _with_target(frame.with_columns(holes.then(pl.col("column_0", "count0"))), drawn)


def _with_target(frame: pl.DataFrame, drawn: np.ndarray) -> pl.DataFrame:
    noise = np.random.default_rng(1).normal(size=len(drawn))
    return frame.with_columns(target=pl.Series(2 * drawn[:, 1] - drawn[:, 2] + noise))


# The command, with a clock around three of its steps. Here polars is imported before the command
# runs, and in the process that starts this one: so it is told now what the command tells it.
SWEEP = """
import json, os, sys, time
from bpfast.command import run
os.environ.update([run.ALLOCATOR])
from bpfast.bench.once import peak_memory
from bpfast.command import sweeping
from bpfast.sweeps.parts import SweepData

seconds = {}

def clocked(owner, name):
    function = getattr(owner, name)

    def call(*arguments, **options):
        start = time.perf_counter()
        result = function(*arguments, **options)
        seconds[name] = time.perf_counter() - start
        return result

    setattr(owner, name, call)

for owner, name in ((sweeping, "read_dataset"), (SweepData, "of"), (sweeping, "train_and_rank")):
    clocked(owner, name)
try:
    run.main()
finally:
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_memory()}))
"""

TABLES = {function.__name__: function for function in (numbers, mixed)}


def measure(table: str, rows: int, networks: int) -> dict[str, Any]:
    """What a table of so many rows takes, beside a small one."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = (
            _in_own_process(table, size, networks, Path(folder)) for size in (SMALL_ROWS, rows)
        )
    seconds, size = large["seconds"], 4 * rows * WIDTH
    more = large["peak_bytes"] - small["peak_bytes"]
    return {
        "table": table,
        "description": TABLES[table].__doc__,
        "rows": rows,
        "columns": WIDTH,
        "text_bytes": large["text_bytes"],
        "float32_bytes": size,
        "more_bytes_than_small": more,
        "times_float32": more / size,
        "reading_seconds": seconds["read_dataset"],
        "encoding_seconds": seconds["of"],
        "networks": networks,
        "epoch_seconds_of_a_network": seconds["train_and_rank"] / networks,
    }


def _in_own_process(table: str, rows: int, networks: int, folder: Path) -> dict[str, Any]:
    path = folder / f"{table}-{rows}.csv"
    TABLES[table](rows).write_csv(path)
    options = ["--target", "target", "--epochs", "1", "--networks", str(networks)]
    options += ["--number-encoding", "scaled"]
    done = subprocess.run(
        [sys.executable, "-c", SWEEP, "sweep", path, *options, "--output", folder / f"run-{rows}"],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1]) | {"text_bytes": path.stat().st_size}


def words(found: dict[str, Any]) -> str:
    """A measurement in one line."""
    return (
        f"{found['table']}: {found['rows']:,} x {found['columns']}, "
        f"{found['text_bytes'] / 1e6:.0f} MB of text: {found['times_float32']:.2f} x its size in "
        f"float32; read in {found['reading_seconds']:.1f} s, encoded in "
        f"{found['encoding_seconds']:.1f} s, an epoch of a network takes "
        f"{found['epoch_seconds_of_a_network']:.2f} s"
    )


def main() -> None:
    """Measure, print and keep it."""
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench large_table", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--networks", type=int, default=8)
    parser.add_argument("--output", type=Path, help="a JSON file")
    given = parser.parse_args()
    report: dict[str, Any] = {"date": now(), "machine": machine(), "versions": versions()}
    report["tables"] = []
    for table in TABLES:
        report["tables"].append(measure(table, given.rows, given.networks))
        print(words(report["tables"][-1]))
    if given.output:
        write_json(given.output, report)


if __name__ == "__main__":
    main()

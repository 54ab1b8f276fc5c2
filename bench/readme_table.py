"""``python -m bench.readme_table FILE``: put a measurement's table between README's markers."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from .__main__ import write

README = Path(__file__).parent.parent / "README.md"
MARKERS = r"(<!-- measured: [^>]* -->\n).*?(<!-- end -->)"


def table(report: dict, source: str) -> str:
    """Markdown of a report that ``python -m bench --output`` wrote."""
    machine, peak = report["machine"], report["matrix_peak_gflops"]
    lines = [
        "| Networks | Kernel | Sample-updates/s | GFLOP/s | Share of matrix peak |",
        "|---|---|---:|---:|---:|",
    ]
    lines += [
        f"| {result['description'].split(': ')[1]} | {result['strategy']} "
        f"| {_count(result['sample_updates_per_second'])} | {result['gflops']:.1f} "
        f"| {result['share_of_peak']:.0%} |"
        for result in report["results"]
    ]
    cpu = machine["device cpu"].removeprefix("usable: ")
    lines += [
        "",
        f"float32, medians of whole `fit` calls on {machine['processor']} ({cpu}). The peak is "
        f"NumPy's 2048 x 2048 product in the same run, {peak:.0f} GFLOP/s. From `{source}`; "
        "`python -m bench` measures yours.",
    ]
    return "\n".join(lines) + "\n"


def _count(number: float) -> str:
    return f"{number / 1e6:.3g} million"


def main() -> None:
    """Rewrite README."""
    parser = argparse.ArgumentParser(prog="python -m bench.readme_table", description=__doc__)
    parser.add_argument("file", type=Path)
    path = parser.parse_args().file
    report = json.loads(path.read_text(encoding="utf-8"))
    inside = table(report, path.resolve().relative_to(README.parent).as_posix())
    text = README.read_text(encoding="utf-8")
    new, count = re.subn(MARKERS, lambda m: m[1] + inside + m[2], text, flags=re.DOTALL)
    if count != 1:
        raise SystemExit("README.md has no place that is marked for the table")
    write(README, new)


if __name__ == "__main__":
    main()

"""``python -m bench.readme_table [FILE]``: put a measurement's table between README's markers."""

from __future__ import annotations

import argparse
import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

from .__main__ import write

README = Path(__file__).parent.parent / "README.md"
RESULTS = Path(__file__).parent / "results"
MARKERS = r"(<!-- measured: [^>]* -->\n).*?(<!-- end -->)"


def newest() -> Path:
    """The last measurement in ``results/``, by the date inside.

    Raises
    ------
    SystemExit
        There is none.
    """
    files = list(RESULTS.glob("*.json"))
    if not files:
        raise SystemExit("bench/results/ holds no measurement: python -m bench --peers --output")
    return max(files, key=lambda path: read(path)["date"])


def read(path: Path) -> dict[str, Any]:
    """A report that ``python -m bench --output`` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def table(report: dict[str, Any], source: str) -> str:
    """Markdown of a report."""
    peers = list(dict.fromkeys(result["runner"] for result in report["results"]))[1:]
    head = ["Networks", "Kernel", "Sample-updates/s", "GFLOP/s", "Share of matrix peak"]
    head += [f"against {peer}" for peer in peers]
    lines = [_row(head), "|---|---|" + "---:|" * (len(head) - 2)]
    for _, results in groupby(report["results"], lambda result: result["workload"]):
        lines.append(_row(_cells(list(results), peers)))
    return "\n".join([*lines, "", _note(report, peers, source)]) + "\n"


def _cells(results: list[dict[str, Any]], peers: list[str]) -> list[str]:
    """A workload's row: bpfast, and how it stands against each peer's fastest mode."""
    ours = results[0]
    cells = [
        ours["description"].split(": ")[1],
        ours["mode"],
        f"{ours['sample_updates_per_second'] / 1e6:.3g} million",
        f"{ours['gflops']:.1f}",
        f"{ours['share_of_peak']:.0%}",
    ]
    for peer in peers:
        ratios = [r["bpfast_ratio"] for r in results if r["runner"] == peer]
        cells.append(_times(min(ratios)) if ratios else "")
    return cells


def _times(ratio: float) -> str:
    return f"{ratio:.2f} x" if ratio < 10 else f"{ratio:,.0f} x"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _note(report: dict[str, Any], peers: list[str], source: str) -> str:
    """Where and how it was measured."""
    machine = report["machine"]
    cpu = machine["device cpu"].removeprefix("usable: ")
    words = (
        f"float32, medians of whole `fit` calls on {machine['processor']} ({cpu}). The peak is "
        f"NumPy's 2048 x 2048 product in the same run, {report['matrix_peak_gflops']:.0f} GFLOP/s. "
    )
    if peers:
        packages = {"JAX": "jax", "PyTorch": "torch", "scikit-learn": "scikit-learn"}
        named = ", ".join(f"{peer} {machine[packages[peer]]}" for peer in peers)
        words += (
            f"Against {named}: compiled and warm, in the fastest of the modes tried, from the same "
            "weights with the same batches to the same losses. "
        )
    return words + f"From `{source}`; `python -m bench --peers` measures yours."


def main() -> None:
    """Rewrite README."""
    parser = argparse.ArgumentParser(prog="python -m bench.readme_table", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", help="the newest of bench/results/")
    path = (parser.parse_args().file or newest()).resolve()
    inside = table(read(path), path.relative_to(README.parent).as_posix())
    text = README.read_text(encoding="utf-8")
    new, count = re.subn(MARKERS, lambda m: m[1] + inside + m[2], text, flags=re.DOTALL)
    if count != 1:
        raise SystemExit("README.md has no place that is marked for the table")
    write(README, new)


if __name__ == "__main__":
    main()

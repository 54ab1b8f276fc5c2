"""``python -m bpfast.bench.readme_table [FILE]``: README's measured tables and the CPU's picture.

The table goes between README's markers, those of the GPU where FILE is a GPU's; the picture to
``docs/measured.png``. Needs a checkout.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from ..files import write_text
from .environment import cpu_of
from .plot import draw
from .table import first_results, millions, name, times

BENCH = Path(__file__).resolve().parent  # also where a symlink leads here
RESULTS, README = BENCH / "results", BENCH.parent / "README.md"
PICTURE = Path("docs") / "measured.png"  # beside README
MARKERS = r"(<!-- %s: [^>]* -->\n).*?(<!-- end -->)"
PACKAGES = {"JAX": "jax", "PyTorch": "torch", "scikit-learn": "scikit-learn"}


def newest() -> Path:
    """The last measurement of a CPU in ``results/``, by the date inside.

    Raises
    ------
    SystemExit
        There is none.
    """
    files = [path for path in RESULTS.glob("*.json") if "gpu" not in read(path)]
    if not files:
        raise SystemExit("bench/results/ holds no measurement: bpfast bench --peers --output FILE")
    return max(files, key=lambda path: read(path)["date"])


def read(path: Path) -> dict[str, Any]:
    """A report that ``bpfast bench --output`` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def table(report: dict[str, Any], source: str) -> str:
    """Markdown of a report: the picture, the table, and how it came about."""
    names = dict.fromkeys(result["runner"] for job in report["jobs"] for result in job["results"])
    peers = [name for name in names if name != "bpfast"]
    head = ["Networks", "Kernel", "Sample-updates/s", "GFLOP/s", "Share of matrix peak"]
    head += ["First result", *(f"against {peer}" for peer in peers)]
    lines = [_row(head), "|---|---|" + "---:|" * (len(head) - 2)]
    lines += [_row(_cells(job, peers, report["limits"]["matrix"])) for job in report["jobs"]]
    picture = f"![Speed beside peers, and below the machine's limits]({PICTURE.as_posix()})"
    return "\n".join([picture, "", *lines, "", _note(report, peers, source)]) + "\n"


def _cells(job: dict[str, Any], peers: list[str], peak: float) -> list[str]:
    """A workload's row: bpfast, and how it stands against each peer's fastest mode."""
    ours = job["results"][0]
    cells = [
        job["description"].split(": ")[1],
        ours["kernel"],
        f"{millions(ours['sample_updates_per_second'])} million",
        f"{ours['gflops']:.1f}",
        f"{ours['gflops'] * 1e9 / peak:.0%}",
        f"{ours['first_result_seconds']:.1f} s" if "first_result_seconds" in ours else "",
    ]
    for peer in peers:
        ratios = [r["bpfast_ratio"] for r in job["results"] if r["runner"] == peer]
        cells.append(times(min(ratios)) if ratios else "")
    return cells


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _note(report: dict[str, Any], peers: list[str], source: str) -> str:
    """Where and how it was measured."""
    machine, limits = report["machine"], report["limits"]
    cpu = cpu_of(machine)
    words = (
        f"float32, medians of whole `fit` calls on {machine['processor']} ({cpu}). The peak is "
        f"NumPy's 2048 x 2048 product in the same run, {limits['matrix'] / 1e9:.0f} GFLOP/s; fused "
        f"multiply-adds in registers reach {limits['fma'] / 1e9:.0f}. First result: from the start "
        "of a new Python. "
    )
    words += "".join(_cost(job, report["jobs"]) for job in report["jobs"])
    if peers:
        named = ", ".join(f"{peer} {report['versions'][PACKAGES[peer]]}" for peer in peers)
        words += (
            f"Against {named}: compiled and warm, in the fastest of the modes tried, from the same "
            "weights with the same batches to the same losses. "
        )
        words += "".join(_first(job) for job in report["jobs"])
    return words + f"From `{source}`; `bpfast bench --peers` measures yours."


def _cost(job: dict[str, Any], jobs: list[dict[str, Any]]) -> str:
    """What a network costs where there are more or fewer of them."""
    if "network_cost_ratio" not in job:
        return ""
    (others,) = (other["networks"] for other in jobs if other["name"] == job["beside"])
    shape = job["description"].partition(" x ")[2]
    return (
        f"A network of {shape} takes {times(job['network_cost_ratio'])} as long on its thread in a "
        f"fit of {job['networks']} as in a fit of {others}. "
    )


def _first(job: dict[str, Any]) -> str:
    """How much later peers are at the first result where there are many shapes."""
    words = first_results(job)
    if len(job["parts"]) == 1 or not words:
        return ""
    return f"To the first result of the {len(job['parts'])} shapes, {words} as bpfast. "


def gpu_table(report: dict[str, Any], source: str) -> str:
    """Markdown of a GPU's report: every runner that was timed on a workload, in two ways.

    Raises
    ------
    SystemExit
        No GPU was measured.
    """
    if report["rehearsal"]:
        raise SystemExit(f"{source} is a rehearsal's: no GPU was measured")
    head = ["Networks", "Runner", "Whole fit", "bpfast is", "Resident", "bpfast is"]
    head += ["Share of matrix peak", "Share of bandwidth"]
    lines = [_row(head), "|---|---|" + "---:|" * (len(head) - 2)]
    for job in report["jobs"]:
        timed = [result for result in job["results"] if "resident" in result]
        lines += [_row(_gpu_cells(job, result, report["limits"])) for result in timed]
    return "\n".join([*lines, "", _gpu_note(report, source)]) + "\n"


def _gpu_cells(job: dict[str, Any], result: dict[str, Any], limits: dict[str, float]) -> list[str]:
    """A runner's row; what is not known is left out."""
    kernel = f": {result['kernel']}" if result["kernel"] else ""
    cells = [job["description"].split(": ")[1], f"{name(result)}{kernel}"]
    for way in ("from host", "resident"):
        timed = result.get(way, {})
        seconds, ratio = timed.get("median_seconds"), timed.get("bpfast_ratio")
        cells.append("" if seconds is None else f"{seconds * 1e3:,.3g} ms")
        cells.append("" if ratio is None else times(ratio))
    if not limits:
        return [*cells, "", ""]
    resident = result["resident"]
    bandwidth = job["traffic_bytes"] / resident["median_seconds"]
    return [
        *cells,
        f"{resident['gflops'] * 1e9 / limits['matrix']:.1%}",
        f"{bandwidth / limits['memory']:.1%}",
    ]


def _gpu_note(report: dict[str, Any], source: str) -> str:
    """Where and how it was measured."""
    limits, versions = report["limits"], report["versions"]
    named = ", ".join(f"{peer} {versions[PACKAGES[peer]]}" for peer in ("JAX", "PyTorch"))
    return (
        f"float32, medians of whole trainings on {report['gpu']}, each runner in a process of its "
        "own, compiled and warm, from the same weights with the same batches to the same losses. "
        "A whole fit begins with arrays on the host, and ends with weights and losses there; "
        "resident is from where all lies on the device to the losses on the host. Shares are those "
        f"of resident, of what cuBLAS's float32 product ({limits['matrix'] / 1e12:.1f} TFLOP/s) "
        f"and a copy of a GiB ({limits['memory'] / 1e9:,.0f} GB/s) reach in the same run. Beside "
        f"{named}. {_not_compared(report)}"
        f"{''.join(found['words'] + '. ' for found in report['crossings'])}"
        f"From `{source}`; `bench/gpu.sh OUT` measures yours."
    )


def _not_compared(report: dict[str, Any]) -> str:
    """The workloads whose losses no reference was there for, in a sentence; "" for none."""
    jobs = [
        job["description"].split(": ")[1].partition(",")[0]
        for job in report["jobs"]
        for result in job["results"][:1]
        if "resident" in result and result["resident"]["loss_difference"] is None
    ]
    return f"Losses of {' and '.join(jobs)} were not compared in this run. " if jobs else ""


def main() -> None:
    """Rewrite README's table and draw the picture."""
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench.readme_table")
    parser.add_argument("file", type=Path, nargs="?", help="the newest of bench/results/")
    path = (parser.parse_args().file or newest()).resolve()
    report = read(path)
    of_gpu = "gpu" in report
    make, marker = (gpu_table, "measured on a GPU") if of_gpu else (table, "measured")
    inside = make(report, path.relative_to(README.parent).as_posix())
    text = README.read_text(encoding="utf-8")
    new, count = re.subn(MARKERS % marker, lambda m: m[1] + inside + m[2], text, flags=re.DOTALL)
    if count != 1:
        raise SystemExit("README.md has no place that is marked for the table")
    if not of_gpu:
        draw(report, README.parent / PICTURE)
    write_text(README, new)


if __name__ == "__main__":
    main()

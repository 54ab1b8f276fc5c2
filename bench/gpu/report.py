"""What the benchmark's file holds: every runner on every workload, beside bpfast on the GPU."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..measure import TOLERANCE, difference, now
from ..workloads import Workload
from .processes import OK, Outcome, Outcomes, Record

OURS = "bpfast, cuda"
WAYS = ("from host", "resident")
CROSSINGS = "from how many networks on the GPU pays"


def expected(workload: str) -> str:
    """The step that tells a workload's losses."""
    return f"{workload}, expected losses"


def crossing(kind: str) -> str:
    """The step that times one of :data:`crossing.KINDS` on both devices."""
    return f"{kind}, {CROSSINGS}"


def of(
    workloads: tuple[Workload, ...], runners: Iterable[str], rehearse: bool
) -> Callable[[Outcomes, dict[str, Outcomes]], Record]:
    """What sums up the outcomes of the benchmark's steps."""

    def sum_up(outcomes: Outcomes, earlier: dict[str, Outcomes]) -> Record:
        found = _found(earlier.get("toolchain", {}))
        jobs = [_job(workload, runners, outcomes) for workload in workloads]
        return {
            "date": now(),
            "rehearsal": rehearse,
            "gpu": str(found.get("gpu", "a GPU")).partition(",")[0],
            "versions": {k: v for k, v in found.get("installed", {}).items() if v is not None},
            "limits": {name: found[name] for name in ("matrix", "memory") if name in found},
            "jobs": jobs,
            "crossings": [
                record
                for step, outcome in outcomes.items()
                if step.endswith(CROSSINGS)
                for record in outcome.records
                if "words" in record
            ],
            "problems": [problem for job in jobs for problem in _problems(job)],
            "steps": [_in_short(outcome) for outcome in outcomes.values()],
        }

    return sum_up


def _found(toolchain: Outcomes) -> dict[str, Any]:
    """What the toolchain's checks found, by their names."""
    records = [record for outcome in toolchain.values() for record in outcome.records]
    return {record["check"]: record["found"] for record in records if "found" in record}


def _job(workload: Workload, runners: Iterable[str], outcomes: Outcomes) -> Record:
    """A workload, and what became of every runner that has begun."""
    truth = _of_kind("losses", outcomes.get(expected(workload.name)))
    results = [
        _result(workload, runner, outcomes[step], truth)
        for runner in runners
        if (step := f"{workload.name}, {runner}") in outcomes
    ]
    _compare(results)
    return {
        "name": workload.name,
        "description": f"{workload}, {workload.epochs} epochs of {workload.steps} steps",
        "strategy": workload.strategy,
        "networks": workload.networks,
        "sample_updates": workload.sample_updates,
        "flops_per_sample_update": workload.flops,
        "traffic_bytes": workload.traffic,
        "results": results,
    }


def _of_kind(key: str, outcome: Outcome | None) -> Any:
    """What an outcome's records have under a key, None if nothing."""
    records = outcome.records if outcome else []
    return next((record[key] for record in records if key in record), None)


def _result(workload: Workload, runner: str, outcome: Outcome, truth: list | None) -> Record:
    """A runner: what ran, and each of the ways that it was timed."""
    name, _, mode = runner.partition(", ")
    result = {
        "runner": name,
        "mode": mode,
        "kernel": _of_kind("kernel", outcome) or "",
        "status": outcome.status,
        "why": outcome.why,
    }
    for record in outcome.records:
        if "found" in record:
            result[record["check"]] = _timed(workload, record["found"], truth)
    return result


def _timed(workload: Workload, found: Record, truth: list | None) -> Record:
    """The figures of a way."""
    seconds = statistics.median(found["seconds"])
    rate = workload.sample_updates / seconds
    return {
        "first_seconds": found["first"],
        "seconds": found["seconds"],
        "median_seconds": seconds,
        "sample_updates_per_second": rate,
        "gflops": rate * workload.flops / 1e9,
        "loss_difference": None if truth is None else _apart(found["losses"], truth),
    }


def _apart(losses: list, truth: list) -> float:
    """How far losses, of which some may be the word NaN, are from what is expected."""
    return difference(*(np.array([float(loss) for loss in some]) for some in (losses, truth)))


def _compare(results: list[Record]) -> None:
    """Add to each way how many times as fast bpfast on the GPU is."""
    ours = next((r for r in results if f"{r['runner']}, {r['mode']}" == OURS), {})
    for result in results:
        for way in WAYS:
            if way in result and way in ours:
                taken = result[way]["median_seconds"]
                result[way]["bpfast_ratio"] = taken / ours[way]["median_seconds"]


def _problems(job: Record) -> Iterable[str]:
    """Losses that are not those that are expected."""
    for result in job["results"]:
        for way in WAYS:
            apart = result.get(way, {}).get("loss_difference")
            if apart is not None and apart > TOLERANCE:
                yield f"{job['name']}: {result['runner']}, {way}: losses differ by {apart:.0e}"


def _in_short(outcome: Outcome) -> Record:
    """A step without its figures, which are elsewhere."""
    short = {"step": outcome.step, "status": outcome.status, "seconds": outcome.seconds}
    return short if outcome.status == OK else short | {"why": outcome.why, "words": outcome.words}

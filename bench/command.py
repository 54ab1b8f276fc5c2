"""What ``bpfast bench`` does: measure what was asked for, print it, keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

from ..checks import check_choice, check_int
from ..errors import DeviceError, missing_extra
from ..files import write_json
from ..kernels.cpu import thread_count
from ..training.dispatch import devices
from . import crossing
from .environment import hardware, versions
from .measure import Runner, UnavailableError, agrees, bpfast, fastest, measure, now
from .once import in_own_process
from .peak import limits
from .peers import PEERS
from .table import name, print_end, print_job
from .workloads import JOBS, Job

DEVICES = ("cpu", "cuda")
PICTURES = (".png", ".svg")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What to measure, and where to keep it.

    Attributes
    ----------
    device, workload : names with commas between them; all workloads if empty
    peers : whether the libraries beside us are timed too
    turns : how often each is timed
    output, plot : a JSON file and a picture to write
    """

    device: str = "cpu"
    workload: str = ""
    peers: bool = False
    turns: int = 5
    output: Path | None = None
    plot: Path | None = None

    def check(self) -> None:
        """Refuse what cannot be done, before any work.

        Raises
        ------
        ValueError, ImportError, OSError
            An option that makes no sense, no matplotlib for a picture, no folder to write to.
        """
        check_int("turns", self.turns, 1)
        for given in self.jobs_named():
            check_choice("workload", given, [job.name for job in JOBS])
        for given in self.devices_named():
            check_choice("device", given, DEVICES)
        if self.plot:
            check_choice("the plot's suffix", self.plot.suffix, PICTURES)
            if find_spec("matplotlib") is None:
                raise missing_extra("matplotlib", "bench")
        for path in filter(None, (self.output, self.plot)):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise ValueError(f"{path} is a folder: give a file's name")

    def jobs_named(self) -> list[str]:
        """The workloads that were asked for."""
        return _names(self.workload) or [job.name for job in JOBS]

    def devices_named(self) -> list[str]:
        """The devices that were asked for."""
        return _names(self.device)


def _names(text: str) -> list[str]:
    """Different names with commas between them."""
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def bench(options: Options, console: Console, progress: Console) -> bool:
    """Measure, print each workload's table when it is there, and write the files.

    Parameters
    ----------
    options : what was asked for
    console, progress : where tables, and what is being done, are printed

    Returns
    -------
    bool
        Whether all losses agree.

    Raises
    ------
    DeviceError
        None of the devices can be used here.
    """
    options.check()
    runners, skipped = _runners(options)
    report: dict[str, Any] = {
        "date": now(),
        "machine": hardware(),
        "versions": versions(),
    }
    jobs: list[dict[str, Any]] = []
    with _saying(progress) as say:
        say("limits of this machine")
        reached = limits()
    for job in (job for job in JOBS if job.name in options.jobs_named()):
        with _saying(progress) as say:
            measured, without = _measure(job, runners, options.turns, say)
            say(f"{job.name}: limits of this machine")
            reached = reached.best(limits())
        skipped |= {f"{job.name}: {what}": why for what, why in without.items()}
        if measured["results"]:
            jobs.append(_beside(measured, jobs))
            print_job(console, measured, reached)
    report |= {"limits": asdict(reached), "jobs": jobs, "skipped": skipped}
    report["crossings"] = _crossings([runner.mode for runner in runners], progress)
    print_end(console, report)
    _keep(options, report)
    return all(agrees(result) for job in jobs for result in job["results"])


def _runners(options: Options) -> tuple[list[Runner], dict[str, str]]:
    """bpfast on each device that can be used, then the peers; and why others cannot."""
    here, skipped = devices(), {}
    runners = []
    for device in options.devices_named():
        if here[device].startswith("usable"):
            runners.append(bpfast(device))
        else:
            skipped[f"device {device}"] = here[device]
    if not runners:
        why = "; ".join(f"{device} is {words}" for device, words in skipped.items())
        raise DeviceError(f"there is nothing to measure on: {why or 'no device was named'}")
    return runners + list(PEERS if options.peers else ()), skipped


def _measure(
    job: Job, runners: list[Runner], turns: int, say: Say
) -> tuple[dict[str, Any], dict[str, str]]:
    """A job's part of the report, and what was skipped."""
    if not job.has_peers:
        runners = [runner for runner in runners if runner.name == "bpfast"]
    results, skipped = measure(job, runners, turns, say)
    by_name = {str(runner): runner for runner in runners}
    for result in fastest(results):
        say(f"{job.name}: {name(result)}: in a process of its own")
        try:
            result |= in_own_process(job, by_name[name(result)])
        except UnavailableError as error:
            skipped[f"{name(result)}, in a process of its own"] = str(error)
    return {
        "name": job.name,
        "description": str(job),
        "parts": [str(workload) for workload in job.workloads],
        "networks": job.networks,
        "sample_updates": job.sample_updates,
        "flops_per_sample_update": job.flops,
        "traffic_bytes": job.traffic,
        "intensity": job.intensity,
        "beside": job.beside,
        "results": results,
    }, skipped


def _crossings(modes: list[str], progress: Console) -> list[dict[str, Any]]:
    """From how many networks on a GPU pays, where bpfast runs on both devices."""
    if not set(crossing.DEVICES) <= set(modes):
        return []
    with _saying(progress) as say:
        found = [crossing.measure(kind, crossing.SIZES, say) for kind in crossing.KINDS]
    return [asdict(one) | {"words": str(one), "pays_from": one.pays_from} for one in found]


def _beside(job: dict[str, Any], others: list[dict[str, Any]]) -> dict[str, Any]:
    """A job with a network's cost, in seconds of a busy thread, also as a multiple of another's."""
    busy = min(thread_count(), job["networks"])
    job["busy_threads"] = busy
    job["network_seconds"] = job["results"][0]["median_seconds"] * busy / job["networks"]
    for other in others:
        if other["name"] == job["beside"]:
            job["network_cost_ratio"] = job["network_seconds"] / other["network_seconds"]
    return job


@contextmanager
def _saying(console: Console) -> Iterator[Say]:
    """Says what is being done: in one line of a terminal, or line by line where there is none."""
    if not console.is_terminal:
        yield lambda words: console.print(words, highlight=False, soft_wrap=True)
        return
    with console.status("") as status:
        yield status.update


def _keep(options: Options, report: dict[str, Any]) -> None:
    """Write the files that were asked for."""
    if options.output:
        write_json(options.output, report)
    if options.plot:
        from .plot import draw

        draw(report, options.plot)

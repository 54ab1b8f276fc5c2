"""A runner in a process of its own: how long until its first result, and how much memory.

``python -m bpfast.bench.once JOB RUNNER $(date +%s.%N)`` prints a line of JSON; the last argument
is when the process was started. It also imports bpfast where a peer runs, to hand it its samples
and weights: a peer's time and memory count from after that. Reading samples counts for nobody.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from .measure import Runner, UnavailableError, bpfast
from .peers import PEERS
from .workloads import JOBS, Job

RUNNERS = (bpfast("cpu"), bpfast("cuda"), *PEERS)


def in_own_process(job: Job, runner: Runner) -> dict[str, Any]:
    """What :func:`once` measures, in a new Python whose PyTorch has no compiled code yet.

    Raises
    ------
    UnavailableError
        The process failed: its last words.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", __name__, job.name, str(runner), str(time.time())],
            capture_output=True,
            check=False,
            env={
                **os.environ,
                # bpfast's kernels serve every shape; nobody else has seen this one before
                "TORCHINDUCTOR_CACHE_DIR": folder,
            },
            text=True,
        )
    if done.returncode:
        raise UnavailableError(done.stderr.strip().rpartition("\n")[2])
    return json.loads(done.stdout.splitlines()[-1])


def once(job: Job, runner: Runner, started: float) -> dict[str, Any]:
    """Train twice in this process, which has done nothing else yet.

    Parameters
    ----------
    started : ``time.time()`` when the process was started

    Returns
    -------
    dict
        Seconds until the first result, seconds by which the first training was longer than the
        second, and bytes of memory at the peak (None where the system does not tell).
    """
    begun, before = time.time(), 0
    for workload in job.workloads:
        workload.data()  # reading samples, for which scikit-learn is imported, is nobody's time
    started += time.time() - begun
    if runner.name != "bpfast":
        started, before = time.time(), peak_memory() or 0
    run = runner.prepare(runner.adapt(job))
    seconds = []
    for _ in range(2):
        run.reset()
        start = time.perf_counter()
        run.train()
        seconds.append(time.perf_counter() - start)
        if len(seconds) == 1:
            first_result = time.time() - started
    memory = peak_memory()
    return {
        "first_result_seconds": first_result,
        "compile_seconds": max(0.0, seconds[0] - seconds[1]),
        "memory_bytes": None if memory is None else memory - before,
    }


def peak_memory() -> int | None:
    """The most bytes that this process has held so far, None where the system does not tell."""
    try:
        # not getrusage, which on Linux begins with what the parent process held
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 2**10 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        pass
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 2**10


def main() -> None:
    """Measure what the command line says."""
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}", description=__doc__)
    jobs, runners = {job.name: job for job in JOBS}, {str(runner): runner for runner in RUNNERS}
    parser.add_argument("job", choices=jobs)
    parser.add_argument("runner", choices=runners)
    parser.add_argument("started", type=float)
    given = parser.parse_args()
    try:
        print(json.dumps(once(jobs[given.job], runners[given.runner], given.started)))
    except UnavailableError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

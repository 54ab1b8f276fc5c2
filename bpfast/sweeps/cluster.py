"""What sweeps and searches tell Dask: reach a cluster, check its workers, send data and tasks."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..checks import check_int
from ..errors import missing_extra
from ..training import dispatch
from ..version import __version__

try:
    import dask
    import distributed
    from distributed.client import ClosedClientError
    from distributed.comm import CommClosedError
except ImportError:
    raise missing_extra("dask[distributed]", "distributed") from None

DISCONNECTED = (ClosedClientError, CommClosedError)  # what a client raises
UNLIMITED = 1 << 62  # bytes


@contextmanager
def connect(address: str) -> Iterator[distributed.Client]:
    """A client of a cluster.

    Parameters
    ----------
    address : of a scheduler, such as "tcp://node:8786"; the path of its scheduler file; or
        "local:4" for a new cluster of 4 processes that share out the cores of this machine

    Raises
    ------
    ConnectionError
        No scheduler answers.
    """
    with ExitStack() as stack:
        if found := re.fullmatch(r"local:(\d+)", address):
            processes = check_int("the processes of --dask", int(found[1]), 1)
            threads = max(1, dispatch.concurrent_fits("cpu") // processes)
            local = distributed.LocalCluster(
                n_workers=processes,
                threads_per_worker=threads,
                dashboard_address=":0",
                silence_logs="ERROR",
            )
            yield stack.enter_context(distributed.Client(stack.enter_context(local)))
            return
        given = "scheduler_file" if Path(address).is_file() else "address"
        try:
            client = distributed.Client(**{given: address})
        except (OSError, ValueError) as error:
            raise ConnectionError(
                f"no Dask scheduler answers at {address}: {error}; give its address, such as "
                "tcp://node:8786, its scheduler file, or local:4 for a new cluster here"
            ) from None
        yield stack.enter_context(client)


def check_workers(client: distributed.Client) -> None:
    """Raise ``ValueError`` if a worker is not like this process."""
    for worker, found in client.run(versions, on_error="return").items():
        _check_versions(versions(), found, worker)


def submit(client: distributed.Client, function: Any, *arguments: Any) -> distributed.Future:
    """Have a worker call a function."""
    # Dask warns of large arguments, which should be data; but these are sent once.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": UNLIMITED}):
        return client.submit(function, *arguments, pure=False)


def everywhere(client: distributed.Client, value: Any) -> distributed.Future:
    """A value that each worker has.

    It is a task's result, not scattered data: Dask has it again when all workers that had it died.
    """
    future = submit(client, _itself, value)
    client.replicate([future])
    return future


def _itself(value: Any) -> Any:
    return value


@contextmanager
def as_worker(expected: Mapping[str, str]) -> Iterator[None]:
    """What a task does around its work: check the version, keep to the worker's threads.

    Each thread of a worker has a core, or its part of what NUMBA_NUM_THREADS allows.
    """
    worker = distributed.get_worker()
    _check_versions(expected, versions(), worker.address)
    threads = worker.state.nthreads
    with dispatch.thread_limit(
        max(1, int(os.environ.get("NUMBA_NUM_THREADS", threads)) // threads)
    ):
        yield


def versions() -> dict[str, str]:
    """What must be the same on all workers for the same bits."""
    minor = {
        "numpy": version("numpy"),
        "numba": version("numba"),
        "Python": platform.python_version(),
    }
    return {"bpfast": __version__, "kernels": dispatch.kernels_hash()} | {
        name: ".".join(exact.split(".")[:2]) for name, exact in minor.items()
    }


def _check_versions(
    expected: Mapping[str, str], found: Mapping[str, str] | BaseException, worker: str
) -> None:
    if isinstance(found, BaseException):
        raise ValueError(f"worker {worker} cannot use bpfast: {found!r}; install it there too")
    other = [name for name in expected if found.get(name) != expected[name]]
    if other:
        theirs, ours = (", ".join(f"{n} {of.get(n)}" for n in other) for of in (found, expected))
        raise ValueError(
            f"worker {worker} has {theirs}, the sweep has {ours}: install the same everywhere"
        )

"""``python -m bpfast.bench.cluster``: what a Dask cluster costs beside threads, and would cost.

Measured: the same sweep by threads of this process and by one and two worker processes, in turn;
what a shard costs beside its training; what the client does for each network; bytes that travel.
A model of these is held against a scheduler that is made slow, and then asked about a cluster that
is not here: for shards that the client draws, and for blocks that workers do.
"""

from __future__ import annotations

import argparse
import json
import pickle
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import distributed
import numpy as np
from sklearn.datasets import load_digits

import bpfast as bp

from ..checking.machine import machine
from ..files import write_text
from ..sweeps.blocks import BLOCK
from ..sweeps.dask_workers import SHARD_SECONDS
from ..sweeps.shards import Job, Outcome, Shard
from ..sweeps.trainer import Trainer
from ..sweeps.workers import ThreadWorkers
from .blocks import in_blocks
from .environment import versions
from .measure import now

SPACE = {"learning_rate": "1e-4:1e-1:log", "l2": "1e-7:1e-2:log", "batch_size": 64, "hidden": 16}
DELAYS = (0.0, 0.01, 0.05)  # seconds that a scheduler needs more for each shard
SIZES = (4, 16, 64)  # networks in a shard
MESSAGES = 10  # for each shard: told, sent, done, told, asked for, fetched, freed; some both ways
WORKERS, NETWORKS = 1000, 10**8  # that the model is asked about


@dataclass(frozen=True)
class Model:
    """How long a sweep takes, from what each of its parts takes.

    Client, scheduler and workers do their parts at the same time, so the slowest sets the pace.

    Attributes
    ----------
    network : seconds of a worker to train a network
    shard : seconds of a worker for each shard, beside training
    scheduler : seconds of the scheduler for each shard
    client_network, client_shard : seconds of the client for each network, and each shard
    """

    network: float
    shard: float
    scheduler: float
    client_network: float
    client_shard: float

    def parts(self, networks: int, size: int, workers: int, delay: float = 0.0) -> dict[str, float]:
        """Seconds of workers, scheduler and client, for shards of so many networks."""
        shards = networks / size
        return {
            "workers": (networks * self.network + shards * self.shard) / workers,
            "scheduler": shards * (self.scheduler + delay),
            "client": networks * self.client_network + shards * self.client_shard,
        }

    def seconds(self, networks: int, size: int, workers: int, delay: float = 0.0) -> float:
        """Of the whole sweep."""
        return max(self.parts(networks, size, workers, delay).values())


def run(
    networks: int,
    epochs: int,
    client: Any = None,
    size: int | None = None,
    folder: str | None = None,
) -> Any:
    """A sweep on digits, in shards of at most ``size`` networks; its seconds and its result."""
    X, y = load_digits(return_X_y=True)
    parameters = 64 * 16 + 16 + 16 * 10 + 10
    memory = None if size is None else 4 * (3 * parameters + 2 * epochs) * size
    start = time.perf_counter()
    result = bp.sweep(
        X, y, SPACE, networks, epochs, device="cpu", client=client, memory=memory, run=folder
    )
    return time.perf_counter() - start, result


@contextmanager
def cluster(
    workers: int,
) -> Iterator[tuple[distributed.Client, distributed.LocalCluster]]:
    """A cluster of processes with a thread each, whose kernels are loaded."""
    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as local,
        distributed.Client(local) as client,
    ):
        run(64, 1, client)
        yield client, local


def compare(networks: int, epochs: int, turns: int) -> dict[str, Any]:
    """Threads, one worker and two workers, in turn; the tables must be the same."""
    run(64, 1)
    seconds: dict[str, list[float]] = {"threads": [], "2 workers": [], "1 worker": []}
    with cluster(2) as (two, _), cluster(1) as (one, _):
        clients = {"threads": None, "2 workers": two, "1 worker": one}
        for turn in range(turns):
            tables = []
            for name, client in clients.items():
                took, result = run(networks, epochs, client)
                seconds[name].append(took)
                tables.append(result.table)
                print(f"turn {turn + 1}: {name}: {took:.2f} s", flush=True)
            for table in tables[1:]:
                for name, column in tables[0].items():
                    np.testing.assert_array_equal(table[name], column, name)
    pairs = zip(seconds["threads"], seconds["2 workers"], strict=True)
    alone = zip(seconds["1 worker"], seconds["2 workers"], strict=True)
    return {
        "networks": networks,
        "epochs": epochs,
        "seconds": seconds,
        "speed of 2 workers beside threads": statistics.median(a / b for a, b in pairs),
        "efficiency of 2 workers beside 1": statistics.median(a / b / 2 for a, b in alone),
    }


class Slow(distributed.SchedulerPlugin):
    """Makes a scheduler take longer over each shard."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def transition(self, key, start, finish, *_, **__) -> None:
        if finish == "processing" and str(key).startswith("train_shard"):
            time.sleep(self.seconds)


class Instant(ThreadWorkers):
    """Workers that need no time: what is left is the client's own."""

    def _train(self, job: Job, threads: int) -> Outcome:
        return _invented(self._trainer, job)


def _invented(trainer: Trainer, job: Job) -> Outcome:
    n = len(job.shard)
    scores, ones = np.random.default_rng(job.shard.numbers[0]).random(n), np.ones(n)
    return Outcome(
        shard=replace(job.shard, epoch=job.until, states=[]),
        results={
            "validation_score": scores,
            "test_score": scores,
            "loss": ones,
            "epochs": np.full(n, job.until),
            "diverged": np.zeros(n, bool),
        },
        losses=np.ones((n, job.until)),
        rung_losses=np.empty(0),
        networks={0: trainer.population(job.shard.part(slice(1)))},
        updates=n,
        paused=False,
        interrupted=False,
    )


def client_alone(networks: int, epochs: int) -> tuple[float, float]:
    """Seconds of the client for each network, and for each shard."""
    with mock.patch("bpfast.sweeps.sweeping.ThreadWorkers", Instant):
        few, many = (run(networks, epochs, size=size)[0] for size in (256, 4))
    shard = max(0.0, (many - few) / (networks / 4 - networks / 256))
    return (few - shard * networks / 256) / networks, shard


def travelling(epochs: int, networks: int = 256) -> dict[str, float]:
    """Bytes for each network: of a shard, and of what comes of it."""
    seen: list[tuple[Job, Outcome]] = []
    train = Trainer.advance

    def watched(self: Trainer, job: Job, watch: Any) -> Outcome:
        outcome = train(self, job, watch)
        seen.append((job, outcome))
        return outcome

    with mock.patch.object(Trainer, "advance", watched):
        X, y = load_digits(return_X_y=True)
        bp.sweep(X, y, SPACE, networks, epochs, device="cpu", halving="successive")
    (new, rung), (survivors, end) = seen[0], seen[-1]

    def each(thing: Job | Outcome, shard: Shard) -> float:
        return len(pickle.dumps(thing)) / len(shard)

    return {
        "shard, new": each(new, new.shard),
        "outcome, at a rung": each(rung, new.shard),
        "shard, from a rung": each(survivors, survivors.shard),
        "outcome, at the end": each(end, survivors.shard),
    }


def scheduling(client: distributed.Client, tasks: int = 1000) -> float:
    """Seconds for a task that does nothing, by client and scheduler."""
    start = time.perf_counter()
    client.gather([client.submit(abs, k, pure=False) for k in range(tasks)])
    return (time.perf_counter() - start) / tasks


def check_model(epochs: int) -> dict[str, Any]:
    """Fit the model to a scheduler as it is, and hold it against slow ones."""
    networks = 1024
    with cluster(2) as (client, local):
        scheduler = local.scheduler
        assert scheduler is not None
        task = scheduling(client)
        own, each = client_alone(networks, epochs)
        measured = {}
        for delay in DELAYS:
            plugin = Slow(delay)
            scheduler.add_plugin(plugin, name="slow")
            for size in SIZES:
                times = [run(networks, epochs, client, size)[0] for _ in range(3)]
                measured[delay, size] = min(times)
            scheduler.remove_plugin(name="slow")
    small, large = networks / SIZES[0], networks / SIZES[-1]
    shard = (measured[0.0, SIZES[0]] - measured[0.0, SIZES[-1]]) / (small - large) * 2
    network = (2 * measured[0.0, SIZES[-1]] - large * shard) / networks
    model = Model(network, shard, task, own, each)
    rows = [
        {
            "delay": delay,
            "size": size,
            "measured": seconds,
            "predicted": model.seconds(networks, size, 2, delay),
        }
        for (delay, size), seconds in measured.items()
    ]
    for row in rows:
        print({name: round(value, 3) for name, value in row.items()}, flush=True)
    return {"networks": networks, "epochs": epochs, "model": asdict(model), "checks": rows}


def ask(model: Model, epochs: int, sizes: dict[str, float]) -> list[dict[str, float]]:
    """What the cluster that is not here would need, for networks of this size and larger."""
    rows = []
    for network in (model.network, 0.1, 1.0):
        size = max(16, round(SHARD_SECONDS / network))
        asked = Model(**asdict(model) | {"network": network})
        shards = NETWORKS / size
        bytes_each = sizes["shard, new"] + sizes["outcome, at the end"]
        rows.append(
            {
                "seconds a network": network,
                "networks a shard": size,
                "messages": MESSAGES * shards,
                "bytes": NETWORKS * bytes_each,
                **asked.parts(NETWORKS, size, WORKERS),
            }
        )
    return rows


def ask_blocks(
    model: Model, in_blocks: dict[str, float], shards: list[dict[str, float]]
) -> list[dict[str, float]]:
    """The same networks in blocks; what a network takes beside its training is as measured."""
    count = NETWORKS / BLOCK
    return [
        {
            "seconds a network": row["seconds a network"],
            "blocks": count,
            "messages": MESSAGES * count,
            "bytes": count * in_blocks["bytes of a block"],
            "workers": NETWORKS
            * (row["seconds a network"] + max(0.0, in_blocks["network"] - model.network))
            / WORKERS,
            "scheduler": count * model.scheduler,
            "client": count * in_blocks["client, a block"],
        }
        for row in shards
    ]


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m bpfast.bench.cluster", description=__doc__)
    parser.add_argument("--networks", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--output", type=Path, help="JSON file for what was measured")
    options = parser.parse_args()
    report: dict[str, Any] = {"when": now(), "machine": machine(), "versions": versions()}
    report["versions"]["distributed"] = distributed.__version__
    report["comparison"] = compare(options.networks, options.epochs, options.turns)
    report["bytes a network"] = travelling(options.epochs)
    report["scaling"] = check_model(options.epochs)
    model = Model(**report["scaling"]["model"])
    report["asked"] = ask(model, options.epochs, report["bytes a network"])
    report["in blocks"] = in_blocks(run, options.epochs)
    report["asked in blocks"] = ask_blocks(model, report["in blocks"], report["asked"])
    text = json.dumps(report, indent=1) + "\n"
    print(text)
    if options.output:
        write_text(options.output, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

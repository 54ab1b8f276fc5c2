"""A sweep's rounds: which trials are trained next, how far, who goes on, and what is kept.

Two crews of trials take turns. While one is trained to its next stop, the other is cut, the sampler
is told of those that ended, and their room is filled with new trials: no core waits for a sampler,
and none for the last network of a crew. When what is asked and told depends on numbers alone, so
that a seed says all, on any number of threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..training.population import Population
from ..training.progress import Progress
from .halving import Halving
from .progress import Reached, SweepProgress
from .run_folder import Run
from .study import Study
from .trials import SPLIT_SCORE, Kind, Outcome, Shard, State, Trainer, Trials, kind_of
from .workers import GRAIN, PIECES, Job, Threads

if TYPE_CHECKING:
    from .cluster import Cluster

RESULTS = ("validation_score", "validation_std", "test_score", "loss", "epochs", "diverged")
EACH = 256  # trials of a crew for each that is trained at once: more workers need more
WRITE_SECONDS = 1.0  # between files of results: what a crash may cost
CHECKPOINT_SECONDS = 30.0  # between files of networks on their way


@dataclass
class Trial:
    """A trial under way.

    Attributes
    ----------
    stop : the epoch that it is trained to now, or was last
    rungs : (epoch, minus validation loss) where it went on, or was cut
    state, reached : its networks on their way, and how many epochs they are through
    row, losses : what came of it so far, if it came to a stop
    saved : rungs that an earlier process saw it pass
    ended : whether its row is its last
    """

    number: int
    point: dict[str, Any]
    kind: Kind
    stop: int = 0
    rungs: list[tuple[float, float]] = field(default_factory=list)
    state: State | None = None
    reached: int = 0
    row: dict[str, Any] = field(default_factory=dict)
    losses: np.ndarray = field(default_factory=lambda: np.empty(0))
    saved: dict[int, float] = field(default_factory=dict)
    ended: bool = False


class Rounds:
    """All rounds of a sweep.

    Attributes
    ----------
    rows, losses : by number, what came of the trials that ended
    best : the network that comes first of all, if networks are kept as they are; None where none
        has a score
    updates, seconds : samples that networks learned from, and the time it took
    interrupted : whether Ctrl-C ended it
    """

    def __init__(
        self,
        trainer: Trainer,
        study: Study,
        networks: int,
        kept: Run | None,
        halving: Halving | None,
        show: Callable[[SweepProgress], None] | None,
    ) -> None:
        self.trainer, self.study, self.networks = trainer, study, networks
        self.kept, self.halving = kept, halving
        self.rows: dict[int, dict[str, Any]] = {}
        self.losses: dict[int, np.ndarray] = {}
        self.best: Population | None = None
        self.updates = kept.sample_updates if kept else 0
        self.seconds = kept.seconds if kept else 0.0
        self.interrupted = False
        self._crews: list[dict[int, Trial]] = [{}, {}]
        self._passed: dict[tuple[int, int], list[tuple[float, int]]] = {}
        self._unwritten: list[int] = []
        self._first: tuple[float, int] = (np.inf, 0)  # rank of the best: below that of any score
        rows = len(trainer.folds.train.X)
        self.reached = Reached(networks, trainer.epochs, rows, self._now, show)
        if kept and not trainer.refits:
            first = min(map(rank, kept.rows.values()), default=self._first)
            if first < self._first:
                self._first, self.best = first, kept.best(first[1])

    # --- from round to round ---------------------------------------------------------------------

    def run(self, workers: Threads | Cluster, interrupted: Sequence) -> None:
        """Train everything, or until Ctrl-C has filled ``interrupted``."""
        self._workers = workers
        self._start, self._compiling = time.perf_counter(), 0.0
        self._before = self.seconds
        self._written = self._checkpointed = self._start
        waiting: list[set[int]] = [set(), set()]  # numbers of each crew that are being trained
        try:
            self._take_turns(waiting, interrupted)
            self.interrupted = bool(interrupted)
            if self.interrupted:
                self._leave(waiting)
        finally:
            self._write()
            self.seconds = self._now()

    def _take_turns(self, waiting: list[set[int]], interrupted: Sequence) -> None:
        turn, idle = 0, 0
        while idle < len(self._crews):
            crew = self._crews[turn]
            while waiting[turn] and not interrupted:
                self._receive(waiting)
            if interrupted:
                return
            self._settle(crew)
            self._fill(crew)
            waiting[turn] = self._send(crew)
            idle = 0 if crew else idle + 1
            turn = 1 - turn

    def _fill(self, crew: dict[int, Trial]) -> None:
        """Take new trials into the room that there is."""
        size = max(1, self.study.batch // 2)
        if self.halving is None and not self.study.learns:  # no number depends on it
            size = max(size, EACH * self._workers.slots)
        room = size - len(crew)
        numbers, points = self.study.ask(min(room, self.networks - self.study.asked))
        for number, point in zip(numbers, points, strict=True):
            trial = Trial(number, point, kind_of(point))
            if self.kept and number in self.kept.saved:
                trial.state, trial.reached, trial.saved = self.kept.saved[number]
            crew[number] = trial

    def _send(self, crew: dict[int, Trial]) -> set[int]:
        """Have a crew trained to its trials' next stops; the numbers of those that need it."""
        groups: dict[tuple[Kind, int, int], list[Trial]] = {}
        for trial in crew.values():
            trial.stop = self._next_stop(trial)
            if not self._recall(trial):
                groups.setdefault((trial.kind, trial.reached, trial.stop), []).append(trial)
        jobs = [self._job(trials) for trials in groups.values()]
        before = time.perf_counter()
        self._workers.prepare([job.shard.trials for job in jobs])
        self._compiling += time.perf_counter() - before
        self._submit(self._cut(jobs))
        return {number for job in jobs for number in job.shard.trials.numbers}

    def _next_stop(self, trial: Trial) -> int:
        rungs = self.halving.rungs_of(trial.number) if self.halving else []
        return min((rung for rung in rungs if rung > trial.stop), default=self.trainer.epochs)

    def _job(self, trials: list[Trial]) -> Job:
        """Trials that are equally far, on their way to the same stop."""
        first = trials[0]
        together = Trials(first.kind, [t.number for t in trials], [t.point for t in trials])
        states = [trial.state for trial in trials if trial.state is not None]
        seconds = CHECKPOINT_SECONDS if self.kept else np.inf
        return Job(Shard(together, first.reached, states), first.stop, seconds)

    def _cut(self, jobs: list[Job]) -> list[Job]:
        """In pieces that fit into memory and end about together, the longest first."""
        costs = [self.trainer.cost(job.shard, job.until) for job in jobs]
        slots = self._workers.slots
        even = sum(costs) / (PIECES * slots) if slots > 1 else np.inf
        share = min(even, self._workers.share)
        pieces = []
        for job, cost in zip(jobs, costs, strict=True):
            trials = len(job.shard.trials.numbers)
            wanted = -(-share * trials // (cost * GRAIN)) * GRAIN if cost else trials
            size = int(max(1, min(trials, wanted, self._workers.most(job.shard.trials.kind))))
            for start in range(0, trials, size):
                shard = job.shard.part(slice(start, start + size))
                pieces.append(
                    (cost * len(shard.trials.numbers) / trials, job._replace(shard=shard))
                )
        return [job for _, job in sorted(pieces, key=lambda piece: -piece[0])]

    def _submit(self, jobs: list[Job]) -> None:
        for job in jobs:
            self.reached.begin(job.shard.trials.numbers, job.shard.epoch)
        self._workers.submit(jobs)

    def _settle(self, crew: dict[int, Trial]) -> None:
        """Let the losers of each rung go, and tell the study what became of those that ended."""
        for trial in self._losers(crew):
            self._lead(trial)
            self._end(trial)
        ended = sorted(number for number, trial in crew.items() if trial.ended)
        self._tell(ended)
        if ended:
            self.reached.tell(str(crew[ended[0]].kind))
        for number in ended:
            del crew[number]
        self._write(WRITE_SECONDS)
        self._checkpoint(CHECKPOINT_SECONDS)

    def _losers(self, crew: dict[int, Trial]) -> list[Trial]:
        """Those that are not among the best of all that have come to their rung so far."""
        if self.halving is None:
            return []
        here: dict[tuple[int, int], list[Trial]] = {}
        for trial in crew.values():
            if trial.stop and not trial.ended:
                rung = self.halving.bracket_of(trial.number), trial.stop
                here.setdefault(rung, []).append(trial)
        losers = []
        for rung, trials in here.items():
            passed = self._passed.setdefault(rung, [])
            passed += [(-trial.rungs[-1][1], trial.number) for trial in trials]
            numbers = [number for _, number in passed]
            losers_of_all = self.halving.losers(np.array([loss for loss, _ in passed]), numbers)
            gone = {numbers[place] for place in losers_of_all}
            losers += [trial for trial in trials if trial.number in gone]
        return losers

    def watch(self, job: Job, progress: Progress) -> None:
        """See how far a job is."""
        trials = job.shard.trials
        epochs = progress.done * len(trials.numbers) / len(progress.loss)
        self.reached.watch(trials.numbers, epochs, str(trials.kind))

    # --- what comes back --------------------------------------------------------------------------

    def _receive(self, waiting: list[set[int]]) -> None:
        """Wait for a shard, and take what came of it."""
        job, outcome = self._workers.next()
        numbers = job.shard.trials.numbers
        turn = 0 if numbers[0] in self._crews[0] else 1
        trials = [self._crews[turn][number] for number in numbers]
        waiting[turn] -= {*numbers}
        self.reached.pause(numbers, (outcome or job).shard.epoch)
        if outcome is None:
            return
        self.updates += outcome.updates
        for trial in trials:
            trial.state, trial.reached = None, outcome.shard.epoch
        for trial, state in zip(trials, outcome.shard.states, strict=False):  # none at the end
            trial.state = state
        self._take(trials, outcome)
        if outcome.paused:  # time for a checkpoint
            self._checkpoint(0.0)
            waiting[turn] |= {*numbers}
            self._submit([job._replace(shard=outcome.shard)])
            return
        self.reached.tell(str(job.shard.trials.kind))
        self._write(WRITE_SECONDS)

    def _take(self, trials: list[Trial], outcome: Outcome) -> None:
        """Keep what came of trials by now; those that are through, or diverged at a stop, end.

        What comes at a pause, too: after Ctrl-C, a row is of the network that is there then.
        """
        columns = {name: values.tolist() for name, values in outcome.results.items()}
        place, network = outcome.best
        whole = outcome.shard.epoch == self.trainer.epochs
        for k, trial in enumerate(trials):
            if len(outcome.rung) and not columns["diverged"][k]:
                trial.rungs.append((float(trial.stop), -float(outcome.rung[k])))
            own = {name: values[k] for name, values in columns.items()}
            cut = {"rungs": trial.rungs} if trial.rungs else {}
            trial.row = {"network": trial.number, **trial.point, **own, **cut}
            trial.losses = outcome.losses[k]
            at_stop = not outcome.paused and not outcome.interrupted
            if whole or (columns["diverged"][k] and at_stop):
                self._end(trial)
        if whole:
            self._lead(trials[place], network)

    def _end(self, trial: Trial) -> None:
        """Count a trial as through."""
        trial.ended, trial.state = True, None
        self.rows[trial.number], self.losses[trial.number] = trial.row, trial.losses
        self.reached.end(trial.row)
        if self.kept and trial.number not in self.kept.rows:
            self._unwritten.append(trial.number)

    def _recall(self, trial: Trial) -> bool:
        """Whether an earlier process saw what comes of a trial at its stop, and wrote it down."""
        if self.kept is None:
            return False
        row = self.kept.rows.get(trial.number)
        if row is None:
            seen, passed = trial.saved, trial.reached > trial.stop
        else:
            _check_point(trial, row, self.kept.folder)
            seen, passed = {int(epoch): value for epoch, value in row.get("rungs", [])}, True
            trial.row, trial.losses = dict(row), np.array(self.kept.losses[trial.number])
        if trial.stop < self.trainer.epochs and trial.stop in seen:
            if passed:
                trial.rungs.append((float(trial.stop), seen[trial.stop]))
            return passed
        if row is not None:
            self._end(trial)
        return row is not None

    def _tell(self, numbers: list[int]) -> None:
        """Tell the study what became of some trials."""
        if not numbers:
            return
        rows = [self.rows[number] for number in numbers]
        names = [name for name in self.results() if name in rows[0]]
        results = {name: np.array([row[name] for row in rows]) for name in names}
        scores = results["validation_score"]
        whole = results["epochs"] == self.trainer.epochs
        sound = whole & ~results["diverged"] & np.isfinite(scores)
        steps = {
            row["network"]: {int(epoch): value for epoch, value in row.get("rungs", [])}
            for row in rows
        }
        self.study.tell(numbers, scores, sound, results, steps)

    def results(self) -> list[str]:
        """Names of what may come of a trial."""
        return [*RESULTS, *map(SPLIT_SCORE.format, range(len(self.trainer.folds.rows)))]

    # --- the best network ------------------------------------------------------------------------

    def _lead(self, trial: Trial, network: Population | None = None) -> None:
        """See whether a trial comes first of all so far; its network is in its state, or given."""
        first = rank(trial.row)
        if first >= self._first:
            return
        if network is None and trial.state is not None:
            one = Trials(trial.kind, [trial.number], [trial.point])
            network = self.trainer.network(one, trial.state)
        if network is not None:  # else an earlier process saw it, and kept it if it came first
            self._first, self.best = first, network

    # --- what is kept ----------------------------------------------------------------------------

    def _write(self, seconds: float = 0.0) -> None:
        """Write what came of trials, if so many seconds went by."""
        now = time.perf_counter()
        if self.kept is None or not self._unwritten or now - self._written < seconds:
            return
        self._written = now
        number = self._first[1]
        if self.best is not None and not self.trainer.refits:
            self.kept.keep_best(number, self.best)
        rows = [self.rows[k] for k in self._unwritten]
        losses = np.stack([self.losses[k] for k in self._unwritten])
        self.kept.keep(rows, losses, self._now(), self.updates)
        self.kept.forget_others(number)
        self._unwritten.clear()

    def _checkpoint(self, seconds: float) -> None:
        """Write networks on their way, if so many seconds went by."""
        now = time.perf_counter()
        if self.kept is None or now - self._checkpointed < seconds:
            return
        self._checkpointed = now
        going = [trial for crew in self._crews for trial in crew.values() if trial.state]
        self.kept.checkpoint(going, self._now(), self.updates)

    def _leave(self, waiting: list[set[int]]) -> None:
        """After Ctrl-C: take what comes to an end, and show trials as far as they are."""
        while any(waiting):
            self._receive(waiting)
        self._write()
        self._checkpoint(0.0)
        for crew in self._crews:
            self._tell(sorted(number for number, trial in crew.items() if trial.ended))
            for trial in crew.values():
                if trial.row and not trial.ended:
                    self._lead(trial)
                    self.rows[trial.number], self.losses[trial.number] = trial.row, trial.losses

    def _now(self) -> float:
        """Seconds of training so far."""
        return self._before + time.perf_counter() - self._start - self._compiling


def _check_point(trial: Trial, row: Mapping[str, Any], folder: Path) -> None:
    if any(row.get(name) != value for name, value in trial.point.items()):
        raise ValueError(
            f"{folder}: network {trial.number} was asked for other hyperparameters "
            "than now: another version of Optuna's samplers, or one without a seed, cannot go on "
            "with it"
        )


def rank(row: Mapping[str, Any]) -> tuple[float, int]:
    """What rows are sorted by."""
    return -row["validation_score"], row["network"]

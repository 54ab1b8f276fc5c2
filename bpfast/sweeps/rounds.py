"""A sweep's rounds: which trials are trained next, how far, which are pruned, and what is kept.

Two cohorts of trials alternate. While one is trained to its next stop, the other is settled: trials
are pruned, the sampler is told of those that ended, and new ones take their room. No core waits for
a sampler, and none for the last network of a cohort. The order of what the sampler is asked and
told depends on the seed alone, not on how fast anything was trained.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

from ..training.population import Population
from ..training.progress import Progress
from .budget import Budget
from .candidates import Candidates
from .curve import Curve
from .halving import Pruner
from .options import Search
from .progress import ProgressCounter, SweepProgress
from .recording import Recorder
from .refitting import offer_lacking
from .run_folder import RunFolder, Totals
from .scoring import result_names
from .shards import MOMENT, Job, Outcome, Shard
from .study import Study
from .trainer import Trainer
from .trials import FitGroup, Row, State, Trial
from .workers import Workers

COHORT_SHARE = 256  # trials of a cohort for each shard that is trained at once


@dataclass
class Cohort:
    """Trials by number, and the numbers of those that workers are training."""

    trials: dict[int, Trial] = field(default_factory=dict)
    training: set[int] = field(default_factory=set)


class Rounds:
    """All rounds of a sweep.

    Parameters
    ----------
    folder : where the sweep is kept; None for nowhere
    show : given a SweepProgress; None for nobody
    begun : moment, as ``time.perf_counter`` tells it, since when the search's time has run; None
        for that of training

    Attributes
    ----------
    rows, losses : what came of the trials that ended, by number
    candidates : the trials that come first, with their networks
    best : the network that is ranked first, if networks are kept as they are; None where none has a
        score
    totals : seconds without compiling, samples that networks learned from, and the like
    interrupted : whether Ctrl-C ended it
    ended_by_time : whether its time was over before all networks were trained
    """

    def __init__(
        self,
        trainer: Trainer,
        study: Study,
        search: Search,
        folder: RunFolder | None,
        show: Callable[[SweepProgress], None] | None,
        begun: float | None = None,
    ) -> None:
        self._trainer, self._study, self._search = trainer, study, search
        self._recorder = Recorder(folder)
        self._pruner = Pruner(search.halving, search.epochs)
        self.rows: dict[int, Row] = {}
        self.losses: dict[int, np.ndarray] = {}
        self.totals = folder.totals if folder else Totals()
        self._updates = self.totals.sample_updates
        self.interrupted = self.ended_by_time = False
        self._begun, self._start = begun, time.perf_counter() - self.totals.seconds
        self._stopped: float | None = None  # when the clock was
        self._known = 0  # the first trial that no earlier process knows
        best = -np.inf
        if folder:
            self._known = max([-1, *folder.rows, *folder.checkpoints]) + 1
            scores = (row["validation_score"] for row in folder.rows.values())
            best = max(scores, default=best)
        self._curve = Curve(self.totals.curve, best=best)
        self._budget: Budget | None = None
        if search.time is not None:
            self._budget = Budget(trainer, search, study.learns, self._known)
        self._last_networks: dict[int, Population] = {}  # of jobs that ran out of time
        self._cohorts = [Cohort(), Cohort()]
        self._counter = ProgressCounter(
            trials=search.networks,
            epochs=search.epochs,
            samples=len(trainer.data.folds.train.X),
            metric=trainer.data.metric.name,
            seconds=self._seconds,
            show=show,
            limit=self._limit,
        )
        self.best: Population | None = None
        self.candidates = Candidates()
        self._folder = folder
        for known in folder.candidates() if folder else ():
            self.candidates.offer(*known)

    # --- from round to round ---------------------------------------------------------------------

    def run(self, workers: Workers, interrupted: Sequence) -> None:
        """Train everything, or until time is over, or Ctrl-C has filled ``interrupted``."""
        self._workers, now = workers, time.perf_counter()
        self._start = now - self.totals.seconds
        self._beside = max(0.0, self.totals.used - self.totals.seconds)
        self._beside += 0.0 if self._begun is None else now - self._begun
        if self._budget is not None:
            self._budget.begin(self.totals.seconds, self._beside)
        try:
            self._alternate(interrupted)
            self.interrupted = bool(interrupted)
            if self.interrupted or self._is_over():
                self._wind_up()
            self.ended_by_time = self._lacks_time()
        finally:
            self._write()
            self.totals = self._totals()
        self._recorder.finish(self.totals)
        self._take_earlier()
        offer_lacking(self, self.rows.values(), self.candidates)
        first = self.candidates.best
        if first is not None and not self._trainer.data.refits:
            self.best = first.networks

    def _alternate(self, interrupted: Sequence) -> None:
        empty = 0
        for cohort in cycle(self._cohorts):
            while cohort.training and not interrupted:
                self._receive()
            if interrupted or self._is_over():
                return
            self._settle(cohort)
            self._fill(cohort)
            self._send(cohort)
            empty = 0 if cohort.trials else empty + 1
            if empty == len(self._cohorts):
                return

    def _settle(self, cohort: Cohort) -> None:
        """Prune trials, and tell the study what became of those that ended."""
        for trial in self._pruner.pruned(cohort.trials.values()):
            self._consider(trial)
            self._end(trial)
        ended = sorted(number for number, trial in cohort.trials.items() if trial.ended)
        self._tell(ended)
        if ended:
            self._counter.tell(str(cohort.trials[ended[0]].group))
        for number in ended:
            del cohort.trials[number]
        self._write(only_if_due=True)
        self._checkpoint(only_if_due=True)

    def _fill(self, cohort: Cohort) -> None:
        """Draw new trials in place of those that ended."""
        size = max(1, self._study.batch // 2)
        if self._search.halving is None and not self._study.learns:  # no result depends on it
            size = max(size, COHORT_SHARE * self._workers.concurrency)
        elif self._budget is not None:
            size = self._budget.size(size)
        room = size - len(cohort.trials)
        if self._budget is not None:
            room = self._budget.room(
                room, self._study.asked, self._trials(), self._seconds(), self._workers.concurrency
            )
        for number, params in self._study.ask(min(room, self._search.networks - self._study.asked)):
            trial = cohort.trials[number] = Trial(number, params)
            self._recorder.restore(trial)
            if self._budget is not None:
                self._budget.begun(trial)

    def _send(self, cohort: Cohort) -> None:
        """Have a cohort's trials trained to their next stops, but those that were before."""
        groups: dict[tuple[FitGroup, int, int], list[Trial]] = {}
        for trial in cohort.trials.values():
            trial.stop = self._pruner.next_stop(trial)
            if not self._recorder.recall(trial, self._search.epochs):
                groups.setdefault((trial.group, trial.epoch, trial.stop), []).append(trial)
            elif trial.ended:
                self._end(trial)
        pause = self._recorder.pause_seconds
        worst = self.candidates.worst
        jobs = [Job(Shard.of(trials), trials[0].stop, pause, worst) for trials in groups.values()]
        with self._stopped_clock():
            self._workers.prepare([job.shard for job in jobs])
        self._submit(self._workers.cut(jobs))
        cohort.training = {number for job in jobs for number in job.shard.numbers}

    def _submit(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._counter.begin(job.shard.numbers, job.shard.epoch)
        self._workers.submit(jobs)

    def source(self, network: int) -> tuple[Trainer, int]:
        """What trained a network, and the number that it had there."""
        return self._trainer, network

    def watch(self, job: Job, progress: Progress) -> None:
        """See how far a job is."""
        epochs = progress.done * len(job.shard) / len(progress.loss)
        self._counter.watch(job.shard.numbers, epochs, str(job.shard.group))

    # --- what comes back --------------------------------------------------------------------------

    def _receive(self) -> None:
        """Wait for a job, and take what came of it."""
        job, outcome = self._workers.next()
        numbers = job.shard.numbers
        (cohort,) = (c for c in self._cohorts if numbers[0] in c.trials)
        trials = [cohort.trials[number] for number in numbers]
        cohort.training -= {*numbers}
        self._counter.pause(numbers, (outcome or job).shard.epoch)
        if outcome is None:
            return
        self._updates += outcome.updates
        if self._budget is not None:
            now, workers = self._seconds(), self._workers.concurrency
            self._budget.learn(now, job, outcome.shard.epoch, workers)
        self._take(trials, outcome)
        # time for a checkpoint; or it was not over after all, as the clock had been stopped
        if outcome.paused or (outcome.out_of_time and self.left() > MOMENT):
            self._checkpoint()
            cohort.training |= {*numbers}
            self._submit([job._replace(shard=outcome.shard)])
            return
        self._counter.tell(str(job.shard.group))
        self._write(only_if_due=True)

    def _take(self, trials: list[Trial], outcome: Outcome) -> None:
        """Keep what came of trials; those that are complete end, as do those that were before.

        A trial that diverged, or ran out of patience, ends at its stop, and does not come to its
        rung: others in its shard, which may go on, are not to matter.

        A pause changes rows too: after Ctrl-C they describe networks as they were then.
        """
        columns = {name: values.tolist() for name, values in outcome.results.items()}
        is_complete = outcome.shard.epoch == self._search.epochs
        is_stop = not (outcome.paused or outcome.interrupted or outcome.out_of_time)
        states: Sequence[State | None] = outcome.shard.states or [None] * len(trials)
        never = [False] * len(trials)
        for k, (trial, state) in enumerate(zip(trials, states, strict=True)):
            trial.epoch, trial.state = outcome.shard.epoch, state
            self._last_networks.pop(trial.number, None)
            is_through = columns["diverged"][k] or columns.get("stopped", never)[k]
            is_at_rung = len(outcome.rung_losses) and trial.epoch >= trial.stop
            if is_at_rung and not is_through:
                trial.rungs.append((float(trial.stop), -float(outcome.rung_losses[k])))
            results = {name: values[k] for name, values in columns.items()}
            rungs = {"rungs": trial.rungs} if trial.rungs else {}
            trial.row = {"network": trial.number, **trial.params, **results, **rungs}
            trial.losses = outcome.losses[k]
            if is_complete or (is_through and is_stop):
                self._consider(trial)
                self._end(trial)
        by_number = {trials[k].number: own for k, own in outcome.networks.items()}
        if outcome.out_of_time:
            self._last_networks |= by_number
            return
        for trial in trials:
            if trial.number in by_number:
                self.candidates.offer(trial.row, by_number[trial.number])

    def _end(self, trial: Trial) -> None:
        """Count a trial as ended."""
        trial.ended, trial.state = True, None
        self.rows[trial.number], self.losses[trial.number] = trial.row, trial.losses
        self._counter.end(trial.row)
        if self._recorder.add(trial):
            self._see(trial)

    def _take_earlier(self) -> None:
        """Have all rows that are in the folder, if Ctrl-C came before they were asked for again."""
        if self._folder is None:
            return
        for number, row in self._folder.rows.items():
            if number not in self.rows:
                self.rows[number] = row
                self.losses[number] = np.array(self._folder.losses[number])

    def _tell(self, numbers: Sequence[int]) -> None:
        """Tell the study what came of some trials."""
        names = result_names(len(self._trainer.data.folds.rows))
        self._study.tell([self.rows[number] for number in numbers], names, self._search.epochs)

    def _consider(self, trial: Trial) -> None:
        """Keep a trial that is not complete, if it is among the best."""
        if trial.number in self._last_networks:
            self.candidates.offer(trial.row, self._last_networks[trial.number])
        # without a state, an earlier process kept it if it was among the best
        elif trial.state is not None and self.candidates.wants(trial.row):
            self.candidates.offer(trial.row, self._trainer.networks(trial))

    def _see(self, trial: Trial) -> None:
        """Put a trial into the curve, if it is better than all before."""
        self._curve.see(self._seconds(), len(self.rows), trial.row["validation_score"])

    def _wind_up(self) -> None:
        """Without more time, take what comes to an end, and show others as far as they are."""
        while any(cohort.training for cohort in self._cohorts):
            self._receive()
        self._write()
        self._checkpoint()
        for cohort in self._cohorts:
            self._tell(sorted(number for number, trial in cohort.trials.items() if trial.ended))
            for trial in cohort.trials.values():
                if trial.row and not trial.ended:
                    self._consider(trial)
                    self.rows[trial.number], self.losses[trial.number] = trial.row, trial.losses
                    self._see(trial)

    # --- what is kept, and counted ----------------------------------------------------------------

    def _write(self, only_if_due: bool = False) -> None:
        self._recorder.write(self.candidates, self._totals(), only_if_due)

    def _checkpoint(self, only_if_due: bool = False) -> None:
        self._recorder.checkpoint(self._trials(), self._totals(), only_if_due)

    def _trials(self) -> list[Trial]:
        return [trial for cohort in self._cohorts for trial in cohort.trials.values()]

    def _totals(self) -> Totals:
        seconds = self._seconds()
        used = self._beside + seconds
        if self.ended_by_time and self._search.time is not None:
            used = max(used, self._search.time)  # what is left of it is too little
        return Totals(seconds, self._updates, used, self._curve.points)

    def _seconds(self) -> float:
        """Seconds of training so far, those of earlier processes too."""
        now = self._stopped
        return (time.perf_counter() if now is None else now) - self._start

    def _limit(self) -> float:
        """Seconds of training after which all must have ended."""
        return np.inf if self._budget is None else self._budget.limit

    def left(self) -> float:
        """Seconds of training that are left."""
        return self._limit() - self._seconds()

    def _is_over(self) -> bool:
        """Whether time is over, and some trials, or all that are known, were asked for."""
        return self.left() <= MOMENT and self._study.asked >= max(1, self._known)

    def _lacks_time(self) -> bool:
        """Whether there was more to do in more time."""
        if self._budget is None or self.interrupted:
            return False
        is_through = self._study.asked >= self._search.networks
        return not is_through or not all(trial.ended for trial in self._trials())

    @contextmanager
    def _stopped_clock(self) -> Iterator[None]:
        """Do not count the time of what is done meanwhile, such as compiling."""
        begin = self._stopped = time.perf_counter()
        yield
        self._start += time.perf_counter() - begin
        self._stopped = None

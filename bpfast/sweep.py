"""A sweep: many networks from a space, asked of a sampler, trained at once, ranked."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__
from .data import Scaler, check_target
from .errors import finite, numeric, whole
from .folds import Folds, Part, cut
from .halving import Halving
from .model import Model
from .population import Population
from .run import Run, fingerprint
from .samples import free_memory
from .space import HYPERPARAMETERS, USUAL, Space
from .study import STUDY, Study
from .training import Progress, Training, _interrupt_flag
from .trials import SPLIT_SCORE, Trainer, Trials, by_kind

RESULTS = ("validation_score", "validation_std", "test_score", "loss", "epochs", "diverged")


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is; what a ``progress`` callable is given.

    Attributes
    ----------
    done, total : sample-updates
    seconds : since the first network began
    rate : sample-updates a second
    architecture : what is being trained
    networks : how many are through
    best : the highest validation score of these, -inf before there is one
    diverged, pruned : how many of these diverged, and how many were let go at a rung
    """

    done: int
    total: int
    seconds: float
    rate: float
    architecture: str
    networks: int = 0
    best: float = -np.inf
    diverged: int = 0
    pruned: int = 0


@dataclass(frozen=True)
class SweepResult:
    """All networks of a sweep, best first.

    Attributes
    ----------
    table : dict of (networks,) arrays, best validation score first
        ``network`` is the number of a network's trial in the study; then its hyperparameters (NaN
        or no text where it has none), ``validation_score`` and ``test_score`` (accuracy, or R² for
        numbers), the last training ``loss``, ``epochs`` and ``diverged``.
        After a cross-validation, ``validation_score`` and ``loss`` are means over folds,
        ``validation_std`` is the scores' standard deviation, and ``split0_validation_score``, ...
        are the scores; ``epochs`` are those of the fold that ended first; a trial diverged if a
        fold of it did; and only the first row has a ``test_score``, the refitted network's.
    losses : (networks, epochs) training losses, NaN where a network did not get so far
    best : Population of the one network that is ranked first
        After a cross-validation it is trained anew, on all rows but those of the test part.
    scaler : what X is scaled with for ``best``, from the rows that it was trained on
    target_scaler : the same for a target of numbers, else None
    classes : names of the classes, empty for numbers
    metric : "accuracy" or "R²"
    seconds : float, training and scoring, without compiling and the winner's training anew
    sample_updates : int, in these seconds
    interrupted : bool, whether Ctrl-C ended it
    folds : int, networks that were trained for each row of the table
    """

    table: dict[str, np.ndarray]
    losses: np.ndarray
    best: Population
    scaler: Scaler
    target_scaler: Scaler | None
    classes: list[str]
    metric: str
    seconds: float
    sample_updates: int
    interrupted: bool
    folds: int = 1

    @property
    def model(self) -> Model:
        """The best network with its scalers and classes: predicts from X as it was given."""
        return Model(
            self.best,
            self.scaler,
            target_scaler=self.target_scaler,
            classes=self.classes,
            metric=self.metric,
        )


def sweep(
    X,
    y,
    space: Space | Mapping[str, Any] | None = None,
    networks: int = 1024,
    epochs: int = 30,
    validation: float = 0.2,
    test: float = 0.2,
    cv: Any = None,
    groups: Any = None,
    task: str = "auto",
    seed: int = 0,
    sampler: Any = "random",
    storage: Any = None,
    study_name: str = STUDY,
    device: str = "auto",
    halving: str | Halving | None = None,
    memory: int | None = None,
    run: str | os.PathLike | None = None,
    resume: bool = False,
    progress: Callable[[SweepProgress], None] | None = None,
) -> SweepResult:
    """Train networks that a sampler takes from a space, and rank them by their validation score.

    Inputs (and a target of numbers) are scaled by the training part. The test part is scored and
    never looked at for the ranking.

    In a cross-validation every trial is a network for each fold, and all of them are trained at
    once. Each fold is scaled by the rows that it is trained on, so that k folds hold X k times, in
    float32. The trial with the highest mean score is then trained anew on all rows but those of the
    test part, and that network alone is scored on the test part.

    Parameters
    ----------
    X : (samples, features)
    y : (samples,) classes of any kind, or numbers
    space : Space, or what it is made of
        What may vary; by default learning rate, width and l2.
    networks, epochs : int
        How many networks, and epochs for each.
    validation, test : shares of the rows that are held out, at random
        With ``cv``, ``validation`` is not used: the test part comes first, and folds are cut from
        the other rows. ``test=0`` is no test part, and no ``test_score``. Where rows are in order
        of time, a random test part would lie between them: pass ``test=0``, keep the latest rows
        back, and let ``result.model.predict`` them.
    cv : None, or what a cross-validation's folds are
        A number of folds, stratified for classes and shuffled by ``seed``; or anything with
        scikit-learn's ``split(X, y, groups)``, which is given the rows that are not test, y being
        class numbers or numbers; or (train, validation) pairs of row numbers of X, from which those
        of the test part are left out.
    groups : (samples,), for splitters that keep groups together
        The test part is of whole groups then.
    task : "auto", "classification" or "regression"
    seed : for the split, the sampler, the initial weights and the shuffle
    sampler : "random", "tpe", "qmc", "cmaes", "grid", or a sampler of Optuna's
        It is asked for as many networks at a time as are well trained at once, and told how they
        did before it is asked again.
    storage : URL such as "sqlite:///study.db", or a storage of Optuna's
        Every trial is kept there, for ``optuna.load_study`` and Optuna's dashboard.
    study_name : what the study is called in the storage
    device : as for :func:`fit`
    halving : "successive", "hyperband", or a :class:`Halving`
        After each rung only the networks with the least validation loss go on, as if nothing had
        happened; the others keep the score that they have then.
    memory : bytes that networks in training may take, by default half of what is free
        Networks of one kind are trained in parts that fit; no number depends on it.
    run : a folder in which everything is kept as it is reached: see :class:`run.Run`
    resume : whether to go on with the sweep that is in the folder
        With the same arguments (``networks`` may be more) it ends with the same numbers, bit for
        bit, as if it had never been stopped.
    progress : a callable given a SweepProgress

    Returns
    -------
    SweepResult
        After Ctrl-C too: then ``interrupted`` is True, and networks that were not begun are
        left out.

    Raises
    ------
    TypeError, ValueError, DeviceError
        Bad input, before any training; a folder that is another sweep's, or in use.
    OSError
        What was reached cannot be written; what was written before is whole.
    ImportError
        Optuna is not installed.
    """
    networks, seed = whole("networks", networks, 1), whole("seed", seed, 0)
    epochs = whole("epochs", epochs, 1)
    X = finite("X", numeric("X", X, np.float64))
    target, classes = check_target(y, task)
    if X.ndim != 2 or len(X) != len(target):
        raise ValueError(f"X has shape {X.shape}, expected ({len(target)}, features)")
    rows = cut(X, target, len(classes), validation, test, cv, groups, seed)
    scaler = Scaler.of(X[rows.whole])
    target_scaler = None if classes else Scaler.of(target[rows.whole])
    whole_part, unseen = (
        Part.of(X, target, part, scaler, target_scaler) for part in (rows.whole, rows.test)
    )
    folds = Folds.of(X, target, rows.folds, bool(classes))
    if isinstance(halving, str):
        halving = Halving(halving, epochs)
    if halving is not None and halving.epochs != epochs:
        raise ValueError(f"halving is for {halving.epochs} epochs, the sweep has {epochs}")
    if halving is not None and cv is not None:
        raise ValueError("halving cuts by one validation part: leave out cv")
    if not isinstance(space, Space):
        space = Space(USUAL if space is None else space)
    trainer = Trainer(folds, whole_part, unseen, cv is not None, classes, epochs, seed, device)
    settings = {
        "bpfast": __version__,
        "data": fingerprint(X, target),
        "space": space.describe(),
        "sampler": sampler if isinstance(sampler, str) else type(sampler).__name__,
        "networks": networks,
        "epochs": epochs,
        "validation": validation,
        "test": test,
        "seed": seed,
        "device": device,
        "halving": None if halving is None else asdict(halving),
        "folds": fingerprint(*(part for fold in rows.folds for part in fold)),
    }
    budget = free_memory() // 2 if memory is None else whole("memory", memory, 1)
    with ExitStack() as stack:
        kept = None
        if run is not None:
            kept = stack.enter_context(closing(Run(Path(run), settings, resume)))
        study = Study(space, sampler, seed, storage, study_name, resume)
        outcome = _Sweep(trainer, study, networks, budget, kept, halving, progress).run()
    return SweepResult(
        table=outcome.table(),
        losses=outcome.losses(),
        best=outcome.best,
        scaler=scaler,
        target_scaler=target_scaler,
        classes=classes,
        metric="accuracy" if classes else "R²",
        seconds=outcome.seconds,
        sample_updates=outcome.updates,
        interrupted=outcome.interrupted,
        folds=len(rows.folds),
    )


class _Sweep:
    """Asks a study for networks, has them trained, and tells it how they did, until all are."""

    def __init__(
        self,
        trainer: Trainer,
        study: Study,
        networks: int,
        memory: int,
        kept: Run | None,
        halving: Halving | None,
        show: Callable[[SweepProgress], None] | None,
    ) -> None:
        self.trainer, self.study, self.networks, self.show = trainer, study, networks, show
        self.memory, self.kept, self.halving = memory, kept, halving
        self.rows: dict[int, dict[str, Any]] = {}
        self.curves: dict[int, np.ndarray] = {}
        self.going: dict[int, int] = {}  # epochs of the trainings under way
        self.best: Population
        self.updates = kept.sample_updates if kept else 0
        self.seconds = kept.seconds if kept else 0.0
        self.interrupted = False
        if kept and kept.rows and not trainer.refits:
            self.best = kept.best(self._leader())

    def run(self) -> _Sweep:
        """Train everything, or until Ctrl-C."""
        with _interrupt_flag() as flag:  # Ctrl-C while networks are scored loses none of them
            while len(self.rows) < self.networks and not self.interrupted:
                numbers, points = self.study.ask(self.networks - len(self.rows))
                if not numbers:  # a grid is through
                    break
                for together in self._fits(numbers, points):
                    self._train(together)
                    self.interrupted = bool(flag)
                    if self.interrupted:
                        break
        if self.trainer.refits:  # after Ctrl-C too: without it there is no winner
            self._refit()
        return self

    def table(self) -> dict[str, np.ndarray]:
        """All networks, the best first."""
        rows = list(self.rows.values())
        names = dict.fromkeys(("network", *HYPERPARAMETERS, *self._results()))
        found = {name for row in rows for name in row}
        columns = {
            name: _column([row.get(name) for row in rows]) for name in names if name in found
        }
        order = self._order()
        return {name: values[order] for name, values in columns.items()}

    def losses(self) -> np.ndarray:
        """(networks, epochs) in the order of the table."""
        return np.stack([self.curves[number] for number in self.rows])[self._order()]

    def _order(self) -> np.ndarray:
        scores = np.array([row["validation_score"] for row in self.rows.values()])
        return np.lexsort((np.array([*self.rows]), -scores))

    def _leader(self) -> int:
        """The number of the network that comes first, of all that the folder has too."""
        return _first(self.rows | (self.kept.rows if self.kept else {}))

    def _results(self) -> list[str]:
        """Names of what may come of a trial."""
        return [*RESULTS, *map(SPLIT_SCORE.format, range(len(self.trainer.folds.rows)))]

    def _fits(self, numbers: list[int], points: list[dict[str, Any]]) -> Iterator[list[Trials]]:
        """What is to be trained, of a batch of trials; the rest is known already.

        Kinds are trained one after another, in parts that fit into memory. With halving all go from
        rung to rung together.
        """
        known = self.kept.rows if self.kept else {}
        if self.halving and not {*numbers} <= {*known}:
            known = {}
        trials = list(zip(numbers, points, strict=True))
        self._recall([(number, point) for number, point in trials if number in known])
        fresh = [(number, point) for number, point in trials if number not in known]
        together = []
        for group in by_kind(*zip(*fresh, strict=True)) if fresh else []:
            most = self.trainer.most(group.kind, self.memory)
            for start in range(0, len(group.numbers), most):
                part = slice(start, start + most)
                together.append(Trials(group.kind, group.numbers[part], group.points[part]))
        if self.halving and together:
            yield together
        else:
            yield from ([trials] for trials in together)

    def _recall(self, trials: list[tuple[int, dict[str, Any]]]) -> None:
        """Take from the folder what came of some trials, and tell the study."""
        if not trials or self.kept is None:
            return
        numbers = [number for number, _ in trials]
        rows = [dict(self.kept.rows[number]) for number in numbers]
        for (number, point), row in zip(trials, rows, strict=True):
            if any(row.get(name) != value for name, value in point.items()):
                raise ValueError(
                    f"{self.kept.folder}: network {number} was asked for other hyperparameters "
                    "than now: another version of Optuna's samplers cannot go on with it"
                )
        self._tell(numbers, rows)
        self.curves |= {number: np.array(self.kept.losses[number]) for number in numbers}

    def _tell(self, numbers: list[int], rows: list[dict[str, Any]]) -> None:
        """Keep rows, and tell the study."""
        self.rows |= dict(zip(numbers, rows, strict=True))
        results = {
            name: np.array([row[name] for row in rows])
            for name in self._results()
            if name in rows[0]
        }
        scores = results["validation_score"]
        whole = results["epochs"] == self.trainer.epochs
        sound = whole & ~results["diverged"] & np.isfinite(scores)
        steps = {
            row["network"]: {int(epoch): value for epoch, value in row.get("rungs", [])}
            for row in rows
        }
        self.study.tell(numbers, scores, sound, results, steps)

    def _train(self, together: list[Trials]) -> None:
        """Train and score the networks of some trials, and keep what came of them."""
        trainer = self.trainer
        for trials in together:
            trainer.compile(trials)
        start = time.perf_counter()
        self.going.clear()
        populations, trainings = [], []
        with ExitStack() as stack:
            for trials in together:
                population, training = trainer.on_folds(trials, bool(self.halving))
                populations.append(population)
                trainings.append(stack.enter_context(training))
            rungs = self._climb(together, trainings, start) if self.halving else {}
            self._advance(together, trainings, None, start)
        histories = [training.history() for training in trainings]
        rows: list[dict[str, Any]] = []
        for trials, population, history in zip(together, populations, histories, strict=True):
            self.updates += history.sample_updates
            results = trainer.results(population, history)
            for k, (number, point) in enumerate(zip(trials.numbers, trials.points, strict=True)):
                own = {name: values[k].item() for name, values in results.items()}
                cut = {"rungs": rungs[number]} if number in rungs else {}
                rows.append({"network": number, **point, **own, **cut})
        curves = np.concatenate([trainer.losses(history) for history in histories])
        numbers = [row["network"] for row in rows]
        self._tell(numbers, rows)
        self.curves |= dict(zip(numbers, curves, strict=True))
        leader = self._leader()
        for trials, population in zip(together, populations, strict=True):
            if leader in trials.numbers:
                self.best = population[trials.numbers.index(leader)]
        self.seconds += time.perf_counter() - start
        if self.kept and not any(history.interrupted for history in histories):
            if not trainer.refits:
                self.kept.keep_best(leader, self.best)
            self.kept.keep(rows, curves, self.seconds, self.updates)  # others are begun anew
            self.kept.forget_others(leader)

    def _refit(self) -> None:
        """Train the winner on all rows that are not test: each fold's network saw only a part."""
        number = _first(self.rows)
        row = self.rows[number]
        point = {name: row[name] for name in HYPERPARAMETERS if name in row}
        (trials,) = by_kind([number], [point])
        self.best, history = self.trainer.refit(trials)
        self.interrupted |= history.interrupted
        if history.diverged[0]:
            warnings.warn(
                f"network {number}, the first by validation, diverged when it was trained on all "
                "rows: its test score is -inf; try a lower learning rate",
                RuntimeWarning,
                stacklevel=4,
            )
        if len(self.trainer.test.X):
            tested = self.trainer.scores(self.best, self.trainer.test)
            row["test_score"] = np.where(history.diverged, -np.inf, tested).item()

    def _climb(
        self, together: list[Trials], trainings: list[Training], start: float
    ) -> dict[int, list[tuple[float, float]]]:
        """Train from rung to rung, and let the losers go; each network's values at its rungs."""
        assert self.halving is not None
        brackets = self.halving.brackets()
        values: dict[int, list[tuple[float, float]]] = {}
        for epoch in sorted({epoch for rungs in brackets for epoch in rungs}):
            self._advance(together, trainings, epoch, start)
            if any(training.interrupted for training in trainings):
                break
            for bracket, rungs in enumerate(brackets):
                if epoch in rungs:
                    self._cut(together, trainings, epoch, bracket, values)
        return values

    def _cut(self, together, trainings, epoch: int, bracket: int, values) -> None:
        """Let the losers of a bracket's rung go."""
        assert self.halving is not None
        here = []  # training, place in it, number, loss
        for trials, training in zip(together, trainings, strict=True):
            history = training.history()
            running = ~history.stopped & ~history.diverged
            for k in np.flatnonzero(running):
                if self.halving.bracket_of(trials.numbers[k]) == bracket:
                    loss = float(history.validation_loss[k, epoch - 1])
                    here.append((training, k, trials.numbers[k], loss))
                    values.setdefault(trials.numbers[k], []).append((float(epoch), -loss))
        if here:
            losses = np.array([loss for *_, loss in here])
            for place in self.halving.losers(losses, [number for _, _, number, _ in here]):
                training, k, *_ = here[place]
                training.drop(np.array([k]))

    def _advance(self, together, trainings, epoch: int | None, start: float) -> None:
        """Train all up to an epoch, one fit after another."""
        for trials, training in zip(together, trainings, strict=True):
            if not training.interrupted:
                watch = self._watch(trials, start)
                training.advance(epoch, watch or False)
                if watch:  # also where no network was left to train
                    watch(training.progress())

    def _watch(self, trials: Trials, start: float) -> Callable[[Progress], None] | None:
        if self.show is None:
            return None
        show, before, going = self.show, self.seconds, self.going
        rows, copies = len(self.trainer.folds.train.X), len(self.trainer.folds.rows)
        done, total = len(self.rows) * self.trainer.epochs, self.networks * self.trainer.epochs
        results = list(self.rows.values())
        diverged = sum(row["diverged"] for row in results)
        through = sum(row["epochs"] == self.trainer.epochs for row in results)
        reached = {
            "architecture": str(trials.kind),
            "networks": len(results),
            "best": max((row["validation_score"] for row in results), default=-np.inf),
            "diverged": diverged,
            "pruned": len(results) - through - diverged,
        }

        def watch(progress: Progress) -> None:
            going[trials.numbers[0]] = progress.done
            updates = (done * copies + sum(going.values())) * rows // copies
            seconds = before + time.perf_counter() - start
            show(SweepProgress(updates, total * rows, seconds, updates / seconds, **reached))

        return watch


def _first(rows: Mapping[int, Mapping[str, Any]]) -> int:
    """The number of the row that comes first in the table."""
    return min(rows, key=lambda number: (-rows[number]["validation_score"], number))


def _column(values: list[Any]) -> np.ndarray:
    """A column of the table; where a network has no value, NaN or no text."""
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else value for value in values])
    if None in values:
        return np.array([np.nan if value is None else float(value) for value in values])
    return np.array(values)

"""A sweep: many networks from a space, asked of a sampler, trained at once, ranked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .data import Scaler, check_target, split
from .errors import whole
from .halving import Halving
from .model import Model
from .network import MLP
from .optimizers import Optimizer
from .population import Population
from .run import Run, fingerprint
from .samples import free_memory
from .space import HYPERPARAMETERS, OPTIMIZERS, USUAL, Space, widths
from .study import STUDY, Study
from .training import Progress, Training, _interrupt_flag, _latest

FEW = 64  # networks that kernels are compiled with
MOST = 4096  # networks in a fit: more are no faster, and what is lost when a run is killed
PREDICTIONS = 1 << 24  # numbers predicted at a time
RESULTS = ("validation_score", "test_score", "loss", "epochs", "diverged")


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is; what a ``progress`` callable is given.

    Attributes
    ----------
    done, total : sample-updates
    seconds : since the first network began
    rate : sample-updates a second
    architecture : what is being trained
    """

    done: int
    total: int
    seconds: float
    rate: float
    architecture: str


@dataclass(frozen=True)
class SweepResult:
    """All networks of a sweep, best first.

    Attributes
    ----------
    table : dict of (networks,) arrays, best validation score first
        ``network`` is the number of a network's trial in the study; then its hyperparameters (NaN
        or no text where it has none), ``validation_score`` and ``test_score`` (accuracy, or R² for
        numbers), the last training ``loss``, ``epochs`` and ``diverged``.
    losses : (networks, epochs) training losses, NaN where a network did not get so far
    best : Population of the one network that is ranked first
    scaler : what X was scaled with, from the training part
    target_scaler : the same for a target of numbers, else None
    classes : names of the classes, empty for numbers
    metric : "accuracy" or "R²"
    seconds : float, training and scoring, without compiling
    sample_updates : int
    interrupted : bool, whether Ctrl-C ended it
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


@dataclass(frozen=True)
class _Part:
    X: np.ndarray
    y: np.ndarray


def sweep(
    X,
    y,
    space: Space | Mapping[str, Any] | None = None,
    networks: int = 1024,
    epochs: int = 30,
    validation: float = 0.2,
    test: float = 0.2,
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

    Parameters
    ----------
    X : (samples, features)
    y : (samples,) classes of any kind, or numbers
    space : Space, or what it is made of
        What may vary; by default learning rate, width and l2.
    networks, epochs : int
        How many networks, and epochs for each.
    validation, test : shares of the rows that are held out
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
    X = np.asarray(X, np.float64)
    target, classes = check_target(y, task)
    if X.ndim != 2 or len(X) != len(target):
        raise ValueError(f"X has shape {X.shape}, expected ({len(target)}, features)")
    parts = split(target, len(classes), validation, test, seed)
    scaler = Scaler.of(X[parts.train])
    target_scaler = None if classes else Scaler.of(target[parts.train])
    scaled = target if target_scaler is None else target_scaler.apply(target)
    train, held_out, unseen = (
        _Part(scaler.apply(X[rows]), scaled[rows])
        for rows in (parts.train, parts.validation, parts.test)
    )
    if isinstance(halving, str):
        halving = Halving(halving, epochs)
    if halving is not None and halving.epochs != epochs:
        raise ValueError(f"halving is for {halving.epochs} epochs, the sweep has {epochs}")
    if not isinstance(space, Space):
        space = Space(USUAL if space is None else space)
    runner = _Runner(train, held_out, unseen, classes, epochs, seed, device)
    settings = {
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
    }
    budget = free_memory() // 2 if memory is None else whole("memory", memory, 1)
    with ExitStack() as stack:
        kept = None
        if run is not None:
            kept = stack.enter_context(closing(Run(Path(run), settings, resume)))
        study = Study(space, sampler, seed, storage, study_name, resume)
        outcome = _Sweep(runner, study, networks, budget, kept, halving, progress).run()
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
    )


class _Kind(NamedTuple):
    """What networks must share to be trained by one fit."""

    hidden: tuple[int, ...]
    activation: str
    optimizer: str
    batch_size: int
    init: str

    def __str__(self) -> str:
        return f"{'x'.join(map(str, self.hidden)) or 'linear'} {self.activation} {self.optimizer}"


class _Fit(NamedTuple):
    """Networks to be trained together: their trials' numbers, and their hyperparameters."""

    kind: _Kind
    numbers: list[int]
    points: list[dict[str, Any]]


class _Sweep:
    """Asks a study for networks, has them trained, and tells it how they did, until all are."""

    def __init__(
        self,
        runner: _Runner,
        study: Study,
        networks: int,
        memory: int,
        kept: Run | None,
        halving: Halving | None,
        show: Callable[[SweepProgress], None] | None,
    ) -> None:
        self.runner, self.study, self.networks, self.show = runner, study, networks, show
        self.memory, self.kept, self.halving = memory, kept, halving
        self.rows: dict[int, dict[str, Any]] = {}
        self.curves: dict[int, np.ndarray] = {}
        self.best: Population
        self.updates = kept.sample_updates if kept else 0
        self.seconds = kept.seconds if kept else 0.0
        self.interrupted = False
        if kept and kept.rows:
            self.best = kept.best(self._leader())

    def run(self) -> _Sweep:
        """Train everything, or until Ctrl-C."""
        with _interrupt_flag() as flag:  # Ctrl-C while networks are scored loses none of them
            while len(self.rows) < self.networks and not self.interrupted:
                numbers, points = self.study.ask(self.networks - len(self.rows))
                if not numbers:  # a grid is through
                    break
                for fits in self._fits(numbers, points):
                    self._train(fits)
                    self.interrupted = bool(flag)
                    if self.interrupted:
                        break
        return self

    def table(self) -> dict[str, np.ndarray]:
        """All networks, the best first."""
        rows = list(self.rows.values())
        names = dict.fromkeys(("network", *HYPERPARAMETERS, *RESULTS))
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
        rows = self.rows | (self.kept.rows if self.kept else {})
        return min(rows, key=lambda number: (-rows[number]["validation_score"], number))

    def _fits(self, numbers: list[int], points: list[dict[str, Any]]) -> Iterator[list[_Fit]]:
        """What is to be trained, of a batch of trials; the rest is known already.

        Kinds are trained one after another, in parts that fit into memory. With halving all go from
        rung to rung together.
        """
        known = self.kept.rows if self.kept else {}
        if self.halving and not {*numbers} <= {*known}:
            known = {}
        self._recall([(n, p) for n, p in zip(numbers, points, strict=True) if n in known])
        together = []
        for kind, members in self.runner.groups(points).items():
            fresh = [k for k in members if numbers[k] not in known]
            most = self.runner.most(kind, self.memory)
            for start in range(0, len(fresh), most):
                part = fresh[start : start + most]
                together.append(_Fit(kind, [numbers[k] for k in part], [points[k] for k in part]))
        if self.halving and together:
            yield together
        else:
            yield from ([fit] for fit in together)

    def _recall(self, trials: list[tuple[int, dict[str, Any]]]) -> None:
        """Take from the folder what came of some trials, and tell the study."""
        if not trials or self.kept is None:
            return
        numbers = [number for number, _ in trials]
        rows = [self.kept.rows[number] for number in numbers]
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
        results = {name: np.array([row[name] for row in rows]) for name in RESULTS}
        scores = results["validation_score"]
        whole = results["epochs"] == self.runner.epochs
        sound = whole & ~results["diverged"] & np.isfinite(scores)
        steps = {
            row["network"]: {int(epoch): value for epoch, value in row.get("rungs", [])}
            for row in rows
        }
        self.study.tell(numbers, scores, sound, results, steps)

    def _train(self, fits: list[_Fit]) -> None:
        """Train and score networks, those of a list together, and keep what came of them."""
        for fit in fits:
            self.runner.compile(fit)
        start = time.perf_counter()
        populations = [self.runner.population(fit) for fit in fits]
        with ExitStack() as stack:
            trainings = [
                stack.enter_context(self.runner.training(population, fit, bool(self.halving)))
                for population, fit in zip(populations, fits, strict=True)
            ]
            rungs = self._climb(fits, trainings, start) if self.halving else {}
            self._advance(fits, trainings, None, start)
        histories = [training.history() for training in trainings]
        rows, curves = [], []
        for fit, population, history in zip(fits, populations, histories, strict=True):
            self.updates += history.sample_updates
            rows += self._rows(fit, population, history, rungs)
            curves += list(history.loss)
        numbers = [row["network"] for row in rows]
        self._tell(numbers, rows)
        self.curves |= dict(zip(numbers, curves, strict=True))
        leader = self._leader()
        for fit, population in zip(fits, populations, strict=True):
            if leader in fit.numbers:
                self.best = population[fit.numbers.index(leader)]
        self.seconds += time.perf_counter() - start
        if self.kept and not any(history.interrupted for history in histories):
            self.kept.keep_best(leader, self.best)  # half-trained networks are begun anew
            self.kept.keep(rows, np.stack(curves), self.seconds, self.updates)
            self.kept.forget_others(leader)

    def _rows(self, fit, population, history, rungs) -> list[dict[str, Any]]:
        """Rows of the table for the networks of a fit."""
        runner = self.runner
        results = {
            "validation_score": runner.scores(population, runner.validation),
            "test_score": runner.scores(population, runner.test),
            "loss": _latest(history.loss),
            "epochs": history.epochs_run,
        }
        for name in ("validation_score", "test_score"):
            results[name] = np.where(history.diverged, -np.inf, results[name])
        results["diverged"] = history.diverged
        rows = []
        for k, (number, point) in enumerate(zip(fit.numbers, fit.points, strict=True)):
            row = {"network": number, **point, **{name: v[k].item() for name, v in results.items()}}
            rows.append(row | ({"rungs": rungs[number]} if number in rungs else {}))
        return rows

    def _climb(
        self, fits: list[_Fit], trainings: list[Training], start: float
    ) -> dict[int, list[tuple[float, float]]]:
        """Train from rung to rung, and let the losers go; each network's values at its rungs."""
        assert self.halving is not None
        brackets = self.halving.brackets()
        values: dict[int, list[tuple[float, float]]] = {}
        for epoch in sorted({epoch for rungs in brackets for epoch in rungs}):
            self._advance(fits, trainings, epoch, start)
            if any(training.interrupted for training in trainings):
                break
            for bracket, rungs in enumerate(brackets):
                if epoch in rungs:
                    self._cut(fits, trainings, epoch, bracket, values)
        return values

    def _cut(self, fits, trainings, epoch: int, bracket: int, values) -> None:
        """Let the losers of a bracket's rung go."""
        assert self.halving is not None
        here = []  # training, place in it, number, loss
        for fit, training in zip(fits, trainings, strict=True):
            history = training.history()
            running = ~history.stopped & ~history.diverged
            for k in np.flatnonzero(running):
                if self.halving.bracket_of(fit.numbers[k]) == bracket:
                    loss = float(history.validation_loss[k, epoch - 1])
                    here.append((training, k, fit.numbers[k], loss))
                    values.setdefault(fit.numbers[k], []).append((float(epoch), -loss))
        if here:
            losses = np.array([loss for *_, loss in here])
            for place in self.halving.losers(losses, [number for _, _, number, _ in here]):
                training, k, *_ = here[place]
                training.drop(np.array([k]))

    def _advance(self, fits, trainings, epoch: int | None, start: float) -> None:
        """Train all up to an epoch, one fit after another."""
        for fit, training in zip(fits, trainings, strict=True):
            if not training.interrupted:
                training.advance(epoch, self._watch(fit.kind, start))

    def _watch(self, kind: _Kind, start: float) -> Callable[[Progress], None] | bool:
        if self.show is None:
            return False
        show, before, words = self.show, self.seconds, str(kind)
        rows = len(self.runner.train.X)
        done, total = len(self.rows) * self.runner.epochs, self.networks * self.runner.epochs

        def watch(progress: Progress) -> None:
            updates, seconds = (done + progress.done) * rows, before + time.perf_counter() - start
            show(SweepProgress(updates, total * rows, seconds, updates / seconds, words))

        return watch


@dataclass(frozen=True)
class _Runner:
    """Trains and scores networks of one kind."""

    train: _Part
    validation: _Part
    test: _Part
    classes: Sequence[str]
    epochs: int
    seed: int
    device: str
    compiled: set[tuple] = field(default_factory=set)

    def groups(self, points: list[dict[str, Any]]) -> dict[_Kind, list[int]]:
        """Places of the points that one fit can train together."""
        groups: dict[_Kind, list[int]] = {}
        for k, point in enumerate(points):
            kind = _Kind(
                widths(point),
                point["activation"],
                point["optimizer"],
                point["batch_size"],
                point["init"],
            )
            groups.setdefault(kind, []).append(k)
        return groups

    def compile(self, fit: _Fit) -> None:
        """Train a few networks of a kind for an epoch on a batch: kernels are there then."""
        if fit.kind in self.compiled:
            return
        self.compiled.add(fit.kind)
        rows = slice(fit.kind.batch_size)
        few = replace(self, train=_Part(self.train.X[rows], self.train.y[rows]), epochs=1)
        some = _Fit(fit.kind, fit.numbers[:FEW], fit.points[:FEW])
        population = self.population(some)
        with few.training(population, some) as training:
            training.advance()
        population.predict(self.test.X[:1], device=self.device)

    def most(self, kind: _Kind, memory: int) -> int:
        """How many networks of a kind may be trained at once, in so many bytes."""
        numbers = 3 * self._mlp(kind).n_parameters + 2 * self.epochs  # with two moments, and losses
        return max(1, min(MOST, memory // (4 * numbers)))

    def _mlp(self, kind: _Kind) -> MLP:
        outputs, loss = (len(self.classes), "cross_entropy") if self.classes else (1, "mse")
        return MLP((self.train.X.shape[1], *kind.hidden, outputs), kind.activation, loss)

    def population(self, fit: _Fit) -> Population:
        """The networks before training: each starts from its trial's number, or its own seed."""
        seeds = [p.get("seed", k) for k, p in zip(fit.numbers, fit.points, strict=True)]
        return Population.drawn(self._mlp(fit.kind), np.array(seeds), self.seed, fit.kind.init)

    def training(self, population: Population, fit: _Fit, validated: bool = False) -> Training:
        """A training of networks of a kind, each with its own hyperparameters."""
        return Training(
            population,
            self.train.X,
            self.train.y,
            _optimizer(fit.kind.optimizer, fit.points),
            epochs=self.epochs,
            batch_size=fit.kind.batch_size,
            seed=self.seed,
            validation=(self.validation.X, self.validation.y) if validated else None,
            dropout=np.array([point.get("dropout", 0.0) for point in fit.points]),
            device=self.device,
        )

    def scores(self, population: Population, part: _Part) -> np.ndarray:
        """Accuracy or R² of every network on a part."""
        step = max(1, PREDICTIONS // (len(part.X) * population.mlp.outputs))
        scores = []
        for first in range(0, len(population), step):
            predicted = population[first : first + step].predict(part.X, device=self.device)
            if self.classes:
                scores.append((predicted.argmax(axis=2) == part.y).mean(axis=1))
            else:
                with np.errstate(over="ignore"):  # a network on the way out scores -inf
                    errors = ((predicted[:, :, 0].astype(np.float64) - part.y) ** 2).sum(axis=1)
                spread = ((part.y - part.y.mean()) ** 2).sum()
                scores.append(1.0 - errors / (spread if spread > 0 else 1.0))
        return np.concatenate(scores)


def _optimizer(name: str, points: list[dict[str, Any]]) -> Optimizer:
    """An optimiser with each point's own numbers."""
    kind = OPTIMIZERS[name]
    settings = {
        setting.name: np.array([point.get(setting.name, setting.default) for point in points])
        for setting in fields(kind)
        if any(setting.name in point for point in points)
    }
    return kind(**settings)


def _column(values: list[Any]) -> np.ndarray:
    """A column of the table; where a network has no value, NaN or no text."""
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else value for value in values])
    if None in values:
        return np.array([np.nan if value is None else float(value) for value in values])
    return np.array(values)

"""A sweep: many networks from a space, asked of a sampler, trained at once, ranked."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np

from .data import Scaler, check_target
from .errors import finite, numeric, whole
from .folds import Folds, Part, cut
from .model import Model
from .network import MLP
from .optimizers import Optimizer
from .population import Population
from .space import HYPERPARAMETERS, OPTIMIZERS, USUAL, Space, widths
from .study import STUDY, Study
from .training import History, Progress, _interrupt_flag, fit

FEW = 64  # networks that kernels are compiled with
PREDICTIONS = 1 << 24  # numbers predicted at a time
NETWORKS = 1 << 16  # asked for and trained at a time
RESULTS = ("validation_score", "validation_std", "test_score", "loss", "epochs", "diverged")
SPLIT_SCORE = "split{}_validation_score"  # as scikit-learn calls the score of a fold


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
        After a cross-validation, ``validation_score`` and ``loss`` are means over folds,
        ``validation_std`` is the scores' standard deviation, and ``split0_validation_score``, ...
        are the scores; ``epochs`` are those of the fold that ended first; a trial diverged if a
        fold of it did; and only the first row has a ``test_score``, the refitted network's.
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
    progress : a callable given a SweepProgress

    Returns
    -------
    SweepResult
        After Ctrl-C too: then ``interrupted`` is True, and networks that were not begun are
        left out.

    Raises
    ------
    TypeError, ValueError, DeviceError
        Bad input, before any training.
    MemoryError
        What is to be trained at once would not fit into the memory that is free.
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
    if not isinstance(space, Space):
        space = Space(USUAL if space is None else space)
    study = Study(space, sampler, seed, storage, study_name)
    runner = _Runner(folds, whole_part, unseen, cv is not None, classes, epochs, seed, device)
    outcome = _Sweep(runner, study, networks, progress).run()
    return SweepResult(
        table=outcome.table(),
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


class _Kind(NamedTuple):
    """What networks must share to be trained by one fit."""

    hidden: tuple[int, ...]
    activation: str
    optimizer: str
    batch_size: int
    init: str

    def __str__(self) -> str:
        return f"{'x'.join(map(str, self.hidden)) or 'linear'} {self.activation} {self.optimizer}"


class _Sweep:
    """Asks a study for networks, has them trained, and tells it how they did, until all are."""

    def __init__(
        self,
        runner: _Runner,
        study: Study,
        networks: int,
        show: Callable[[SweepProgress], None] | None,
    ) -> None:
        self.runner, self.study, self.networks, self.show = runner, study, networks, show
        self.rows: list[dict[str, Any]] = []
        self.best: Population
        self.winner: tuple[_Kind, int, dict[str, Any]]
        self.best_score, self.updates, self.seconds, self.interrupted = -np.inf, 0, 0.0, False

    def run(self) -> _Sweep:
        """Train everything, or until Ctrl-C."""
        with _interrupt_flag() as flag:  # Ctrl-C while networks are scored loses none of them
            while len(self.rows) < self.networks and not self.interrupted:
                most = max(1, NETWORKS // len(self.runner.folds.rows))
                numbers, points = self.study.ask(min(most, self.networks - len(self.rows)))
                if not numbers:  # a grid is through
                    break
                for kind, members in self.runner.groups(points).items():
                    own = [points[k] for k in members]
                    self._train(kind, [numbers[k] for k in members], own)
                    self.interrupted = bool(flag)
                    if self.interrupted:
                        break
        if self.runner.refits:  # after Ctrl-C too: without it there is no winner
            self._refit()
        return self

    def table(self) -> dict[str, np.ndarray]:
        """All networks, the best first."""
        splits = map(SPLIT_SCORE.format, range(len(self.runner.folds.rows)))
        names = dict.fromkeys(("network", *HYPERPARAMETERS, *RESULTS, *splits))
        found = {name for row in self.rows for name in row}
        columns = {
            name: _column([row.get(name) for row in self.rows]) for name in names if name in found
        }
        order = np.argsort(-columns["validation_score"], kind="stable")
        return {name: values[order] for name, values in columns.items()}

    def _train(self, kind: _Kind, numbers: list[int], points: list[dict[str, Any]]) -> None:
        """Train and score networks of one kind, and keep what came of them."""
        runner = self.runner
        runner.compile(kind, numbers, points)
        start = time.perf_counter()
        copies = len(runner.folds.rows)
        population = runner.population(kind, numbers * copies, points * copies)
        history = runner.fit(
            population,
            kind,
            points * copies,
            runner.folds.train,
            runner.folds.of_networks(len(points)),
            self._watch(kind, start),
        )
        self.updates += history.sample_updates
        results = runner.results(population, history)
        sound = ~results["diverged"] & np.isfinite(results["validation_score"])
        champion = int(np.argmax(results["validation_score"]))
        if not self.rows or results["validation_score"][champion] > self.best_score:
            self.best, self.best_score = population[champion], results["validation_score"][champion]
            self.winner = kind, numbers[champion], points[champion]
        self.study.tell(numbers, results["validation_score"], sound, results)
        self.rows += [
            {"network": number, **point, **{name: v[k].item() for name, v in results.items()}}
            for k, (number, point) in enumerate(zip(numbers, points, strict=True))
        ]
        self.seconds += time.perf_counter() - start

    def _refit(self) -> None:
        """Train the winner on all rows that are not test: each fold's network saw only a part."""
        kind, number, point = self.winner
        runner = self.runner
        self.best = runner.population(kind, [number], [point])
        history = runner.fit(self.best, kind, [point], runner.whole)
        self.interrupted |= history.interrupted
        if history.diverged[0]:
            warnings.warn(
                f"network {number}, the first by validation, diverged when it was trained on all "
                "rows: its test score is -inf; try a lower learning rate",
                RuntimeWarning,
                stacklevel=4,
            )
        if len(runner.test.X):
            score = np.where(history.diverged, -np.inf, runner.scores(self.best, runner.test))
            next(row for row in self.rows if row["network"] == number)["test_score"] = score.item()

    def _watch(self, kind: _Kind, start: float) -> Callable[[Progress], None] | bool:
        if self.show is None:
            return False
        show, before, words = self.show, self.seconds, str(kind)
        rows, copies = len(self.runner.folds.train.X), len(self.runner.folds.rows)
        done, total = len(self.rows) * self.runner.epochs, self.networks * self.runner.epochs

        def watch(progress: Progress) -> None:
            updates = (done * copies + progress.done) * rows // copies
            seconds = before + time.perf_counter() - start
            show(SweepProgress(updates, total * rows, seconds, updates / seconds, words))

        return watch


@dataclass(frozen=True)
class _Runner:
    """Trains and scores networks of one kind.

    folds : what all networks are trained on and ranked by
    whole : what the winner is trained on
    refits : whether the winner is trained anew, and only then scored on the test part
    """

    folds: Folds
    whole: Part
    test: Part
    refits: bool
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

    def compile(self, kind: _Kind, numbers: list[int], points: list[dict[str, Any]]) -> None:
        """Train a few networks of a kind for an epoch on a batch: kernels are there then."""
        if kind in self.compiled:
            return
        self.compiled.add(kind)
        batch = Part(*(values[: kind.batch_size] for values in self.folds.train))
        population = self.population(kind, numbers[:FEW], points[:FEW])
        self.fit(population, kind, points[:FEW], batch, epochs=1)
        population.predict(batch.X[:1], device=self.device)

    def population(
        self, kind: _Kind, numbers: list[int], points: list[dict[str, Any]]
    ) -> Population:
        """The networks before training: each starts from its trial's number, or its own seed."""
        outputs, loss = (len(self.classes), "cross_entropy") if self.classes else (1, "mse")
        mlp = MLP((self.whole.X.shape[1], *kind.hidden, outputs), kind.activation, loss)
        seeds = [point.get("seed", k) for k, point in zip(numbers, points, strict=True)]
        return Population.drawn(mlp, np.array(seeds), self.seed, kind.init)

    def fit(
        self,
        population: Population,
        kind: _Kind,
        points: list[dict[str, Any]],
        part: Part,
        rows: tuple[list[np.ndarray], np.ndarray] | None = None,
        watch: Callable[[Progress], None] | bool = False,
        epochs: int | None = None,
    ) -> History:
        """Train networks of a kind, each with its own hyperparameters, on all or some rows."""
        return fit(
            population,
            part.X,
            part.y,
            _optimizer(kind.optimizer, points),
            epochs=epochs or self.epochs,
            batch_size=kind.batch_size,
            seed=self.seed,
            rows=rows,
            dropout=np.array([point.get("dropout", 0.0) for point in points]),
            record="last",
            device=self.device,
            progress=watch,
        )

    def results(self, population: Population, history: History) -> dict[str, np.ndarray]:
        """What came of trials: all on fold 0 come first in the population, then all on fold 1."""
        parts = self.folds.validation
        trials = len(population) // len(parts)
        # a row for each trial: how its sum is rounded must not depend on how many there are
        diverged, epochs, loss = (
            np.ascontiguousarray(values.reshape(len(parts), trials).T)
            for values in (history.diverged, history.epochs_run, history.loss[:, -1])
        )
        fold_scores = [
            self.scores(population, part, range(k * trials, (k + 1) * trials))
            for k, part in enumerate(parts)
        ]
        scores = np.where(diverged, -np.inf, np.stack(fold_scores, axis=1))
        results = {"validation_score": scores.mean(axis=1)}
        if self.refits:
            with np.errstate(invalid="ignore"):  # a score of -inf has no deviation
                results["validation_std"] = scores.std(axis=1)
        else:
            tested = self.scores(population, self.test)
            results["test_score"] = np.where(history.diverged, -np.inf, tested)
        results["loss"], results["epochs"] = loss.mean(axis=1), epochs.min(axis=1)
        results["diverged"] = diverged.any(axis=1)
        if self.refits:
            results |= {SPLIT_SCORE.format(k): column for k, column in enumerate(scores.T)}
        return results

    def scores(
        self, population: Population, part: Part, networks: range | None = None
    ) -> np.ndarray:
        """Accuracy or R² of every network, or of some, on a part."""
        networks = range(len(population)) if networks is None else networks
        step = max(1, PREDICTIONS // (len(part.X) * population.mlp.outputs))
        scores = []
        for first in networks[::step]:
            some = population[first : min(first + step, networks.stop)]
            predicted = some.predict(part.X, device=self.device)
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

"""A sweep: many networks drawn from a space, trained at once, ranked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .data import Scaler, check_target, split
from .errors import whole
from .model import Model
from .network import MLP
from .optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from .population import Population
from .space import Space, default_space
from .training import History, Progress, _interrupt_flag, fit

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
}
DEFAULTS = {"hidden": (32,), "activation": "relu", "optimizer": "adam"}
FEW = 64  # networks that kernels are compiled with
PREDICTIONS = 1 << 24  # numbers predicted at a time


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
        ``network`` is the number under which a network was drawn; then its hyperparameters,
        ``validation_score`` and ``test_score`` (accuracy, or R² for numbers), the last training
        ``loss``, ``epochs`` and ``diverged``.
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
    space: Space | None = None,
    networks: int = 1024,
    epochs: int = 30,
    batch_size: int = 64,
    validation: float = 0.2,
    test: float = 0.2,
    task: str = "auto",
    seed: int = 0,
    device: str = "auto",
    progress: Callable[[SweepProgress], None] | None = None,
) -> SweepResult:
    """Draw networks from a space, train them all, and rank them by their validation score.

    Inputs (and a target of numbers) are scaled by the training part. The test part is scored and
    never looked at for the ranking.

    Parameters
    ----------
    X : (samples, features)
    y : (samples,) classes of any kind, or numbers
    space : Space
        What may vary; by default learning rate, width and l2.
    networks, epochs, batch_size : int
    validation, test : shares of the rows that are held out
    task : "auto", "classification" or "regression"
    seed : for the split, the draw, the initial weights and the shuffle
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
    """
    networks, seed = whole("networks", networks, 1), whole("seed", seed, 0)
    epochs, batch_size = whole("epochs", epochs, 1), whole("batch_size", batch_size, 1)
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
    points = (space or default_space()).draw(np.random.default_rng(seed), networks)
    runner = _Runner(train, held_out, unseen, classes, epochs, batch_size, seed, device, progress)
    drawn = [DEFAULTS | point for point in points]
    runner.compile(drawn)
    start = time.perf_counter()
    table, best, updates, interrupted = runner.run(drawn)
    return SweepResult(
        table=table,
        best=best,
        scaler=scaler,
        target_scaler=target_scaler,
        classes=classes,
        metric="accuracy" if classes else "R²",
        seconds=time.perf_counter() - start,
        sample_updates=updates,
        interrupted=interrupted,
    )


@dataclass(frozen=True)
class _Runner:
    """Trains the points of a sweep, architecture by architecture."""

    train: _Part
    validation: _Part
    test: _Part
    classes: Sequence[str]
    epochs: int
    batch_size: int
    seed: int
    device: str
    progress: Callable[[SweepProgress], None] | None

    def run(self, points: list[dict[str, Any]]):
        """Table, best network, sample-updates, and whether it was interrupted."""
        tables, champions, updates, interrupted = [], [], 0, False
        start, total = time.perf_counter(), len(points) * self.epochs * len(self.train.X)
        with _interrupt_flag() as flag:  # Ctrl-C while networks are scored loses none of them
            for key, members in _groups(points).items():
                chosen = [points[k] for k in members]
                population = self._population(key, members)
                watch = self._watch(key, updates, total, start)
                history = self._fit(population, key, chosen, watch)
                updates += history.sample_updates
                table = self._table(population, history, chosen, members)
                tables.append(table)
                champion = int(np.argmax(table["validation_score"]))
                champions.append((table["validation_score"][champion], population[champion]))
                interrupted = history.interrupted or bool(flag)
                if interrupted:
                    break
        joined = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
        order = np.argsort(-joined["validation_score"], kind="stable")
        best = max(champions, key=lambda pair: pair[0])[1]
        return {k: v[order] for k, v in joined.items()}, best, updates, interrupted

    def compile(self, points: list[dict[str, Any]]) -> None:
        """Train a few networks of each kind for an epoch on a batch: kernels are there then."""
        rows = slice(self.batch_size)
        few = replace(self, train=_Part(self.train.X[rows], self.train.y[rows]), epochs=1)
        for key, members in _groups(points).items():
            population = self._population(key, members[:FEW])
            few._fit(population, key, [points[k] for k in members[:FEW]], watch=False)
            population.predict(self.test.X[:1], device=self.device)

    def _fit(self, population: Population, key: tuple, points, watch) -> History:
        return fit(
            population,
            self.train.X,
            self.train.y,
            _optimizer(key[2], points),
            epochs=self.epochs,
            batch_size=self.batch_size,
            seed=self.seed,
            dropout=np.array([point.get("dropout", 0.0) for point in points]),
            record="last",
            device=self.device,
            progress=watch,
        )

    def _population(self, key: tuple, members: list[int]) -> Population:
        hidden, activation, _ = key
        outputs, loss = (len(self.classes), "cross_entropy") if self.classes else (1, "mse")
        mlp = MLP((self.train.X.shape[1], *hidden, outputs), activation, loss)
        # a network starts from the number it was drawn under, whatever else is in the sweep
        return Population.drawn(mlp, np.array(members), self.seed)

    def _watch(self, key: tuple, before: int, total: int, start: float):
        if self.progress is None:
            return False
        show, rows = self.progress, len(self.train.X)
        hidden, activation, optimizer = key
        words = f"{'x'.join(map(str, hidden)) or 'linear'} {activation} {optimizer}"

        def watch(progress: Progress) -> None:
            done, seconds = before + progress.done * rows, time.perf_counter() - start
            show(SweepProgress(done, total, seconds, done / seconds, words))

        return watch

    def _table(self, population, history, points, members) -> dict[str, np.ndarray]:
        table: dict[str, np.ndarray] = {"network": np.array(members)}
        for name in points[0]:
            values = [point[name] for point in points]
            if name == "hidden":
                values = ["x".join(map(str, widths)) or "none" for widths in values]
            table[name] = np.array(values)
        for name, part in (("validation", self.validation), ("test", self.test)):
            scores = self._scores(population, part)
            table[f"{name}_score"] = np.where(history.diverged, -np.inf, scores)
        table["loss"] = history.loss[:, -1]
        table["epochs"] = history.epochs_run
        table["diverged"] = history.diverged
        return table

    def _scores(self, population: Population, part: _Part) -> np.ndarray:
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


def _groups(points: list[dict[str, Any]]) -> dict[tuple, list[int]]:
    """Numbers of the points that one fit can train together."""
    groups: dict[tuple, list[int]] = {}
    for k, point in enumerate(points):
        groups.setdefault(tuple(point[name] for name in DEFAULTS), []).append(k)
    return groups


def _optimizer(name: str, points: list[dict[str, Any]]) -> Optimizer:
    """An optimiser with each point's own numbers."""
    kind = OPTIMIZERS[name]
    settings = {
        key: np.array([point[key] for point in points])
        for key in points[0]
        if key in kind.__dataclass_fields__
    }
    return kind(**settings)

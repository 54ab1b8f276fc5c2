"""A sweep: many networks from a space, asked of a sampler, trained at once, ranked."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import check_array, check_finite, check_int
from ..memory import free_memory
from ..tables.model import Model
from ..tables.scaling import Scaler
from ..tables.target import check_target, total_sum_of_squares
from ..training.dispatch import resolve_device
from ..training.interrupts import interrupt_flag
from ..training.population import Population
from ..version import __version__
from .folds import Folds, Part, cut
from .halving import Halving
from .identity import fingerprint, settings_of
from .progress import SweepProgress
from .rounds import Rounds, rank
from .run_folder import Run
from .space import HYPERPARAMETERS, USUAL, Space
from .study import STUDY, Study, planned
from .trials import Trainer, Trials, kind_of, sound
from .words import no_score
from .workers import Threads

if TYPE_CHECKING:
    from .cluster import Cluster

# Columns that a table has even without rows.
ALWAYS = {"network": int, "validation_score": float, "loss": float, "epochs": int, "diverged": bool}


@dataclass(frozen=True)
class SweepResult:
    """All networks of a sweep, best first.

    Attributes
    ----------
    table : dict of (networks,) arrays, best validation score first
        ``network`` is the number of a network's trial in the study; then its hyperparameters (NaN
        or no text where it has none), ``validation_score`` and ``test_score`` (accuracy, or R² for
        numbers), the last training ``loss``, ``epochs`` and ``diverged``. A network that diverged,
        or predicts what is not finite for the rows that it is ranked by, counts as diverged, and
        has -inf for its scores; for the test part alone, for its ``test_score``.
        After a cross-validation, ``validation_score`` and ``loss`` are means over folds,
        ``validation_std`` is the scores' standard deviation, and ``split0_validation_score``, ...
        are the scores; ``epochs`` are those of the fold that ended first; a trial diverged if a
        fold of it did; and only the first row has a ``test_score``, the refitted network's.
    losses : (networks, epochs) training losses, NaN where a network did not get so far
    best : Population of the one network that is ranked first; None where no network has a score
        After a cross-validation it is trained anew, on all rows but those of the test part, for as
        many ``epochs`` as its row says.
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
    best: Population | None
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
        """The best network with its scalers and classes: predicts from X as it was given.

        Raises
        ------
        ValueError
            No network has a score.
        """
        if self.best is None:
            raise ValueError(no_score(self.table))
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
    client: Any = None,
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
    test part, for as many epochs as it was ranked at (fewer than ``epochs`` if it was cut by
    ``halving``), and that network alone is scored on the test part.

    Parameters
    ----------
    X : (samples, features)
    y : (samples,) classes of any kind, or numbers
    space : Space, or what it is made of
        What may vary; by default learning rate, width and l2.
    networks, epochs : int
        How many networks, and epochs for each. A grid has as many networks as points, which may
        not be more.
    validation, test : shares of the rows that are held out, at random
        With ``cv``, ``validation`` is not used: the test part comes first, and folds are cut from
        the other rows. ``test=0`` is no test part, and no ``test_score``. Where rows are in order
        of time, a random test part would lie between them: pass ``test=0``, keep the latest rows
        back, and let ``result.model.predict`` them.
    cv : None, or what a cross-validation's folds are
        A number of folds, stratified for classes, or of whole ``groups``, drawn by ``seed``; or
        anything with
        scikit-learn's ``split(X, y, groups)``, which is given the rows that are not test, y being
        class numbers or numbers; or (train, validation) pairs of row numbers of X, from which those
        of the test part are left out.
    groups : (samples,) of any kind: rows of one group stay together, in the test part too
        For a number of folds, or a splitter that knows of groups.
    task : "auto", "classification" or "regression"
    seed : for the split, the sampler, the initial weights and the shuffle
    sampler : "random", "tpe", "qmc", "cmaes", "grid", or a sampler of Optuna's
        It is asked for as many networks at a time as are well trained at once, and told how they
        did before it is asked again.
    storage : URL such as "sqlite:///study.db", or a storage of Optuna's
        Every trial is kept there, for ``optuna.load_study`` and Optuna's dashboard.
    study_name : what the study is called in the storage
        It carries the sweep's settings as its user attribute ``sweep``.
    device : as for :func:`fit`
    client : distributed.Client
        Networks are trained by the workers of its Dask cluster, each on its own device, in place
        of this process, to the same numbers; see docs/distributed.md.
    halving : "successive", "hyperband", or a :class:`Halving`
        After each rung only the networks with the least validation loss go on, as if nothing had
        happened; the others keep the score that they have then, and may come first with it.
    memory : bytes that networks in training may take, by default half of what is free
        Networks of one kind are trained in parts that fit; no number depends on it. With a
        ``client``: in each worker, by default half of its memory limit.
    run : a folder in which everything is kept as it is reached: see :class:`run.Run`
    resume : whether to go on with the sweep that is in the folder, and in the study
        With the same arguments (``networks`` may be more) it ends with the same numbers, bit for
        bit, as if it had never been stopped. Arguments that numbers depend on are compared with
        those that it was begun with, and refused by name where they differ.
    progress : a callable given a SweepProgress

    Returns
    -------
    SweepResult
        After Ctrl-C too: then ``interrupted`` is True, and networks that were not begun are
        left out. A cross-validation's winner is trained anew before it returns; a second Ctrl-C
        raises.

    Raises
    ------
    TypeError, ValueError, DeviceError
        Bad input, before any training, such as a part to be scored on whose target does not vary,
        so that it has no R²; a folder or a study that is another sweep's, or a folder in use.
        Nothing is left of a sweep that is refused: no folder, no file and no study.
    OSError
        A storage cannot be opened. What was reached cannot be written; what was written before is
        whole.
    ConnectionError, RuntimeError
        The scheduler of ``client`` is gone, or a part of the networks took worker after worker with
        it; what came back before is in ``run``.
    ImportError
        Optuna is not installed, or what a sampler, a storage or a folder needs.
    """
    networks, seed = check_int("networks", networks, 1), check_int("seed", seed, 0)
    epochs = check_int("epochs", epochs, 1)
    X = check_finite("X", check_array("X", X, np.float64))
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
    if not classes:
        _check_varies(folds, unseen, cv, validation, test)
    if isinstance(halving, str):
        halving = Halving(halving, epochs)
    if halving is not None and halving.epochs != epochs:
        raise ValueError(f"halving is for {halving.epochs} epochs, the sweep has {epochs}")
    if not isinstance(space, Space):
        space = Space(USUAL if space is None else space)
    networks = planned(space, sampler, networks)
    trainer = Trainer(
        folds,
        whole_part,
        unseen,
        refits=cv is not None,
        halves=halving is not None,
        classes=classes,
        epochs=epochs,
        seed=seed,
        device=device,
    )
    settings = {
        "bpfast": __version__,
        "data": fingerprint(X, target),
        "classes": fingerprint(np.array(classes, str)),
        "space": space.describe(),
        "sampler": sampler if isinstance(sampler, str) else type(sampler).__name__,
        "sampler_settings": None if isinstance(sampler, str) else settings_of(sampler),
        "networks": networks,
        "epochs": epochs,
        "validation": validation,
        "test": test,
        "cross_validation": cv is not None,
        "seed": seed,
        "device": device,
        "halving": None if halving is None else asdict(halving),
        "folds": fingerprint(*(part for fold in rows.folds for part in fold)),
        "held_out": fingerprint(rows.whole, rows.test),
    }
    if client is None:
        settings["runs_on"] = resolve_device(device)  # a cluster's workers have their own
    memory = None if memory is None else check_int("memory", memory, 1)
    if resume and run is None and storage is None:
        raise ValueError("resume=True goes on with what is in run, or in storage: give one of them")
    with ExitStack() as stack:
        study = Study(space, sampler, seed)
        kept = None
        if run is not None:
            kept = stack.enter_context(closing(Run(Path(run), settings, resume)))
        rounds = Rounds(trainer, study, networks, kept, halving, progress)
        flag = stack.enter_context(interrupt_flag())  # Ctrl-C loses no network that is scored
        workers: Threads | Cluster
        if client is None:
            budget = free_memory() // 2 if memory is None else memory
            workers = Threads(trainer, budget, flag, rounds.watch)
        else:
            from . import cluster  # without a client, Dask need not be there

            workers = cluster.Cluster(trainer, client, memory, flag)
        stack.enter_context(closing(workers))
        with study.kept(storage, study_name, settings, resume):  # all that may refuse has had a say
            if kept is not None:
                kept.begin()
        rounds.run(workers, flag)
        if trainer.refits:  # after Ctrl-C too: without it there is no winner
            _refit(trainer, rounds)
            rounds.interrupted |= bool(flag)
    losses = [rounds.losses[number] for number in _order(rounds.rows)]
    return SweepResult(
        table=_table(rounds),
        losses=np.reshape(losses, (-1, epochs)),
        best=rounds.best,
        scaler=scaler,
        target_scaler=target_scaler,
        classes=classes,
        metric="accuracy" if classes else "R²",
        seconds=rounds.seconds,
        sample_updates=rounds.updates,
        interrupted=rounds.interrupted,
        folds=len(rows.folds),
    )


def _refit(trainer: Trainer, rounds: Rounds) -> None:
    """Train the winner on all rows that are not test: each fold's network saw only a part."""
    scored = [row for row in rounds.rows.values() if row["validation_score"] > -np.inf]
    if not scored:
        return
    row = min(scored, key=rank)
    point = {name: row[name] for name in HYPERPARAMETERS if name in row}
    winner = Trials(kind_of(point), [row["network"]], [point])
    rounds.best, history = trainer.refit(winner, row["epochs"])
    parts = [part for part in (trainer.whole, trainer.test) if len(part.X)]
    scores = [trainer.scores(rounds.best, part) for part in parts]
    if history.diverged[0] or np.isnan(scores).any():
        warnings.warn(
            f"network {row['network']}, the first by validation, diverged when it was trained on "
            "all rows: its predictions are of no use; try a lower learning rate",
            RuntimeWarning,
            stacklevel=3,
        )
    if len(trainer.test.X):
        row["test_score"] = sound(scores[-1], history.diverged).item()


def _check_varies(folds: Folds, unseen: Part, cv: Any, validation: float, test: float) -> None:
    """Refuse parts without an R²: a single row, or targets that are all alike."""
    parts = {f"the validation part of fold {k}": part for k, part in enumerate(folds.validation)}
    mend = "give fewer folds, or others"
    if cv is None:
        parts = {"the validation part": folds.validation[0]}
        mend = f"give a larger share than validation={validation}"
    if len(unseen.X):
        parts["the test part"] = unseen
    for name, part in parts.items():
        if not 0.0 < total_sum_of_squares(part.y) < np.inf:
            alike = "a single row" if len(part.y) == 1 else f"{len(part.y)} rows of the same target"
            mend = f"give a larger share than test={test}" if part is unseen else mend
            raise ValueError(f"{name} has {alike}, so there is no R²: {mend}, or another seed")


def _table(rounds: Rounds) -> dict[str, np.ndarray]:
    """All networks, the best first."""
    rows = [rounds.rows[number] for number in _order(rounds.rows)]
    if not rows:  # Ctrl-C came before any was scored
        return {name: np.empty(0, kind) for name, kind in ALWAYS.items()}
    names = dict.fromkeys(("network", *HYPERPARAMETERS, *rounds.results()))
    found = {name for row in rows for name in row}
    return {name: _column([row.get(name) for row in rows]) for name in names if name in found}


def _order(rows: Mapping[int, Mapping[str, Any]]) -> list[int]:
    """Numbers in the order of the table."""
    return sorted(rows, key=lambda number: rank(rows[number]))


def _column(values: list[Any]) -> np.ndarray:
    """A column of the table; where a network has no value, NaN or no text."""
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else value for value in values])
    if None in values:
        return np.array([np.nan if value is None else float(value) for value in values])
    return np.array(values)

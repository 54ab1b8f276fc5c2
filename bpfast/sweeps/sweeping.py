"""A sweep: a sampler draws many networks from a space; they are trained at once and ranked."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from ..checks import check_int
from ..tables.roles import Roles
from ..training.interrupts import interrupt_flag
from .blocks import Blocks, BlockWorkers, OwnThreads, block_size
from .ensembles import Picked, Picker, Picking
from .folds import AUTO, Splitting
from .given_data import TableOptions
from .halving import Halving
from .options import Persistence, Resources, Search, settings
from .parts import SweepData
from .planning import check_time, search_of
from .progress import SweepProgress
from .refitting import refit_winner
from .result import SweepResult, table_of
from .rounds import Rounds
from .run_folder import RunFolder
from .space import Space
from .stored_study import forget_unbegun
from .study import STUDY, Study
from .trainer import Trainer
from .trials import FitGroup, params_of, rank
from .workers import ThreadWorkers, Workers


def sweep(
    X,
    y=None,
    space: Space | Mapping[str, Any] | None = None,
    networks: int | None = None,
    epochs: int | None = None,
    validation: float | None = None,
    test: float = 0.2,
    cv: Any = AUTO,
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
    *,
    drop: Any = (),
    categorical: Any = (),
    numeric: Any = (),
    keep: Any = (),
    missing: str | Collection[str] = (),
    target_transform: str = "none",
    split: str = "random",
    time_column: Any = None,
    test_data: Any = None,
    metric: str | None = None,
    class_weight: Any = None,
    sample_weight: Any = None,
    members: int | None = None,
    milliseconds: float | None = None,
    time: float | None = None,
) -> SweepResult:
    """Train networks that a sampler takes from a space, and rank them by their validation score.

    Columns are encoded, and inputs (and a target of numbers) scaled, by what is found in the
    training part alone: :attr:`SweepResult.columns` tells what was done with each. The test part is
    scored and never looked at for the ranking.

    In a cross-validation every trial is a network for each fold, and all of them are trained at
    once. Each fold is encoded by the rows that it is trained on, so that k folds hold the inputs k
    times, in float32. The trial with the highest mean score is then trained anew on all rows but
    those of the test part, for as many epochs as it was ranked at (fewer than ``epochs`` if it was
    cut by ``halving``), and that network alone is scored on the test part.

    Parameters
    ----------
    X : (samples, features) array of numbers, NaN where one is missing; or a table
        A table is a DataFrame of pandas or polars, an Arrow table, a dict of arrays or a list of
        dicts. Its columns may be numbers, words, truth values, dates and times; values may be
        missing.
    y : (samples,) classes of any kind, or numbers; (samples, outputs) numbers, or labels of two
        values each; or the names, or positions, of a table's columns that are these
        A table's rows without a target are left out. Position 1 is the first, -1 the last.
    space : Space, or what it is made of
        What may vary; by default learning rate, width and l2.
    networks : int
        How many; by default as many as ``time`` allows, or without one so many as take about 8
        seconds on two fast cores, by a count of operations, from 32 to 128. A grid has as many
        networks as points, which may not be more.
    epochs : int, for each network; by default 30, or 128 where ``patience`` is in the space
    validation, test : shares of the rows that are held out, at random
        ``validation`` is 0.2 without ``cv``. ``test=0`` is no test part, and no ``test_score``.
    cv : "auto", None for no cross-validation, or what its folds are
        "auto" is 5 folds where 100 to 5,000 rows are not test, unless ``validation`` or
        ``split="time"`` is given, and there are as many rows of each class, and twice as many
        groups; else it is None.
        A number of folds, stratified for classes, or of whole ``groups``, drawn by ``seed``; with
        ``validation``, so many random splits, each of this share. Or anything with scikit-learn's
        ``split(X, y, groups)``, which is given the rows that are not test, y being class numbers or
        numbers; or (train, validation) pairs of row numbers, counted without rows that have no
        target, from which those of the test part are left out.
    groups : (samples,) of any kind, or a table's column: rows of one group are all in one part
        A column of groups is no input.
    task : "auto", "classification" or "regression"
    seed : for the split, the sampler, the initial weights and the shuffle
    sampler : "random", "tpe", "qmc", "cmaes", "grid", or a sampler of Optuna's
        It is asked for as many networks at a time as are well trained at once, and told how they
        did before it is asked again. "tpe" is as Optuna's TPESampler, but looks at 250 trials that
        have ended, not at all of them, so that the last of many comes as quickly as the first.
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
        Networks are trained in parts that fit; no result depends on it. With a ``client``: in each
        worker, by default half of its memory limit.
    run : a folder in which everything is kept as it is reached: see :class:`RunFolder`
        More than 1,048,576 networks of the sampler "random", without ``storage`` and ``halving``,
        are trained in blocks of 4,096, each a sweep with a seed of its own: all rows are in Parquet
        files under ``parts``, and the result has the 10,000 best, at most 256 of one block.
    resume : whether to go on with the sweep that is in the folder, and in the study
        With the same arguments (``networks`` may be more) it ends with the same numbers, bit for
        bit, as if it had never been stopped. Arguments that numbers depend on are compared with
        those that it was begun with, and refused by name where they differ.
    progress : a callable given a SweepProgress
    drop : columns of a table that are no inputs: names or positions, one or several
    categorical, numeric : columns that are words, and numbers, whatever they look like
    keep : columns that are inputs although they look like row numbers, or never vary
    missing : one word or several that stand for missing values, beside "", "NA", "?" and the like
    target_transform : "none"; "log" to train on the logarithm of a target of numbers (of 1 + them,
        if some are 0); "auto" for that where they have a long tail above
        Predictions and scores are in the target's own units.
    split : "random"; or "time" for the latest rows as the test part, and those before them as the
        validation part
        With ``cv``, folds are windows of time, each trained on all rows before it, as in
        scikit-learn's ``TimeSeriesSplit``; a splitter is given the rows in order of time. Rows of
        equal times stay together.
    time_column : (samples,) numbers or dates, or a table's column, which stays an input
    test_data : (X, y), or a table with the target's columns: the test part, in place of ``test``
    metric : what networks are ranked by, one of scikit-learn's scoring names
        By default "neg_log_loss" for classes and labels, "neg_root_mean_squared_error" for numbers;
        "score" is accuracy, or R². Greater is better.
    class_weight : "balanced", or a dict of classes to weights, for training rows
    sample_weight : (samples,), or a table's column: how much each row counts in training
        Scores are without weights, as in scikit-learn.
    members, milliseconds : how large the ensemble may be
        At most so many of the table's networks; and so many milliseconds to predict 1,000 rows
        here, from the raw table to the answer. By default as many as help.
    time : seconds that the call may take, from its begin on, but for compiling
        Networks are drawn until it is over, at most 1,048,576, or ``networks`` if they are done
        before; more time, better answers. Those that are on their way at its end are ranked as they
        are: their ``epochs`` say how far they came. A sweep that is resumed has what is left of it,
        or of a longer one, for which a halving begins anew. Network k is the same, however many
        there are beside it.

    Returns
    -------
    SweepResult
        After Ctrl-C too: then ``interrupted`` is True, and networks that were not begun are
        left out. A cross-validation's winner is trained anew before it returns; a second Ctrl-C
        raises.

    Raises
    ------
    TypeError, ValueError, DeviceError
        Bad input, before any training, such as a part for which the metric is not defined (R² of a
        single row); a folder or a study that is another sweep's, or a folder in use.
        Nothing is left of a sweep that is refused: no folder, no file and no study.
    OSError
        A storage cannot be opened. What was reached cannot be written; what was written before is
        whole.
    ConnectionError, RuntimeError
        The scheduler of ``client`` is gone, or a part of the networks took worker after worker with
        it; what came back before is in ``run``.
    ImportError
        Optuna is not installed, or what a sampler, a storage, a folder, a table (polars) or a
        metric (scikit-learn) needs.
    """
    begun, time = perf_counter(), check_time(time)
    roles = Roles(
        target=y,
        groups=groups,
        time_column=time_column,
        sample_weight=sample_weight,
        drop=drop,
        numeric=numeric,
        categorical=categorical,
        keep=keep,
    )
    table = TableOptions(roles, task, target_transform, missing)
    splitting = Splitting(validation, test, cv, split=split)
    asked = {"metric": metric, "class_weight": class_weight}
    data = _prepared(X, test_data, table, splitting, check_int("seed", seed, 0), **asked)
    search = search_of(
        data,
        space=space,
        networks=networks,
        epochs=epochs,
        time=time,
        seed=seed,
        sampler=sampler,
        halving=halving,
    )
    return train_and_rank(
        data,
        search,
        begun=begun,
        storage=storage,
        study_name=study_name,
        device=device,
        client=client,
        memory=memory,
        run=run,
        resume=resume,
        progress=progress,
        picking=Picking.checked(members, milliseconds),
    )


def _prepared(
    X: Any, test_data: Any, table: TableOptions, splitting: Splitting, seed: int, **options: Any
) -> SweepData:
    """The data that a user gave, split and encoded; what encoding needs is let go afterwards."""
    dataset = table.dataset(X)
    tested = table.test_dataset(test_data, dataset)
    return SweepData.of(dataset, splitting, seed, test=tested, **options)


def train_and_rank(
    data: SweepData,
    search: Search,
    *,
    begun: float,
    storage: Any,
    study_name: str,
    device: str,
    client: Any,
    memory: int | None,
    run: str | os.PathLike | None,
    resume: bool,
    progress: Callable[[SweepProgress], None] | None,
    picking: Picking,
) -> SweepResult:
    """A sweep of data that are split and encoded; see :func:`sweep`.

    ``begun`` is when it began, as ``time.perf_counter`` tells it.
    """
    memory = None if memory is None else check_int("memory", memory, 1)
    resources = Resources(device, client, memory)
    persistence = Persistence(run, storage, study_name, resume)
    known_by = settings(data, search, resources, block_size(search, persistence))
    if resume and run is None and storage is None:
        raise ValueError("resume=True goes on with what is in run, or in storage: give one of them")
    trainer = Trainer(
        data,
        epochs=search.epochs,
        seed=search.seed,
        device=device,
        has_rungs=search.halving is not None,
    )
    rounds = _train(trainer, search, resources, persistence, known_by, progress, begun)
    picked = Picker(data, search.seed, device).pick(rounds.candidates, picking)
    return _result(trainer, rounds, picked)


def _result(trainer: Trainer, rounds: Rounds | Blocks, picked: Picked | None) -> SweepResult:
    """What the rounds of a sweep came to."""
    first = rounds.candidates.best
    data = trainer.data
    if first is not None:
        data = trainer.data_of(FitGroup.of(params_of(first.row)))
    order = sorted(rounds.rows, key=lambda number: rank(rounds.rows[number]))
    losses = [rounds.losses[number] for number in order]
    folds = len(data.folds.rows)
    return SweepResult(
        table=table_of([rounds.rows[number] for number in order], folds),
        losses=np.reshape(losses, (-1, trainer.epochs)),
        best=rounds.best,
        scaler=data.scaler,
        target_scaler=data.target_scaler,
        classes=data.classes,
        metric=data.metric.name,
        seconds=rounds.totals.seconds,
        sample_updates=rounds.totals.sample_updates,
        interrupted=rounds.interrupted,
        ended_by_time=rounds.ended_by_time,
        curve=np.reshape(rounds.totals.curve, (-1, 3)),
        folds=folds,
        encoding=data.encoding,
        target=data.target,
        rows=data.rows,
        expansion=data.expansion,
        ensemble=None if picked is None else picked.ensemble,
        ensemble_test_score=np.nan if picked is None else picked.test_score,
    )


def _train(
    trainer: Trainer,
    search: Search,
    resources: Resources,
    persistence: Persistence,
    known_by: Mapping[str, Any],
    progress: Callable[[SweepProgress], None] | None,
    begun: float,
) -> Rounds | Blocks:
    """Train all networks, and keep what comes of them; ``known_by`` are the sweep's settings."""
    with ExitStack() as stack:
        study = Study(search.space, search.sampler, search.seed)
        folder = None
        if persistence.run is not None:
            folder = RunFolder(Path(persistence.run), known_by, persistence.resume)
            stack.enter_context(closing(folder))
        # Ctrl-C loses no network that is scored
        interrupted = stack.enter_context(interrupt_flag())
        trained: Rounds | Blocks
        if folder is not None and known_by["block"]:
            trained = Blocks(trainer, search, folder, progress)
            teams = _block_workers(trainer, search, resources, folder, trained, interrupted)
            stack.enter_context(closing(teams))
            folder.begin()
            trained.run(teams, interrupted)
        else:
            trained = Rounds(trainer, study, search, folder, progress, begun)
            workers = _workers(trainer, resources, interrupted, trained)
            stack.enter_context(closing(workers))
            storage, name, resume = persistence.storage, persistence.study_name, persistence.resume
            if persistence.run is not None and not resume:
                forget_unbegun(storage, name, Path(persistence.run))
            with study.kept(storage, name, known_by, resume):  # the last that may refuse
                if folder is not None:
                    folder.begin()
            trained.run(workers, interrupted)
        if trainer.data.refits:  # after Ctrl-C too: without it there is no winner
            refit_winner(trained)
            trained.interrupted |= bool(interrupted)
    return trained


def _workers(
    trainer: Trainer, resources: Resources, interrupted: Sequence, rounds: Rounds
) -> Workers:
    if resources.client is None:
        memory = resources.own_memory
        return ThreadWorkers(trainer, interrupted, memory, rounds.watch, rounds.left)
    from . import dask_workers  # without a client, Dask need not be there

    return dask_workers.DaskWorkers(
        trainer, interrupted, resources.client, resources.memory, rounds.left
    )


def _block_workers(
    trainer: Trainer,
    search: Search,
    resources: Resources,
    folder: RunFolder,
    blocks: Blocks,
    interrupted: Sequence,
) -> BlockWorkers:
    if resources.client is None:
        memory = resources.own_memory
        return OwnThreads(trainer, search, folder.parts, memory, interrupted, blocks.tell)
    from . import dask_blocks

    return dask_blocks.DaskBlocks(
        trainer, search, folder.parts, resources.client, resources.memory, interrupted
    )

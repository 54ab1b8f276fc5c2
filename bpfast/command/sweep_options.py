"""The options of ``bpfast sweep``, in the order in which its help lists them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Option

from ..sweeps.halving import KINDS
from ..sweeps.hyperparameters import EPOCHS, HYPERPARAMETERS, PATIENT_EPOCHS
from ..sweeps.study import SAMPLERS, STUDY
from ..tables.reading.sources import BUILT_IN, ENDINGS
from .text_options import Comment, Decimal, Encoding, Header, Missing, Separator

Values = Annotated[str | None, Option(help="Range or numbers.", show_default=False)]
Names = Annotated[str | None, Option(help="One or several, with commas.", show_default=False)]
COLUMNS = "names or positions (1 the first, -1 the last), with commas"


def seconds(text: str | float) -> float:
    """A number of seconds that a user typed."""
    try:
        return float(text)
    except ValueError:
        raise BadParameter(
            f"{text!r} is no number of seconds; the column that says when is --time-column"
        ) from None


@dataclass(frozen=True)
class SweepOptions:
    """What can be typed after ``bpfast sweep``: a field is an option, its default the option's."""

    source: Annotated[
        str | None,
        Argument(
            metavar="DATA",
            help=f"A file ({', '.join(ENDINGS)}), - for standard input, or {', '.join(BUILT_IN)}.",
            show_default=False,
        ),
    ] = None
    resume: Annotated[
        Path | None,
        Option(help="The folder of a sweep to go on with, as it was begun, instead of DATA."),
    ] = None
    moved: Annotated[
        str | None, Option("--data", help="With --resume: the data file, if it has moved since.")
    ] = None
    # The table: how its file is written, what its columns are, and what is to be predicted.
    target: Annotated[str | None, Option(help=f"What to predict: {COLUMNS}.")] = None
    task: Annotated[str, Option(help="auto, classification or regression.")] = "auto"
    target_transform: Annotated[
        str, Option(help="Train on the target's logarithm: none, log or auto.")
    ] = "none"
    drop: Annotated[str | None, Option(help=f"Columns to leave out: {COLUMNS}.")] = None
    numeric: Annotated[str | None, Option(help="Columns that are numbers.")] = None
    categorical: Annotated[str | None, Option(help="Columns that are words, or codes.")] = None
    keep: Annotated[str | None, Option(help="Columns that would be left out otherwise.")] = None
    separator: Separator = None
    decimal: Decimal = None
    encoding: Encoding = None
    header: Header = None
    comment: Comment = None
    missing: Missing = None
    time: Annotated[
        float | None,
        Option(
            help="Seconds that all may take; more time, better answers.",
            parser=seconds,
            metavar="SECONDS",
        ),
    ] = None
    networks: Annotated[
        int | None,
        Option(
            help="How many networks to train; if not given, as many as --time allows, or by the "
            "size of the data."
        ),
    ] = None
    epochs: Annotated[
        int | None,
        Option(help=f"Epochs for each; {EPOCHS}, or {PATIENT_EPOCHS} with patience."),
    ] = None
    # The space: a file, and hyperparameters on top of it, by the names of sweeps.space.
    space_file: Annotated[
        Path | None, Option("--space", help="TOML file with ranges and choices.")
    ] = None
    learning_rate: Values = None
    hidden: Annotated[
        str | None, Option(help="Layer widths, such as 16,32,32x16.", show_default=False)
    ] = None
    width: Values = None
    depth: Values = None
    activation: Names = None
    optimizer: Names = None
    batch_size: Values = None
    l1: Values = None
    l2: Values = None
    weight_decay: Values = None
    clip_norm: Values = None
    dropout: Values = None
    momentum: Values = None
    nesterov: Names = None
    beta1: Values = None
    beta2: Values = None
    alpha: Values = None
    epsilon: Values = None
    schedule: Names = None
    decay: Values = None
    minimum: Values = None
    warmup: Values = None
    init: Names = None
    number_encoding: Annotated[
        str | None,
        Option(
            help="What numbers become: scaled, quantile, piecewise8, with commas.",
            show_default=False,
        ),
    ] = None
    patience: Annotated[
        str | None,
        Option(
            help="Epochs without a lower validation loss after which a network stops.",
            show_default=False,
        ),
    ] = None
    # How networks are drawn, ranked and let go.
    sampler: Annotated[str, Option(help=f"Optuna's: {', '.join(SAMPLERS)}.")] = "random"
    storage: Annotated[
        str | None, Option(help="URL of Optuna's storage; study.db in the results if not given.")
    ] = None
    study_name: Annotated[str, Option(help="The study's name in the storage.")] = STUDY
    validation: Annotated[
        float | None,
        Option(help="Share of rows to rank by, 0.2 without folds; with --cv, that of each split."),
    ] = None
    test: Annotated[float, Option(help="Share of rows to test with; 0 for no test part.")] = 0.2
    test_data: Annotated[
        str | None, Option(help="A file of rows to test with, in place of --test.")
    ] = None
    cv: Annotated[
        int | None,
        Option(
            help="Folds to rank by, or random splits of --validation; 5 for up to 5,000 rows if "
            "neither is given."
        ),
    ] = None
    split: Annotated[
        str, Option(help="random; or time: the latest rows are for validation and test.")
    ] = "random"
    time_column: Annotated[
        str | None, Option(help="With --split time: the column that says when.")
    ] = None
    groups: Annotated[str | None, Option(help="The column that says which rows stay together.")] = (
        None
    )
    metric: Annotated[
        str | None,
        Option(
            help="What to rank by, one of scikit-learn's scoring names; neg_log_loss for classes "
            "and neg_root_mean_squared_error for numbers if not given."
        ),
    ] = None
    class_weight: Annotated[
        str | None, Option(help="balanced: rare classes weigh as much as others.")
    ] = None
    sample_weight: Annotated[
        str | None, Option(help="The column that says how much each row weighs in training.")
    ] = None
    halving: Annotated[
        str | None, Option(help=f"Let the worst go early: {' or '.join(KINDS)}.")
    ] = None
    seed: Annotated[int, Option(help="For everything that is drawn.")] = 0
    device: Annotated[str, Option(help="auto, cpu, cuda or reference.")] = "auto"
    # About this call alone: no number depends on them, and a resumed sweep may have others.
    memory: Annotated[
        str | None, Option(help="For networks in training, such as 8G; half of what is free.")
    ] = None
    dask: Annotated[
        str | None,
        Option(
            help="Have a Dask cluster train: its scheduler's address or file, or local:4 for one "
            "of 4 processes here."
        ),
    ] = None
    output: Annotated[Path | None, Option(help="Folder for the results.")] = None
    members: Annotated[
        int | None, Option(help="Networks of the ensemble, at most; as many as help if not given.")
    ] = None
    milliseconds: Annotated[
        float | None, Option(help="That the ensemble may take to predict 1,000 rows here.")
    ] = None
    columns: Annotated[
        bool, Option("--columns", help="Say what is done with each column, and stop.")
    ] = False
    top: Annotated[int, Option(help="Rows of the table to print.")] = 10
    baseline: Annotated[
        bool, Option("--baseline", help="Time scikit-learn on one of the networks too.")
    ] = False


PANELS = {  # parts of the help, and the options in them
    "The table": (
        *("target", "task", "target_transform", "drop", "numeric", "categorical", "keep"),
        *("separator", "decimal", "encoding", "header", "comment", "missing", "columns"),
    ),
    "Rows and scores": (
        *("validation", "test", "test_data", "cv", "split", "time_column", "groups"),
        *("metric", "class_weight", "sample_weight"),
    ),
    "Hyperparameters": (
        "space_file",
        *(name for name in HYPERPARAMETERS if name != "seed"),
    ),
    "The search": (
        *("time", "networks", "epochs", "sampler", "storage", "study_name", "halving", "seed"),
    ),
}

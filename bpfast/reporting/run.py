"""What ``bpfast sweep`` left in its folder, read into arrays for a report."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import import_optional
from ..sweeps.hyperparameters import HYPERPARAMETERS
from ..sweeps.storage import OWN, file_of, located
from ..sweeps.words import ended_early

_polars = partial(import_optional, "polars", "cli")
FILES = ("manifest.json", "networks.csv", "losses.parquet")
KEYS = (
    *("bpfast", "data", "rows", "inputs", "classes", "metric", "networks", "epochs", "seed"),
    *("sampler", "device", "space", "started", "seconds", "sample_updates", "interrupted"),
    *("study_name", "storage"),
)
COLUMNS = ("network", "validation_score", "epochs", "diverged")
FLOORS = {"accuracy": 0.0, "R²": -1.0}  # scores below tell nothing more, and would flatten the rest
FEWEST = 10  # finished networks: among fewer, Optuna compares the best with hardly any


@dataclass(frozen=True)
class Run:
    """A sweep's results, networks in the order of their rank.

    Attributes
    ----------
    manifest : dict, as the sweep wrote it
    table : dict of (networks,) arrays, best validation score first
        Where a network has no value for a hyperparameter, it is NaN or no text.
    losses : (networks, recorded) float64, training losses, NaN where not reached or not finite
    started, ended : (networks,) float64, seconds since the first network began, NaN if unknown
    importance : dict of name to share, the greatest first; empty where there is none
    no_importance : str, why there is none
    """

    manifest: dict[str, Any]
    table: dict[str, np.ndarray]
    losses: np.ndarray
    started: np.ndarray
    ended: np.ndarray
    importance: dict[str, float]
    no_importance: str

    def __len__(self) -> int:
        return len(self.table["network"])

    @cached_property
    def scores(self) -> np.ndarray:
        """(networks,) validation scores; NaN for networks that diverged."""
        scores = self.table["validation_score"]
        return np.where(np.isfinite(scores) & ~self.table["diverged"], scores, np.nan)

    @cached_property
    def shown_scores(self) -> np.ndarray:
        """The scores, those below the metric's floor raised to it."""
        return np.maximum(self.scores, FLOORS.get(self.manifest["metric"], -np.inf))

    @cached_property
    def scored(self) -> np.ndarray:
        """Places of the networks that have a score."""
        return np.flatnonzero(np.isfinite(self.scores))

    @cached_property
    def finished(self) -> np.ndarray:
        """Places of those of them that had every epoch: Optuna's complete trials."""
        return self.scored[self.had_all[self.scored]]

    @cached_property
    def had_all(self) -> np.ndarray:
        """(networks,) bool: had every epoch."""
        return self.table["epochs"] >= self.manifest["epochs"]

    @cached_property
    def unfinished(self) -> np.ndarray:
        """(networks,) bool: on their way when the sweep was interrupted; the study has no end."""
        early = ended_early(self.table, self.manifest["epochs"])
        return early & np.isnan(self.ended) & self.manifest["interrupted"]

    @cached_property
    def let_go(self) -> np.ndarray:
        """(networks,) bool: not good enough at a rung of a halving."""
        return ended_early(self.table, self.manifest["epochs"]) & ~self.unfinished

    @cached_property
    def folds(self) -> int:
        """How many folds a cross-validation has; 0 where there is none."""
        return sum(name.startswith("split") for name in self.table)

    @cached_property
    def halving(self) -> dict[str, Any] | None:
        """The halving's kind, epochs, factor and least_epochs, if there was one."""
        return self.manifest.get("settings", {}).get("halving")

    @cached_property
    def varied(self) -> list[str]:
        """Hyperparameters that differ from network to network."""
        return [name for name in self._hyperparameters if _differs(self.table[name])]

    @cached_property
    def by_importance(self) -> list[str]:
        """The same, the most important first where that is known."""
        return sorted(self.varied, key=lambda name: -self.importance.get(name, 0.0))

    @cached_property
    def fixed(self) -> dict[str, Any]:
        """Hyperparameters that are the same wherever a network has them."""
        same = {n: self.table[n] for n in self._hyperparameters if n not in self.varied}
        there = {name: values[has_value(values)] for name, values in same.items()}
        return {name: values[0] for name, values in there.items() if len(values)}

    @cached_property
    def epochs(self) -> np.ndarray:
        """(recorded,) numbers of the epochs that the losses are from: every k-th and the last."""
        recorded, epochs = self.losses.shape[1], self.manifest["epochs"]
        every = -(-epochs // max(recorded, 1))
        return np.minimum(every * np.arange(1, recorded + 1), max(epochs, recorded))

    @property
    def _hyperparameters(self) -> list[str]:
        return [name for name in self.table if name in HYPERPARAMETERS]


def read_run(folder: Path) -> Run:
    """Read a sweep's folder, and its study from wherever it lies.

    Raises
    ------
    ValueError, OSError
        Not a folder that ``bpfast sweep`` wrote; a file or a study that cannot be read.
    ImportError
        Optuna or polars is not installed.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder: give one that bpfast sweep wrote")
    lacking = [name for name in FILES if not (folder / name).is_file()]
    if lacking:
        raise ValueError(
            f"{folder} lacks {', '.join(lacking)}: expected a folder that bpfast sweep wrote"
        )
    manifest = _manifest(folder / "manifest.json")
    table = _table(folder / "networks.csv")
    losses = _losses(folder / "losses.parquet", table["network"])
    study = _study(folder, manifest)
    started, ended = _times(study, table["network"])
    run = Run(manifest, table, losses, started, ended, {}, "")
    importance, why_not = _importance(study, run)
    return Run(manifest, table, losses, started, ended, importance, why_not)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    lacking = [key for key in KEYS if key not in manifest]
    if lacking:
        raise ValueError(f"{path} lacks {', '.join(lacking)}: this bpfast's sweep writes them")
    return manifest


# --- networks.csv and losses.parquet --------------------------------------------------------------


def _table(path: Path) -> dict[str, np.ndarray]:
    """The columns as arrays; widths of layers stay text, also where all are numbers."""
    pl = _polars()
    try:
        frame = pl.read_csv(path, infer_schema_length=None)
        if "hidden" in frame.columns:
            frame = pl.read_csv(
                path, infer_schema_length=None, schema_overrides={"hidden": pl.String}
            )
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    lacking = [name for name in COLUMNS if name not in frame.columns]
    if lacking or not frame.height:
        raise ValueError(f"{path} lacks {', '.join(lacking) or 'networks'}: nothing to report")
    return {column.name: _array(column) for column in frame}


def _array(column: Any) -> np.ndarray:
    if column.dtype == _polars().String:
        return np.array(column.fill_null("").to_list())
    return column.to_numpy()


def _losses(path: Path, networks: np.ndarray) -> np.ndarray:
    """The losses of networks, (networks, recorded), NaN where there is none."""
    pl = _polars()
    try:
        frame = pl.read_parquet(path, columns=["network", "loss"])
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    rows = dict(zip(frame["network"].to_list(), frame["loss"].to_list(), strict=True))
    losses = np.full((len(networks), max(map(len, rows.values()), default=0)), np.nan)
    for place, network in enumerate(networks.tolist()):
        row = rows.get(network, [])
        losses[place, : len(row)] = np.array(row, np.float64)
    losses[~np.isfinite(losses)] = np.nan
    return losses


def has_value(values: np.ndarray) -> np.ndarray:
    """(networks,) bool: which networks have a hyperparameter at all."""
    return values != "" if values.dtype.kind == "U" else ~np.isnan(values.astype(np.float64))


def _differs(values: np.ndarray) -> bool:
    """Whether networks that have a value have different ones."""
    return len(np.unique(values[has_value(values)])) > 1


# --- the study ------------------------------------------------------------------------------------


def _study(folder: Path, manifest: dict[str, Any]) -> Any:
    """The study in memory, as its storage had it."""
    optuna = import_optional("optuna", "sweep")
    name, words = manifest["study_name"], "the sweep's storage"
    url = located(manifest["storage"], folder)
    if manifest["storage"] is None:
        words = str(folder / OWN)
    file = file_of(url)
    if file is not None and not file.is_file():  # SQLite would make one
        place = f"{folder} lacks {file.name}" if file.parent == folder else f"there is no {file}"
        raise ValueError(f"{place}, where the sweep kept its study")
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.load_study(study_name=name, storage=url)
        study.get_trials(deepcopy=False)
    except Exception as error:  # each storage has its own; a URL may hold a password
        why = " ".join(str(error).replace(url, words).split())
        raise ValueError(f"study {name!r} cannot be read from {words}: {why}") from None
    finally:
        optuna.logging.set_verbosity(verbosity)
    return study


def _times(study: Any, networks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When each network began and ended, in seconds since the first began."""
    trials = study.get_trials(deepcopy=False)
    rows = {trial.user_attrs.get("network", trial.number): trial for trial in trials}
    known = [rows.get(network) for network in networks.tolist()]
    began = [trial.datetime_start for trial in known if trial and trial.datetime_start]
    zero = min(began, default=None)

    def seconds(moment: datetime | None) -> float:
        return np.nan if moment is None or zero is None else (moment - zero).total_seconds()

    started = [seconds(trial.datetime_start if trial else None) for trial in known]
    ended = [seconds(trial.datetime_complete if trial else None) for trial in known]
    return np.array(started), np.array(ended)


def _importance(study: Any, run: Run) -> tuple[dict[str, float], str]:
    """Optuna's shares of the hyperparameters that were varied, or none and why.

    PED-ANOVA compares where the best tenth lie with where all do: it goes by ranks, so that a few
    hopeless scores do not count for everything, and takes settings that only some networks have.
    """
    if len(run.varied) < 2:
        alone = f"only {run.varied[0]} differs" if run.varied else "nothing differs"
        return {}, f"{alone} between networks, so there is nothing to compare"
    if len(run.finished) < FEWEST:
        return {}, f"fewer than {FEWEST} networks that had every epoch have a score"
    if np.ptp(run.scores[run.finished]) == 0:
        return {}, "all networks that had every epoch have the same score"
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some versions call the evaluator experimental
            shares = get_param_importances(
                study, evaluator=PedAnovaImportanceEvaluator(), normalize=False
            )
    except (ValueError, RuntimeError, AssertionError) as error:
        return {}, f"Optuna finds none: {error}"
    shares = {name: float(share) for name, share in shares.items() if name in run.varied}
    total = sum(shares.values())
    if not total > 0:
        return {}, "Optuna sees no difference between the best networks and the others"
    return {name: share / total for name, share in shares.items()}, ""

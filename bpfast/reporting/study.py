"""What a report takes from a sweep's Optuna study: times, and the importance of hyperparameters."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import import_optional
from ..sweeps.storage import OWN, file_of, located, quiet
from .run import Run

FEWEST = 10  # finished networks; among fewer, Optuna compares the best with hardly any others


def load_study(folder: Path, manifest: dict[str, Any]) -> Any:
    """The study of a sweep, with all trials in memory."""
    optuna = import_optional("optuna", "sweep")
    name, words = manifest["study_name"], "the sweep's storage"
    url = located(manifest["storage"], folder)
    if manifest["storage"] is None:
        words = str(folder / OWN)
    file = file_of(url)
    if file is not None and not file.is_file():  # SQLite would make one
        problem = f"{folder} lacks {file.name}" if file.parent == folder else f"there is no {file}"
        raise ValueError(f"{problem}, where the sweep kept its study")
    try:
        with quiet():
            study = optuna.load_study(study_name=name, storage=url)
            study.get_trials(deepcopy=False)
    except Exception as error:  # each storage has its own; a URL may hold a password
        why = " ".join(str(error).replace(url, words).split())
        raise ValueError(f"study {name!r} cannot be read from {words}: {why}") from None
    return study


def times(study: Any, networks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When each network began and ended, in seconds since the first began."""
    trials = study.get_trials(deepcopy=False)
    by_network = {trial.user_attrs.get("network", trial.number): trial for trial in trials}
    known = [by_network.get(network) for network in networks.tolist()]
    began = [trial.datetime_start for trial in known if trial and trial.datetime_start]
    zero = min(began, default=None)

    def seconds(moment: datetime | None) -> float:
        return np.nan if moment is None or zero is None else (moment - zero).total_seconds()

    started = [seconds(trial.datetime_start if trial else None) for trial in known]
    ended = [seconds(trial.datetime_complete if trial else None) for trial in known]
    return np.array(started), np.array(ended)


def importance_of(study: Any, run: Run) -> tuple[dict[str, float], str]:
    """Optuna's shares of the hyperparameters that were varied, or none and why.

    PED-ANOVA compares the settings of the best tenth with those of all. It goes by ranks, so that
    a few hopeless scores do not outweigh the rest. It takes settings that only some networks have.
    """
    if len(run.varied) < 2:
        alone = f"only {run.varied[0]} differs" if run.varied else "nothing differs"
        return {}, f"{alone} between networks, so there is nothing to compare"
    if len(run.finished) < FEWEST:
        return {}, f"fewer than {FEWEST} networks that were trained to their end have a score"
    if np.ptp(run.scores[run.finished]) == 0:
        return {}, "all networks that were trained to their end have the same score"
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

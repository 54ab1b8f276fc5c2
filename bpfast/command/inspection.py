"""What a sweep's answer makes of the table's columns, with rows that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..reporting.inspection.found import INSPECTION
from ..reporting.inspection.inspecting import CURVES, Sample, drawn, inspect_sample
from ..reporting.inspection.predictor import as_ensemble
from ..sweeps.costs import RATE
from ..sweeps.identity import check_same
from ..sweeps.metrics import named
from ..sweeps.run_folder import read_manifest
from ..tables.dataset import Dataset
from ..tables.ensemble import Ensemble
from ..tables.model import Model
from .data import prepare, read_dataset, read_test_dataset
from .request import Request
from .results import BEST, ENSEMBLE
from .resume import resumed

QUICK, SHARE = 2.0, 0.05  # seconds of two cores, at most; and of a sweep's time
IMPORT = 1.0  # seconds until scikit-learn is imported
OPERATIONS = 2  # of each product of an input and a weight: it is added to others
PARTS = ("test", "validation", "train")  # the first that has rows is looked at
FINGERPRINTS = ("data", "classes", "folds", "held_out")  # of the settings: what rows are where


def sample_of(
    dataset: Dataset, test_data: Dataset | None, rows: Mapping[str, np.ndarray], seed: int
) -> Sample:
    """Rows of the test part; without one of the validation part, or of those trained on.

    Parameters
    ----------
    rows : of each part, as :class:`bpfast.SweepResult` has them
    """
    part = next(name for name in PARTS if len(rows.get(name, ())))
    source = test_data if part == "test" and test_data is not None else dataset
    numbers = rows[part][drawn(len(rows[part]), seed)]
    places = np.searchsorted(source.row_numbers, numbers)
    truth = source.target.values[places]
    return Sample(part, numbers + 1, source.inputs[places], truth, len(rows[part]))


def inspect_quickly(folder: Path, sample: Sample, request: Request) -> None:
    """Inspect the answer of a sweep that ends now, as far as nobody waits for it.

    Nothing is written where there is no answer, or where to inspect it would take long, of which
    all is counted, not measured: the same answer is inspected with the same rows on every machine.
    """
    (folder / INSPECTION).unlink(missing_ok=True)  # of another answer
    seconds = QUICK if request.time is None else min(QUICK, SHARE * request.time - IMPORT)
    if seconds <= 0 or not (folder / BEST).is_file() or find_spec("sklearn") is None:
        return
    with suppress(MemoryError):
        _inspect(folder, sample, request, seconds * RATE / OPERATIONS, curves=0)


def inspect_again(folder: Path, typed: Mapping[str, Any]) -> None:
    """Inspect the answer of a sweep that has ended, with curves, and however long it takes.

    Parameters
    ----------
    folder : of the sweep
    typed : ``moved`` and ``test_data``, where data are that have moved since

    Raises
    ------
    ValueError, OSError, ImportError
        Not a folder of ``bpfast sweep``; data that are not there, or are others; no network has a
        score.
    """
    request = resumed(folder, typed)
    if not (folder / BEST).is_file():
        raise ValueError(f"{folder} has no {BEST}: no network has a score to be explained")
    dataset = read_dataset(request)
    test_data = read_test_dataset(request, dataset)
    data = prepare(dataset, test_data, request)
    now = {name: data.fingerprints[name] for name in FINGERPRINTS}
    now["test_data"] = data.choices["test_data"]
    advice = "say where its own data are, --data FILE"
    check_same(read_manifest(folder)["settings"], now, str(folder), advice)
    sample = sample_of(dataset, test_data, data.rows, request.seed)
    _inspect(folder, sample, request, np.inf, CURVES)


def _inspect(folder: Path, sample: Sample, request: Request, work: float, curves: int) -> None:
    """Write what is found, unless ``work`` is not enough."""
    ensemble, of = _answer(folder)
    found = inspect_sample(
        ensemble,
        sample,
        named(read_manifest(folder)["metric"]),
        of=of,
        seed=request.seed,
        device=request.device,
        work=work,
        curves=curves,
    )
    if found is not None:
        found.save(folder)


def _answer(folder: Path) -> tuple[Ensemble, str]:
    """What the sweep came to, and what it is called."""
    if (folder / ENSEMBLE).is_file():
        return Ensemble.load(folder / ENSEMBLE), "ensemble"
    return as_ensemble(Model.load(folder / BEST)), "best network"

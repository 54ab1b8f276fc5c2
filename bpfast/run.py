"""A sweep's folder: what was asked for and what has come of it, whole at every moment.

``manifest.json`` says what was asked for. ``parts/`` has Parquet files of trials that have ended,
the best network so far, and a checkpoint: parameters and optimiser's memory of networks on their
way. A sweep that is resumed asks its sampler the same questions, answers them from these files as
far as they go, and so comes to where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import missing_extra
from .files import read_tensors, remove_leftovers, write_tensors, write_whole
from .population import Population
from .trials import State, joined, parted

if TYPE_CHECKING:
    from .rounds import Trial

MANIFEST, PARTS, CHECKPOINT = "manifest.json", "parts", "checkpoint.safetensors"
GROWS = "networks"  # what may be another number when a sweep is resumed


class Run:
    """A folder that one sweep writes to.

    Parameters
    ----------
    folder : where; it is made if it is not there
    settings : all that the results depend on, as JSON has it
    resume : whether the folder has a sweep of these settings, to be gone on with

    Attributes
    ----------
    rows : dict of network number to its row of the table, of all trials that have ended
    losses : dict of network number to its losses
    saved : dict of network number to (state, epochs, losses at rungs), of those on their way

    Raises
    ------
    ValueError
        The folder has a sweep and is not to be resumed, or has none, or one of other settings;
        another process writes to it.
    OSError
        It cannot be written.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], resume: bool) -> None:
        self.folder, self.parts = Path(folder), Path(folder) / PARTS
        before = read_manifest(self.folder) if resume else None
        if before is None and (self.folder / MANIFEST).exists():
            raise ValueError(f"{folder} has a sweep already: resume it, or choose another folder")
        if before is not None:
            _check_same(before["settings"], settings, self.folder)
        self.parts.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self.folder)
        for written in (self.folder, self.parts):
            remove_leftovers(written)
        if before and settings["halving"] and before["settings"][GROWS] != settings[GROWS]:
            self._set_aside(before["settings"][GROWS])
        started = {"started": datetime.now(UTC).isoformat(timespec="seconds")}
        self.manifest = started | dict(before or {}) | {"settings": dict(settings)}
        self.rows: dict[int, dict[str, Any]] = {}
        self.losses: dict[int, list[float]] = {}
        self._read()
        self.saved = self._read_checkpoint()
        _write(self.folder, self.manifest)

    @property
    def seconds(self) -> float:
        """What all fits that have ended took."""
        return self.manifest.get("seconds", 0.0)

    @property
    def sample_updates(self) -> int:
        """Samples that networks learned from in these fits."""
        return self.manifest.get("sample_updates", 0)

    def keep(
        self, rows: Sequence[dict[str, Any]], losses: np.ndarray, seconds: float, updates: int
    ) -> None:
        """Write what came of a fit.

        Parameters
        ----------
        rows : of the table
        losses : (networks, epochs)
        seconds, updates : of all fits so far
        """
        table = [row | {"losses": own.tolist()} for row, own in zip(rows, losses, strict=True)]
        path = self.parts / f"{len(self.rows):08d}.parquet"  # in the order of writing
        write_whole(path, _polars().DataFrame(table, infer_schema_length=None).write_parquet)
        self._add(table)
        self.manifest |= {"seconds": seconds, "sample_updates": updates}
        _write(self.folder, self.manifest)

    def keep_best(self, number: int, network: Population) -> None:
        """Write the best network so far, before the part that has its row."""
        network.save(self._best(number))

    def forget_others(self, number: int) -> None:
        """Delete networks that were the best before this one."""
        for path in self.parts.glob("best-*.safetensors"):
            if path != self._best(number):
                path.unlink()

    def best(self, number: int) -> Population:
        """The network of that number, which is the best of all rows."""
        return Population.load(self._best(number))

    def checkpoint(self, trials: Sequence[Trial], seconds: float, updates: int) -> None:
        """Write networks on their way, in place of those that were written before.

        Parameters
        ----------
        trials : those with a state
        seconds, updates : as for :meth:`keep`
        """
        groups: dict[tuple[Any, int], list[Trial]] = {}
        for trial in trials:
            groups.setdefault((trial.kind, trial.reached), []).append(trial)
        tensors: dict[str, np.ndarray] = {}
        said = []
        for k, ((_, epoch), group) in enumerate(groups.items()):
            states = joined([trial.state for trial in group if trial.state is not None])
            tensors |= {f"{k}/{name}": tensor for name, tensor in states.items()}
            rungs = [trial.rungs for trial in group]
            said.append([[trial.number for trial in group], epoch, rungs])
        write_tensors(self.parts / CHECKPOINT, tensors, {"groups": json.dumps(said)})
        self.manifest |= {"seconds": seconds, "sample_updates": updates}
        _write(self.folder, self.manifest)

    def _read_checkpoint(self) -> dict[int, tuple[State, int, dict[int, float]]]:
        path = self.parts / CHECKPOINT
        if not path.exists():
            return {}
        tensors, metadata = read_tensors(path)
        saved = {}
        for k, (numbers, epoch, rungs) in enumerate(json.loads(metadata["groups"])):
            own = {n.split("/")[1]: t for n, t in tensors.items() if n.startswith(f"{k}/")}
            states = parted(own, len(own["status"]) // len(numbers))
            for number, state, passed in zip(numbers, states, rungs, strict=True):
                saved[number] = state, epoch, {int(rung): value for rung, value in passed}
        return saved

    def close(self) -> None:
        """Let another process have the folder."""
        self._lock.release()

    def _best(self, number: int) -> Path:
        return self.parts / f"best-{number:08d}.safetensors"

    def _set_aside(self, networks: int) -> None:
        """Begin anew: who goes on at a rung depends on all that come to it."""
        self.parts.replace(self.folder / f"{PARTS}-of-{networks}")
        self.parts.mkdir()

    def _read(self) -> None:
        for path in sorted(self.parts.glob("*.parquet")):
            self._add(_polars().read_parquet(path).to_dicts())

    def _add(self, table: Sequence[dict[str, Any]]) -> None:
        for row in table:
            known = {name: value for name, value in row.items() if value is not None}
            self.losses[row["network"]] = known.pop("losses")
            self.rows[row["network"]] = known


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a sweep's folder says of it.

    Raises
    ------
    ValueError
        No sweep wrote this folder, or its manifest is not whole.
    """
    path = Path(folder) / MANIFEST
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{folder} has no {MANIFEST}: it is not a sweep's folder") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not whole: {error}") from None


def describe(folder: Path, more: Mapping[str, Any]) -> None:
    """Add to what a sweep's folder says of it."""
    _write(folder, read_manifest(folder) | dict(more))


def _write(folder: Path, manifest: Mapping[str, Any]) -> None:
    text = json.dumps(manifest, indent=1, allow_nan=False) + "\n"
    write_whole(folder / MANIFEST, lambda path: path.write_text(text, encoding="utf-8"))


def fingerprint(*arrays: np.ndarray) -> str:
    """A hash of the contents of some arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _check_same(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    for name, value in json.loads(json.dumps(now)).items():
        if name != GROWS and before.get(name) != value:
            raise ValueError(
                f"{folder} was begun with {name}={before.get(name)!r}, not {value!r}: "
                "only more networks can be asked for"
            )


def _locked(folder: Path) -> Any:
    try:
        from filelock import FileLock, Timeout
    except ImportError:
        raise missing_extra("filelock", "sweep") from None
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(f"another process writes to {folder}: wait for it, or stop it") from None
    return lock


def _polars() -> Any:
    try:
        import polars
    except ImportError:
        raise missing_extra("polars", "sweep") from None
    return polars

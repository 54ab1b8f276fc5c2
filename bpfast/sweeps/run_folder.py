"""A sweep's folder: what was asked for and what came of it, complete at every moment.

``manifest.json`` has what was asked for. ``parts/`` has Parquet files of trials that have ended,
the best networks so far, and a checkpoint: parameters and optimiser's moments of networks on their
way. A sweep that is resumed asks its sampler the same questions, answers them from these files as
far as they go, and so comes to where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import import_optional
from ..files import make_folders, remove_empty, remove_leftovers, write_json, write_whole
from ..tables.encoding.expansion import SCALED
from ..training.population import Population
from .candidates import Candidate, Candidates
from .checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from .identity import GROWS, check_same, has_grown
from .kept_networks import read_networks, write_networks
from .trials import Row, Trial

MANIFEST, PARTS, CHECKPOINT = "manifest.json", "parts", "checkpoint.safetensors"
LOCK = ".lock"
_polars = partial(import_optional, "polars", "sweep")


class Totals(NamedTuple):
    """What a sweep took so far, in all processes.

    Attributes
    ----------
    seconds : of training, without compiling
    sample_updates : samples that networks learned from
    used : seconds of the time that it may take
    curve : (seconds, networks ended, score) whenever a network was better than all before
    """

    seconds: float = 0.0
    sample_updates: int = 0
    used: float = 0.0
    curve: Sequence[Sequence[float]] = ()


class RunFolder:
    """A folder that one sweep writes to, from :meth:`begin` on.

    Until then nothing in it is changed, and if the sweep is refused, :meth:`close` leaves the disk
    as it was.

    Parameters
    ----------
    folder : where; it is made if it is not there
    settings : all that the results depend on, as JSON has it
    resume : whether the folder has a sweep of these settings, to be gone on with

    Attributes
    ----------
    rows, losses : of the trials that have ended, by number
    checkpoints : of the trials that are under way, by number
    totals : Totals

    Raises
    ------
    ValueError
        The folder has a sweep and is not to be resumed, or has none, or one of other settings, or
        of more networks; another process writes to it.
    OSError
        It cannot be written.
    ImportError
        What it is written with is not installed.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], resume: bool) -> None:
        self.folder, self.parts = Path(folder), Path(folder) / PARTS
        self.rows: dict[int, Row] = {}
        self.losses: dict[int, list[float]] = {}
        self._networks: dict[Path, set[int]] = {}  # whose networks a file has
        self.checkpoints: dict[int, Checkpoint] = {}
        _check_extras()
        _check_manifest(self.folder, settings, resume)
        self._begun, self._new_lock = False, not (self.folder / LOCK).exists()
        self._made = make_folders(self.folder)
        try:
            self._lock = _locked(self.folder)
        except BaseException:
            remove_empty(self._made)
            raise
        try:
            before = _check_manifest(self.folder, settings, resume)  # nobody else writes it now
            self._read(before, settings)
        except BaseException:
            self.close()
            raise

    def begin(self) -> None:
        """Write what the folder is: from here on it can be resumed."""
        for written in (self.folder, self.parts):
            remove_leftovers(written)
        if self._aside is not None:
            self.parts.replace(self._aside)
        self._made = [*make_folders(self.parts), *self._made]
        write_json(self.folder / MANIFEST, self.manifest)
        self._begun = True

    def close(self) -> None:
        """Let another process have the folder; of a sweep that never began nothing is left."""
        if self._new_lock and not self._begun:
            with suppress(PermissionError):  # where a file that is open cannot be removed
                (self.folder / LOCK).unlink()
        self._lock.release()
        if not self._begun:
            remove_empty(self._made)

    def keep(self, trials: Sequence[Trial], candidates: Candidates, totals: Totals) -> None:
        """Write what came of some trials that have ended, and networks of the best."""
        best = {own.row["network"]: own.networks for own in candidates}
        self._write_networks(best)  # before their rows are there
        table = [trial.row | {"losses": trial.losses.tolist()} for trial in trials]
        path = self.parts / f"{len(self.rows):08d}.parquet"  # in the order of writing
        write_whole(path, _polars().DataFrame(table, infer_schema_length=None).write_parquet)
        self._add(table)
        self.write_totals(totals)
        for path in [path for path, own in self._networks.items() if not own & best.keys()]:
            path.unlink()
            del self._networks[path]

    def candidates(self) -> Iterator[Candidate]:
        """The trials whose networks are there, from one file after another."""
        if self._aside is not None:
            return
        for path in sorted(self.parts.glob("networks-*.safetensors")):
            networks = read_networks(path)
            known = networks.keys() & self.rows.keys()  # a crash may have come before some rows
            self._networks[path] = known
            for number in sorted(known):
                yield Candidate(self.rows[number], networks[number])

    def _write_networks(self, best: Mapping[int, Population]) -> None:
        """Write those of the best that are in no file."""
        written = set().union(*self._networks.values())
        new = {number: own for number, own in best.items() if number not in written}
        if new:
            path = self.parts / f"networks-{len(self.rows):08d}.safetensors"
            write_networks(path, new)
            self._networks[path] = {*new}

    def checkpoint(self, trials: Sequence[Trial], totals: Totals) -> None:
        """Write trials that have a state, in place of those that were written before."""
        write_checkpoint(self.parts / CHECKPOINT, trials)
        self.write_totals(totals)

    def block(self, number: int) -> list[Row] | None:
        """The rows of a block's table, with losses; None where it is not there, or not whole."""
        polars = _polars()
        try:
            return _known(polars.read_parquet(_block(self.parts, number)))
        except (FileNotFoundError, polars.exceptions.ComputeError):
            return None

    def write_totals(self, totals: Totals) -> None:
        """Write what all fits so far took."""
        self.totals = totals
        self.manifest |= totals._asdict()
        write_json(self.folder / MANIFEST, self.manifest)

    def _read(self, before: Mapping[str, Any] | None, settings: Mapping[str, Any]) -> None:
        """Read what the folder has of the sweep."""
        started = {"started": datetime.now(UTC).isoformat(timespec="seconds")}
        begun = before["settings"] if before else {}
        grown = {name: settings[name] for name in GROWS}
        kept = {"settings": {**settings, **begun, **grown}}
        self.manifest = started | dict(before or {}) | kept
        told = {name: self.manifest[name] for name in Totals._fields if name in self.manifest}
        self.totals = Totals(**told)
        self._aside = None
        if before and settings["halving"] and has_grown(begun, settings):
            # begin anew: who is pruned at a rung depends on all that come to it
            said = "-".join(f"{begun[name]:.12g}" for name in GROWS if begun.get(name) is not None)
            self._aside = self.folder / f"{PARTS}-of-{said}"
            self.totals = Totals()
            return
        for path in sorted(self.parts.glob("[0-9]*.parquet")):
            self._add(_known(_polars().read_parquet(path)))
        self.checkpoints = read_checkpoint(self.parts / CHECKPOINT)

    def _add(self, table: Sequence[dict[str, Any]]) -> None:
        for row in table:
            known = {"number_encoding": SCALED} | row  # an older bpfast had no other
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


def with_time_column(said: dict[str, Any]) -> dict[str, Any]:
    """What a command or its manifest says: an older one called the column of times ``time``."""
    if not isinstance(said.get("time"), str):
        return said
    return said | {"time": None, "time_column": said["time"]}


def write_block(parts: Path, number: int, table: bytes) -> None:
    """Write the table of a block of networks into the folder of a sweep's parts.

    Parameters
    ----------
    table : Parquet, a row for each network, with its ``losses``
    """
    write_whole(_block(parts, number), lambda new: new.write_bytes(table))


def _block(parts: Path, number: int) -> Path:
    return parts / f"block-{number:08d}.parquet"


def _known(table: Any) -> list[Row]:
    """The rows of a table, each with what it has."""
    rows = table.to_dicts()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def describe(folder: Path, more: Mapping[str, Any]) -> None:
    """Add to what a sweep's folder says of it."""
    write_json(folder / MANIFEST, read_manifest(folder) | dict(more))


def _check_manifest(
    folder: Path, settings: Mapping[str, Any], resume: bool
) -> dict[str, Any] | None:
    """The manifest of a folder that is to be resumed; None for a new one."""
    if not resume:
        if (folder / MANIFEST).exists():
            raise ValueError(f"{folder} has a sweep already: resume it, or choose another folder")
        return None
    before = read_manifest(folder)
    advice = "only more networks, or more time, can be asked for"
    check_same(before["settings"], settings, str(folder), advice)
    return before


def _locked(folder: Path) -> Any:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(f"another process writes to {folder}: wait for it, or stop it") from None
    return lock


def _check_extras() -> None:
    """Refuse before any training what could not be written after it."""
    for package in ("filelock", "polars", "safetensors"):
        import_optional(package, "sweep")

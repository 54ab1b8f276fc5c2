"""What ``bpfast sweep`` was asked for, and the file in its folder that says so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..files import make_folders, remove_empty, write_text
from ..sweeps import space
from ..sweeps.folds import AUTO
from ..sweeps.hyperparameters import HYPERPARAMETERS
from ..sweeps.run_folder import MANIFEST, read_manifest, with_time_column
from ..sweeps.storage import lasting
from ..tables.reading.dialect import TextOptions
from ..tables.reading.sources import BUILT_IN
from .sweep_options import SweepOptions
from .text_options import text_options

COMMAND = "command.json"  # in a sweep's folder


@dataclass(frozen=True)
class Request:
    """What a sweep's numbers depend on, by the names of its options; kept to resume the sweep.

    Attributes
    ----------
    source, test_data : a file's absolute path, or the name of built-in data
    cv : folds, None for a single part to rank by; AUTO until the data are seen
    space : hyperparameters by name, from --space and from options of their own; all of them once
        the data are seen
    storage : URL of Optuna's storage, in a form that means the same from any folder
    networks, epochs : None until the data are there, which they follow from; with a time, networks
        may be None for as many as it allows
    time : seconds
    """

    source: str
    target: str | None
    task: str
    networks: int | None
    epochs: int | None
    space: dict[str, Any]
    sampler: str
    storage: str | None
    study_name: str
    test: float
    cv: int | str | None
    groups: str | None
    halving: str | None
    seed: int
    device: str
    validation: float | None = None
    test_data: str | None = None
    split: str = "random"
    time: float | None = None
    time_column: str | None = None
    metric: str | None = None
    class_weight: str | None = None
    sample_weight: str | None = None
    target_transform: str = "none"
    drop: str | None = None
    numeric: str | None = None
    categorical: str | None = None
    keep: str | None = None
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header: bool | None = None
    comment: str | None = None
    missing: list[str] | None = None

    @property
    def text(self) -> TextOptions:
        """How the file is written, as far as it was said."""
        return text_options(self)


def new_request(options: SweepOptions) -> Request:
    """The request of a sweep that begins.

    Raises
    ------
    ValueError
        There are no data; a file of a space that cannot be used.
    """
    if options.source is None or options.moved is not None:
        wrong = "DATA is missing"
        if options.source is not None:
            wrong = f"--data {options.moved} is for --resume"
        raise ValueError(f"{wrong}: give a file, or one of {', '.join(BUILT_IN)}, as DATA")
    own: dict[str, Any] = {
        "source": absolute(options.source),
        "test_data": None if options.test_data is None else absolute(options.test_data),
        "cv": AUTO if options.cv is None else options.cv,
        "space": space_of(vars(options)),
        "storage": None if options.storage is None else lasting(options.storage, options.output),
    }
    as_typed = {field.name for field in fields(Request)} - own.keys()
    return Request(**own, **{name: getattr(options, name) for name in as_typed})


def absolute(source: str) -> str:
    """A file's absolute path; the names of built-in data, and of no file, as they are."""
    is_file = source not in BUILT_IN and Path(source).is_file()
    return str(Path(source).resolve()) if is_file else source


def space_of(options: Mapping[str, Any], base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The space in options: hyperparameters on top of those in a file, or else of a base."""
    base = base or {}
    if options.get("space_file") is not None:
        base = space.read(options["space_file"])
    typed = hyperparameters(options)
    if {"width", "depth"} & typed.keys():
        base = {name: values for name, values in base.items() if name != "hidden"}
    return {**base, **typed}


def hyperparameters(options: Mapping[str, Any]) -> dict[str, str]:
    """The hyperparameters that were typed among options; ``--seed`` is the sweep's own seed."""
    typed = {name: options.get(name) for name in HYPERPARAMETERS if name != "seed"}
    return {name: values for name, values in typed.items() if values is not None}


@contextmanager
def saved_in(folder: Path, request: Request) -> Iterator[None]:
    """Make a folder with its request; if the sweep is refused, put all back as it was."""
    command, made = folder / COMMAND, make_folders(folder)
    before = command.read_bytes() if command.exists() else None
    new = not (folder / MANIFEST).exists()
    text = json.dumps(asdict(request), indent=1) + "\n"
    try:
        if new:
            write_text(command, text)
        yield
        write_text(command, text)
    except BaseException:
        if new and not (folder / MANIFEST).exists():
            command.unlink(missing_ok=True)
            if before is not None:
                command.write_bytes(before)
            remove_empty(made)
        raise


def read_request(folder: Path) -> Request:
    """The request in a folder, with as many networks, and as much time, as the sweep has by now.

    Raises
    ------
    ValueError
        Not a folder of ``bpfast sweep``.
    """
    path = folder / COMMAND
    if not path.is_file():
        raise ValueError(f"{folder} has no {COMMAND}: bpfast sweep did not begin it")
    try:
        begun = Request(**_completed(json.loads(path.read_text(encoding="utf-8"))))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is not what bpfast sweep writes: {error}") from None
    now = read_manifest(folder)["settings"]
    if begun.time is None:
        return replace(begun, networks=now["networks"])
    networks = None if begun.networks is None else now["networks"]
    return replace(begun, networks=networks, time=now["time"])


def _completed(said: dict[str, Any]) -> dict[str, Any]:
    """What a request says, also what an older version meant by saying nothing.

    It ranked by accuracy or R², and by folds whatever the share of validation was.
    """
    said = with_time_column(said)
    if "metric" in said:
        return said
    folds = {} if said.get("cv") is None else {"validation": None}
    return said | {"metric": "score"} | folds

"""What ``bpfast sweep`` was asked for: kept in its folder, and gone on with from anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..sweeps import space
from ..sweeps.identity import GROWS
from ..sweeps.run_folder import read_manifest
from ..sweeps.storage import file_of, lasting, located
from ..tables import sources

COMMAND = "command.json"  # in a sweep's folder


@dataclass(frozen=True)
class Request:
    """What a sweep is asked for on the command line; kept in its folder, to be resumed."""

    source: str
    target: str | None
    task: str
    networks: int
    epochs: int
    space: dict[str, Any]
    sampler: str
    storage: str | None
    study_name: str
    validation: float
    test: float
    cv: int | None
    groups: str | None
    halving: str | None
    seed: int
    device: str


def from_anywhere(source: str) -> str:
    """A source's name that means the same in any folder."""
    is_file = source not in sources.BUILT_IN and Path(source).is_file()
    return str(Path(source).resolve()) if is_file else source


def searched(given: Mapping[str, Any], below: Mapping[str, Any] = space.USUAL) -> dict[str, Any]:
    """The space that was typed: hyperparameters on top of a file's, or of those below."""
    if "space_file" in given:
        below = space.read(given["space_file"])
    typed = _typed(given)
    if {"width", "depth"} & typed.keys():
        below = {name: values for name, values in below.items() if name != "hidden"}
    return {**below, **typed}


def resumed(folder: Path, given: Mapping[str, Any]) -> Request:
    """The request that a folder was begun with, but for more networks, and what has moved since.

    Parameters
    ----------
    folder : of a sweep
    given : what was typed beside, by the names of parameters

    Raises
    ------
    ValueError
        Not a folder of ``bpfast sweep``; data or a storage that are not where they were; what was
        typed differs from what the sweep was begun with.
    """
    if "source" in given:
        raise ValueError(
            f"{folder} says what data it was begun with: leave out {given['source']}, or give "
            f"--data {given['source']} if that is where they are now"
        )
    begun = _read(folder)
    source = from_anywhere(given.get("moved", begun.source))
    if source not in sources.BUILT_IN and not Path(source).is_file():
        gone = f"--data {source}" if "moved" in given else f"{source}, which it was begun with,"
        raise ValueError(f"{folder}: {gone} is no file: say where the data are now, --data FILE")
    begun = replace(begun, storage=_storage(folder, given.get("storage"), begun.storage))
    for option, now, before in _differences(folder, given, begun):
        raise ValueError(
            f"{now}: {folder} was begun with {before}; leave {option} out, or begin another sweep"
        )
    return replace(begun, source=source, networks=given.get("networks", begun.networks))


def _storage(folder: Path, typed: str | None, kept: str | None) -> str | None:
    """Where a folder's study is: where it was when the sweep was begun, or else where it is now."""
    if kept is None:
        return None
    url = located(kept, folder)
    file = file_of(url)
    if file is None or file.is_file():
        return lasting(url, folder)
    if typed is None:
        raise ValueError(
            f"{folder} was begun with --storage {kept}, which is not there: say where it is now, "
            "--storage URL"
        )
    return lasting(typed, folder)


def _read(folder: Path) -> Request:
    """What a folder was begun with, and its networks by now."""
    path = folder / COMMAND
    if not path.is_file():
        raise ValueError(f"{folder} has no {COMMAND}: bpfast sweep did not begin it")
    try:
        begun = Request(**json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is not what bpfast sweep writes: {error}") from None
    return replace(begun, networks=read_manifest(folder)["settings"][GROWS])


_Difference = tuple[str, str, str]  # an option, what it says now, and what was said before


def _differences(folder: Path, given: Mapping[str, Any], begun: Request) -> Iterator[_Difference]:
    """What was typed otherwise than when the sweep was begun.

    What is not in a request is about one call, and no number depends on it.
    """
    for name in (field.name for field in fields(Request)):
        now, before = given.get(name), getattr(begun, name)
        if name not in given or now == before:
            continue
        if name == "storage" and lasting(given[name], folder) == before:
            continue
        if name == "networks" and given[name] > before:
            continue
        more = ", and may have more" if name == "networks" else ""
        yield _option(name), _said(name, now), _said(name, before) + more
    if "output" in given and given["output"].resolve() != folder.resolve():
        yield "--output", _said("output", given["output"]), _said("output", folder)
    yield from _other_space(given, begun)


def _other_space(given: Mapping[str, Any], begun: Request) -> Iterator[_Difference]:
    """Hyperparameters that are typed, or in a file, otherwise than they were."""
    file, before = given.get("space_file"), _values(begun.space)
    for name, value in _typed(given).items():
        if name not in before and file is None:  # of another space, which may not even be one
            yield _option(name), _said(name, value), _said(name, None)
    now, nothing = _values(searched(given, begun.space)), (None, None)
    option, says = (None, "") if file is None else ("--space", f"--space {file} has ")
    for name in sorted(now | before):
        (text, typed), (known, was) = now.get(name, nothing), before.get(name, nothing)
        if text != known:
            yield option or _option(name), says + _said(name, typed), _said(name, was)


def _values(dimensions: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What each hyperparameter may be: as text that equal ones share, and as it was typed."""
    typed = space.DEFAULTS | dict(dimensions)
    known = space.Space(dimensions).describe()
    return {name: (text, typed[name]) for name, text in known.items()}


def _typed(given: Mapping[str, Any]) -> dict[str, str]:
    """Hyperparameters among what was typed; ``--seed`` is the sweep's."""
    return {name: given[name] for name in space.HYPERPARAMETERS if name in given and name != "seed"}


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _said(name: str, value: Any) -> str:
    return f"no {_option(name)}" if value is None else f"{_option(name)} {value}"

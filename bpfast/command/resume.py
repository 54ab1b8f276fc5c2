"""The request of a sweep that is resumed: what is typed beside ``--resume`` must not differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from ..sweeps import space
from ..sweeps.hyperparameters import DEFAULTS
from ..sweeps.identity import GROWS
from ..sweeps.storage import file_of, lasting, located
from ..tables.reading.sources import BUILT_IN
from .options import flag
from .request import Request, absolute, hyperparameters, read_request, space_of


def resumed(folder: Path, typed: Mapping[str, Any]) -> Request:
    """The request that a folder was begun with, but for what may be more, and what has moved.

    Parameters
    ----------
    folder : of a sweep
    typed : options beside ``--resume`` that the user typed, by name

    Raises
    ------
    ValueError
        Not a folder of ``bpfast sweep``; data or a storage that are not where they were; an option
        that differs from what the sweep was begun with.
    """
    if "source" in typed:
        raise ValueError(
            f"{folder} says what data it was begun with: leave out {typed['source']}, or give "
            f"--data {typed['source']} if that is where they are now"
        )
    begun = read_request(folder)
    source = _file(folder, "--data", typed.get("moved"), begun.source)
    if begun.test_data is not None:
        test_data = _file(folder, "--test-data", typed.get("test_data"), begun.test_data)
        begun, typed = replace(begun, test_data=test_data), {**typed, "test_data": test_data}
    begun = replace(begun, storage=_storage(folder, typed.get("storage"), begun.storage))
    for option, now, before in _differences(folder, typed, begun):
        raise ValueError(
            f"{now}: {folder} was begun with {before}; leave {option} out, or begin another sweep"
        )
    grown = {name: typed.get(name, getattr(begun, name)) for name in GROWS}
    return replace(begun, source=source, **grown)


def _file(folder: Path, option: str, typed: str | None, kept: str) -> str:
    """Where data are: where they were when the sweep was begun, or else where the user says.

    What they hold is compared later, by its fingerprint.
    """
    source = absolute(kept if typed is None else typed)
    if source not in BUILT_IN and not Path(source).is_file():
        gone = f"{kept}, which it was begun with," if typed is None else f"{option} {source}"
        raise ValueError(f"{folder}: {gone} is no file: say where the data are now, {option} FILE")
    return source


def _storage(folder: Path, typed: str | None, kept: str | None) -> str | None:
    """The study's storage: where it was when the sweep was begun, or else where the user says."""
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


class _Difference(NamedTuple):
    """An option, what the user says with it now, and what was said when the sweep was begun."""

    option: str
    now: str
    before: str


def _differences(folder: Path, typed: Mapping[str, Any], begun: Request) -> Iterator[_Difference]:
    """What the user types otherwise than when the sweep was begun.

    An option that is not in a request may differ: no number depends on it.
    """
    for name in (field.name for field in fields(Request)):
        now, before = typed.get(name), getattr(begun, name)
        if name not in typed or now == before:
            continue
        if name == "storage" and lasting(typed[name], folder) == before:
            continue
        may_grow = name in GROWS and before is not None
        if may_grow and typed[name] > before:
            continue
        more = ", and may have more" if may_grow else ""
        yield _Difference(flag(name), _phrase(name, now), _phrase(name, before) + more)
    if "output" in typed and typed["output"].resolve() != folder.resolve():
        now, before = _phrase("output", typed["output"]), _phrase("output", folder)
        yield _Difference("--output", now, before)
    yield from _differences_of_spaces(typed, begun)


def _differences_of_spaces(typed: Mapping[str, Any], begun: Request) -> Iterator[_Difference]:
    """Hyperparameters that differ, whether they are typed or in a file."""
    file, before = typed.get("space_file"), _values(begun.space)
    for name, value in hyperparameters(typed).items():
        # With a hyperparameter that is new, the space may not even be a valid one.
        if name not in before and file is None:
            yield _Difference(flag(name), _phrase(name, value), _phrase(name, None))
    now, nothing = _values(space_of(typed, begun.space)), (None, None)
    option, says = (None, "") if file is None else ("--space", f"--space {file} has ")
    for name in sorted(now | before):
        (text, value), (old_text, old_value) = now.get(name, nothing), before.get(name, nothing)
        if text != old_text:
            said = says + _phrase(name, value)
            yield _Difference(option or flag(name), said, _phrase(name, old_value))


def _values(dimensions: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The values of each hyperparameter: as text that is the same for equal ones, and as typed."""
    typed = DEFAULTS | dict(dimensions)
    described = space.Space(dimensions).describe()
    return {name: (text, typed[name]) for name, text in described.items()}


def _phrase(name: str, value: Any) -> str:
    """How an option and its value are told in a message."""
    if value is None:
        return f"no {flag(name)}"
    if isinstance(value, bool):
        return flag(name if value else f"no-{name}")
    return f"{flag(name)} {','.join(value) if isinstance(value, list) else value}"

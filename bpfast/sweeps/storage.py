"""Storages of Optuna's that keep a sweep's study, and URLs by which a later call finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import import_optional

_optuna = partial(import_optional, "optuna", "sweep")
OWN = "study.db"  # in a sweep's folder, if no other storage was asked for


def lasting(url: str, folder: Path | None) -> str | None:
    """A storage's URL as a sweep's folder keeps it, from one that was typed in this folder.

    A file of SQLite is named in full, since a later call may come from elsewhere; one that lies in
    the folder is named relative to that, which may be moved; the folder's own is None.

    Raises
    ------
    ValueError
        Not a URL.
    """
    path = file_of(url)
    if path is None:
        return url
    path = path.resolve()
    if folder is not None and folder.resolve() in path.parents:
        path = path.relative_to(folder.resolve())
    return None if path == Path(OWN) else _with_file(url, path)


def located(kept: str | None, folder: Path) -> str:
    """A storage's URL for a call in this folder, from the one that a sweep's folder keeps."""
    if kept is None:
        return url_of(folder / OWN)
    path = file_of(kept)
    if path is None or path.is_absolute():
        return kept
    inside = folder / path
    # a relative one of an older bpfast was typed in some folder: it may be this one
    return _with_file(kept, path if path.exists() and not inside.exists() else inside)


def url_of(path: Path) -> str:
    """The URL of a file of SQLite, whatever its name."""
    from sqlalchemy.engine import URL

    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Have Optuna log warnings and errors alone, not each study that it makes or reads."""
    logging = _optuna().logging
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


@contextmanager
def opened(storage: Any) -> Iterator[Any]:
    """A storage of Optuna's, from its URL or as it is.

    A file that was made for it goes again if what follows raises.

    Raises
    ------
    ValueError, OSError, ImportError
        No URL; it cannot be opened; the package for its database is not installed.
    """
    if not isinstance(storage, str):
        yield storage
        return
    file = file_of(storage)
    new = file is not None and not file.exists()
    made = None
    try:
        with told(storage, "cannot be opened"):
            made = _optuna().storages.RDBStorage(storage)
        yield made
    except BaseException:
        if made is not None:
            made.remove_session()
            made.engine.dispose()
        if new and file is not None:
            file.unlink(missing_ok=True)
        raise


@contextmanager
def told(storage: Any, what: str) -> Iterator[None]:
    """Turn what a storage raises, whose types differ, into a line without the URL's password.

    Raises
    ------
    OSError
        In place of any other, but for ``ValueError`` and ``ImportError``.
    """
    try:
        yield
    except (ValueError, ImportError):
        raise
    except Exception as error:
        if not isinstance(storage, str):
            raise
        shown = _parsed(storage).render_as_string(hide_password=True)
        why = str(error).replace(storage, shown).splitlines()[0]
        raise OSError(
            f"storage {shown} {what}: {why}; expected a database that answers, or sqlite:///FILE "
            "in a folder that is there"
        ) from None


def file_of(url: str) -> Path | None:
    """The file of a URL of SQLite; None for other databases, and one in memory."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite" or "memory" in parsed.query.get("mode", ()):
        return None
    name = (parsed.database or ":memory:").removeprefix("file:")
    return None if name == ":memory:" else Path(name)


def _with_file(url: str, path: Path) -> str:
    parsed = _parsed(url)
    prefix = "file:" if (parsed.database or "").startswith("file:") else ""
    return parsed.set(database=f"{prefix}{path}").render_as_string(hide_password=False)


def _parsed(url: str) -> Any:
    _optuna()  # which brings SQLAlchemy
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        shown = re.sub(r":[^:/@]*@", ":***@", url)  # a password
        raise ValueError(f"storage={shown!r} is no URL such as sqlite:///study.db") from None

"""Files that are there whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from .errors import missing_extra


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Let ``write`` fill a file under a temporary name, and give it its own once it is whole."""
    temporary = path.with_name(f".{os.getpid()}.tmp.{path.name}")  # keeps the suffix
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, in UTF-8."""
    write_whole(path, lambda new: new.write_text(text, encoding="utf-8"))


def write_json(path: Path, contents: Any) -> None:
    """Write plain data as JSON; NaN and infinity, which JSON has not, are a ``ValueError``."""
    write_text(path, json.dumps(contents, indent=1, allow_nan=False) + "\n")


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed had not filled yet, while no other one writes here."""
    for temporary in folder.glob(".*.tmp.*"):
        temporary.unlink(missing_ok=True)


def make_folders(folder: Path) -> list[Path]:
    """Make a folder, with those above it, or none; gives the new ones, the deepest first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        remove_empty(missing)
        raise
    return missing


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the deepest first, as far as nothing is in them."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def write_tensors(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Write a safetensors file; after an ``OSError``, what was there before is as it was."""
    library = _safetensors()
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    try:
        write_whole(path, lambda new: library.numpy.save_file(tensors, new, metadata))
    except library.SafetensorError as error:
        raise OSError(f"{path} cannot be written: {error}") from None


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The tensors and the metadata of a safetensors file; another file is a ``ValueError``."""
    with _opened(path) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, file.metadata() or {}


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file alone; another file is a ``ValueError``."""
    with _opened(path) as file:
        return file.metadata() or {}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    library = _safetensors()
    if path.is_dir():  # safetensors speaks of a device there
        raise IsADirectoryError(f"{path} is a folder, expected a safetensors file")
    try:
        with library.safe_open(path, framework="numpy") as file:
            yield file
    except library.SafetensorError as error:
        raise ValueError(f"{path} is not a safetensors file: {error}") from None


def _safetensors():
    try:
        import safetensors.numpy
    except ImportError:
        raise missing_extra("safetensors", "export") from None
    return safetensors

"""Docstrings that list what tables have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Documented = TypeVar("Documented", bound=type)


def docstring(**lists: Iterable[str]) -> Callable[[Documented], Documented]:
    """A class decorator: each list, with commas, takes the place of its {name} in the docstring."""

    def fill(cls: Documented) -> Documented:
        for name, words in lists.items():
            cls.__doc__ = (cls.__doc__ or "").replace(f"{{{name}}}", ", ".join(words))
        return cls

    return fill

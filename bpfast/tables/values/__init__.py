"""What the values of a table mean: numbers, booleans, moments or words."""

from .typed import KindFinder, Typed, typed

__all__ = [
    "KindFinder",
    "Typed",
    "typed",
]

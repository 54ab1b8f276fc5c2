"""What the values of a table mean: numbers, truth values, moments or words."""

from .booleans import as_booleans
from .moments import as_moments
from .numbers import as_numbers
from .typed import KindFinder, Typed, Writing, typed
from .words import as_words

__all__ = [
    "KindFinder",
    "Typed",
    "Writing",
    "as_booleans",
    "as_moments",
    "as_numbers",
    "as_words",
    "typed",
]

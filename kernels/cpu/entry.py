"""Functions that are compiled by themselves, and what is known of them before they are."""

from __future__ import annotations

from dataclasses import dataclass

from .processor import Level
from .structs import Signature


@dataclass(frozen=True)
class Entry:
    """A function that is compiled by itself, for Python or for other functions to call.

    Attributes
    ----------
    module, function : where it is written, in this folder
    signature : what it is called with
    made_with : the name of the activation, loss or rule that a template is made with; empty where
        the function is none
    seconds : about how long it takes to compile
    """

    module: str
    function: str
    signature: Signature
    made_with: str = ""
    seconds: float = 0.3

    @property
    def name(self) -> str:
        """Its name among all."""
        return ".".join(filter(None, (self.module, self.function, self.made_with)))

    def file(self, dtype: str, level: Level) -> str:
        """The name of the file that its object code is kept in."""
        return f"{level.name}/{self.name}.{dtype}.o"

    def symbol(self, dtype: str) -> str:
        """Its name in its object."""
        return f"bpfast.{self.name}.{dtype}"


Wanted = tuple[Entry, str]  # an entry and a dtype

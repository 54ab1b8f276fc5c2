"""Ctrl-C as a flag, so that work ends where it can go on from."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Interrupts(list):
    """A handler of Ctrl-C that fills itself and the one that it stands in for.

    It begins as full as that one is. A second Ctrl-C raises: somebody is in a hurry.
    """

    def __init__(self, before: object) -> None:
        super().__init__(before if isinstance(before, _Interrupts) else ())
        self.before = before

    def __call__(self, *_: object) -> None:
        if self:
            raise KeyboardInterrupt
        self.append(True)
        if isinstance(self.before, _Interrupts) and not self.before:
            self.before.append(True)


@contextmanager
def interrupt_flag() -> Iterator[list]:
    """Ctrl-C fills the list instead of raising, so that no kernel is left half-way.

    A thread that is not the main one is given the list that the main one may have.
    """
    handler = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    flag = handler if isinstance(handler, _Interrupts) and not main else _Interrupts(handler)
    ours = main and callable(handler)
    if ours:
        signal.signal(signal.SIGINT, flag)
    try:
        yield flag
    finally:
        if ours:
            signal.signal(signal.SIGINT, handler)

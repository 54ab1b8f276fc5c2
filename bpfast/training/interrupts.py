"""Ctrl-C as a flag, so that work ends where it can go on from."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Flag(list):
    """A signal handler, and a list that is empty until Ctrl-C comes; a second Ctrl-C raises.

    Where the handler before it is such a flag too, this one begins as that one is, and Ctrl-C
    fills both.
    """

    def __init__(self, outer: object) -> None:
        super().__init__(outer if isinstance(outer, _Flag) else ())
        self.outer = outer

    def __call__(self, *_: object) -> None:
        if self:
            raise KeyboardInterrupt
        self.append(True)
        if isinstance(self.outer, _Flag) and not self.outer:
            self.outer.append(True)


@contextmanager
def interrupt_flag() -> Iterator[list]:
    """Ctrl-C fills the list instead of raising, so that no kernel is left half-way.

    Signals reach the main thread alone: other threads get its list, where it has one.
    """
    handler = signal.getsignal(signal.SIGINT)
    main = threading.current_thread() is threading.main_thread()
    flag = handler if isinstance(handler, _Flag) and not main else _Flag(handler)
    installed = main and callable(handler)
    if installed:
        signal.signal(signal.SIGINT, flag)
    try:
        yield flag
    finally:
        if installed:
            signal.signal(signal.SIGINT, handler)

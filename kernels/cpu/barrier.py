"""Where compiled functions of several threads wait for each other."""

from __future__ import annotations

import os

from numba import types

from .compile import internal
from .simd import fetch_add
from .threads import COUNT, GENERATION

SPINS = 2000  # looks at a barrier before a thread offers its core to others

if os.name == "posix":
    _sched_yield = types.ExternalFunction("sched_yield", types.int32())

    @internal
    def yield_core():
        """Offer the core to another thread."""
        _sched_yield()

else:

    @internal
    def yield_core():
        """Do nothing: this system's threads take turns by themselves."""


@internal
def barrier(counters, team):
    """Wait until all ``team`` threads are here."""
    if team == 1:
        return
    generation = fetch_add(counters, GENERATION, 0)
    if fetch_add(counters, COUNT, 1) == team - 1:
        fetch_add(counters, COUNT, -team)
        fetch_add(counters, GENERATION, 1)
        return
    spins = 0
    while fetch_add(counters, GENERATION, 0) == generation:
        spins += 1
        if spins > SPINS:
            yield_core()

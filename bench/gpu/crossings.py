"""From how many networks of a kind on a GPU pays: ``... .crossings KIND [--wait]``."""

from __future__ import annotations

import sys
from dataclasses import asdict

from ...kernels.cuda import device
from .. import crossing
from .tell import need_a_gpu, tell, wait_for_turn
from .workloads import REHEARSAL

KINDS = {kind.name: kind for kind in (*crossing.KINDS, REHEARSAL[0])}


def main() -> None:
    """Measure a kind; with ``--wait``, two sizes compile before it is this one's turn."""
    name, *flags = sys.argv[1:]
    need_a_gpu()
    kind, sizes = KINDS[name], (1, 4) if device.simulated() else crossing.SIZES
    if "--wait" in flags:
        crossing.measure(kind, sizes[:5:4], lambda words: None)
        wait_for_turn()
    found = crossing.measure(kind, sizes, lambda words: None)
    tell(**asdict(found), words=str(found), pays_from=found.pays_from)


if __name__ == "__main__":
    main()

"""From how many networks on a GPU pays, told for each kind of network as it is known."""

from __future__ import annotations

from dataclasses import asdict

from ...kernels.cuda import device
from .. import crossing
from .tell import need_a_gpu, tell
from .workloads import REHEARSAL


def main() -> None:
    """Measure each kind."""
    need_a_gpu()
    kinds, sizes = crossing.KINDS, crossing.SIZES
    if device.simulated():
        kinds, sizes = REHEARSAL[:1], (1, 4)
    for kind in kinds:
        found = crossing.measure(kind, sizes, lambda words: None)
        tell(**asdict(found), words=str(found), pays_from=found.pays_from)


if __name__ == "__main__":
    main()

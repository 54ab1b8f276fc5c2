"""``bench/gpu.sh OUT``: all that a GPU is to show, in one call of at most eight minutes.

Stages (:mod:`.plan`) run one after another, each process of theirs with a time limit, and each
saves its file as it goes. With ``--rehearse``, tiny sizes run in Numba's CUDA simulator, with
stand-ins for what is not there.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from ..measure import now
from .plan import SECONDS, stages
from .stages import Run
from .stand_ins import put_on_path


def main() -> int:
    """Run all stages; 0 if none failed."""
    parser = argparse.ArgumentParser(prog="bench/gpu.sh", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write to")
    parser.add_argument("--rehearse", action="store_true", help="tiny, and without a GPU")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    planned = stages(given.rehearse)
    given.out.mkdir(parents=True, exist_ok=True)
    for name in ("summary", *(stage.name for stage in planned)):
        (given.out / f"{name}.json").unlink(missing_ok=True)  # of an earlier run
    with tempfile.TemporaryDirectory() as folder:
        _environment(Path(folder), given.rehearse)
        run = Run(given.out, SECONDS, {"date": now(), "rehearsal": given.rehearse})
        return 0 if run.go(planned) else 1


def _environment(folder: Path, rehearse: bool) -> None:
    """What all processes see."""
    os.environ |= {
        "PYTHONUNBUFFERED": "1",  # what was said before a process was killed is not lost
        "CUPY_TF32": "0",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",  # others need memory, too
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "torch"),
        "TORCHINDUCTOR_COMPILE_THREADS": "4",
    }
    if rehearse:
        os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
        put_on_path(folder)

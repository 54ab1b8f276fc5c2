"""A progress bar for fits on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .history import Progress

BAR_WIDTH = 24


class Bar:
    """One line on stderr, drawn over itself: share done, rate and time left."""

    def show(self, progress: Progress) -> None:
        """Draw how far a fit is."""
        share = progress.done / progress.total
        filled = int(share * BAR_WIDTH)
        left = progress.seconds * (1.0 / share - 1.0) if share > 0 else float("inf")
        sys.stderr.write(
            f"\r[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {share:4.0%}  "
            f"{progress.rate:.2e} sample-updates/s  {left:.0f} s left \x1b[K"
        )
        sys.stderr.flush()

    def close(self) -> None:
        """End the line."""
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

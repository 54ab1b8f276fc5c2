"""Splits by time: networks are scored on later rows than they are trained on."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..errors import import_optional
from ..tables.splitting import Parts

_model_selection = partial(import_optional, "sklearn.model_selection", "sweep")


class TimeOrder:
    """Splits rows by their times; rows of equal times stay together.

    Parameters
    ----------
    times : (samples,) numbers or dates; text is read as ISO dates

    Raises
    ------
    TypeError, ValueError
        Times of another shape, that are missing, or that are neither numbers nor dates.
    """

    def __init__(self, times: np.ndarray, samples: int) -> None:
        self._times = _check_times(times, samples)
        self.order = np.argsort(self._times, kind="stable")

    def parts(self, validation: float, test: float) -> Parts:
        """The latest rows are the test part, and those before them the validation part."""
        rows, shares = len(self.order), (validation + test, *([test] if test else []))
        cuts = self._cut(self.order, [rows - share * rows for share in shares])
        parts = [np.sort(part) for part in np.split(self.order, cuts)]
        return Parts(*parts, *([] if test else [np.empty(0, np.int64)]))

    def hold_out(self, share: float) -> np.ndarray:
        """(samples,) bool: the latest rows, the test part of a cross-validation."""
        is_test = np.zeros(len(self.order), bool)
        if share:
            (cut,) = self._cut(self.order, [len(self.order) * (1 - share)])
            is_test[self.order[cut:]] = True
        return is_test

    def windows(
        self, rows: np.ndarray, k: int, share: float | None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows before each of k windows, and the rows in it: the windows of TimeSeriesSplit.

        Parameters
        ----------
        rows : sorted by time
        share : of ``rows`` for each window; None for k + 1 parts that are as large as each other
        """
        if k > len(rows) - 1:
            raise ValueError(
                f"cv={k} windows of time need a row each, and one before them: {len(rows)} are not "
                "in the test part"
            )
        size = None if share is None else max(1, round(share * len(rows)))
        if size is not None and size * k >= len(rows):
            raise ValueError(
                f"cv={k} windows of {size} rows leave none of {len(rows)} for training: give fewer "
                "windows, or a smaller share for validation"
            )
        splitter = _model_selection().TimeSeriesSplit(k, test_size=size)
        cuts = self._cut(rows, [window[0] for _, window in splitter.split(rows)])
        ends = [*cuts[1:], len(rows)]
        return [
            (np.sort(rows[:start]), np.sort(rows[start:end]))
            for start, end in zip(cuts, ends, strict=True)
        ]

    def _cut(self, rows: np.ndarray, wanted: list[float]) -> list[int]:
        """Where to cut ``rows``, sorted by time: as near as can be, and not between equal times."""
        times = self._times[rows]
        starts = np.flatnonzero(np.r_[True, times[1:] != times[:-1]])
        if len(starts) <= len(wanted):
            raise ValueError(
                f"{len(rows)} rows have {len(starts)} different times, too few for "
                f"{len(wanted) + 1} parts: rows of equal times stay together"
            )
        cuts, end = [], len(starts)
        for left in range(len(wanted), 0, -1):  # parts before this cut
            there = starts[left:end]
            nearest = int(np.abs(there - wanted[left - 1]).argmin())
            end = left + nearest
            cuts.append(int(starts[end]))
        return cuts[::-1]


def _check_times(times: np.ndarray, samples: int) -> np.ndarray:
    """Times that can be sorted."""
    times = np.asarray(times)
    if times.shape != (samples,):
        raise ValueError(f"time_column has shape {times.shape}, expected ({samples},)")
    if times.dtype.kind not in "iufMmb":
        try:
            times = times.astype("datetime64[us]")
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"time_column must be numbers, or dates such as 2024-12-31: {error}"
            ) from None
    missing = np.isnan(times) if times.dtype.kind in "fMm" else np.zeros(samples, bool)
    if missing.any():
        raise ValueError(
            f"time_column is missing in {missing.sum()} of {samples} rows, first at index "
            f"{int(missing.argmax())}: such rows are neither early nor late; fill or drop them"
        )
    return times

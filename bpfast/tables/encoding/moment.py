"""Columns of dates and times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import numpy as np

from .column import Column, FittedColumn
from .input_scales import fit_scaler
from .left_out import LeftOut
from .raw import read_moments
from .sentences import lacking, missing_in_all, same_in_all

SECOND = 1_000_000  # in microseconds, which moments are counted in since 1970
DAY = 86_400 * SECOND
# Parts that come round again, and after how many of what `part_of` counts. Each is two inputs, its
# sine and cosine: December is as near to January as January to February.
CYCLES = {"month": 12.0, "day": 31.0, "weekday": 7.0, "hour": 24.0}
PARTS = ("year", *CYCLES, "elapsed days")


@dataclass(frozen=True, kw_only=True)
class Moment(Column):
    """Dates and times: their parts, and the days since the first.

    Parameters
    ----------
    parts : those of PARTS that vary in the training rows
    first, median : of the training rows, in microseconds since 1970; the median is taken where a
        moment is missing
    date_format : how text writes dates, of ``values.moments.FORMATS``; "" to see it from the text
    missing, rows : how many training rows lack the moment, of how many; if any, an input says so
    """

    parts: tuple[str, ...]
    first: int
    median: int
    date_format: str = ""
    missing: int = 0
    rows: int = 0
    kind: ClassVar[str] = "moment"

    @property
    def features(self) -> list[str]:
        names = []
        for part in self.parts:
            names += [f"{part} sin", f"{part} cos"] if part in CYCLES else [part]
        if self.missing:
            names.append("is missing")
        return [f"{self.name} {name}" for name in names]

    @property
    def bounded(self) -> list[bool]:
        bounded = []
        for part in self.parts:
            bounded += [True, True] if part in CYCLES else [False]
        return [*bounded, True] if self.missing else bounded

    @property
    def done(self) -> str:
        since = "midnight" if self.is_time_of_day else _show(self.first)[:10]
        done = ", ".join(
            [*(part for part in self.parts if part != PARTS[-1]), f"days since {since}"]
        )
        return done + lacking(self.missing, self.rows)

    @property
    def is_time_of_day(self) -> bool:
        """Whether the training rows' moments are times of day, which are those of 1970-01-01."""
        return 0 <= self.first < DAY and self.parts == ("hour", PARTS[-1])

    def inputs(self, values) -> Iterator[np.ndarray]:
        moments, missing = read_moments(self.name, values, self.date_format, self.marks)
        return self.inputs_of(moments % DAY if self.is_time_of_day else moments, missing)

    def inputs_of(self, moments: np.ndarray, missing: np.ndarray) -> Iterator[np.ndarray]:
        """The inputs for microseconds since 1970, and whether each is missing."""
        moments = np.where(missing, self.median, moments)
        for part in self.parts:
            if part in CYCLES:
                angle = part_of(moments, part) * (2.0 * np.pi / CYCLES[part])
                # rounded, since the sine of π is not quite zero: a scaler would take it for a
                # number that varies
                yield np.sin(angle).round(12)
                yield np.cos(angle).round(12)
            elif part == "year":
                yield part_of(moments, part)
            else:
                yield (moments - self.first) / DAY
        if self.missing:
            yield missing.astype(np.float64)


def part_of(moments: np.ndarray, part: str) -> np.ndarray:
    """A part of microseconds since 1970: the year, or what CYCLES counts, from 0."""
    dates = moments.view("datetime64[us]")
    if part == "year":
        return dates.astype("datetime64[Y]").astype(np.int64) + 1970.0
    if part == "month":
        return dates.astype("datetime64[M]").astype(np.int64) % 12.0
    if part == "day":
        days = dates.astype("datetime64[D]")
        return (days - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.float64)
    if part == "weekday":
        return (moments // DAY + 3.0) % 7.0  # 1970 began on a Thursday
    return moments % DAY / (3600.0 * SECOND)


def fit_moment(name: str, values: Any, keep: bool = False) -> FittedColumn | LeftOut:
    """What the training rows' values say of a column of dates and times.

    ``keep`` says that a column of one moment must be kept.
    """
    moments, missing = read_moments(name, values)
    present = np.sort(moments[~missing])
    if not len(present):
        return LeftOut(name=name, reason=missing_in_all(len(moments)))
    if present[0] == present[-1] and not (keep or missing.any()):
        return LeftOut(name=name, reason=same_in_all(_show(present[0]), len(moments)))
    column = Moment(
        name=name,
        parts=tuple(part for part in PARTS if part == PARTS[-1] or np.ptp(part_of(present, part))),
        first=int(present[0]),
        median=int(present[(len(present) - 1) // 2]),
        missing=int(missing.sum()),
        rows=len(moments),
    )
    return FittedColumn(column, fit_scaler(column.inputs_of(moments, missing), column.bounded))


def _show(moment: int) -> str:
    """A moment, without a time of day at midnight."""
    shown = datetime(1970, 1, 1) + timedelta(microseconds=int(moment))
    return str(shown).removesuffix(" 00:00:00")

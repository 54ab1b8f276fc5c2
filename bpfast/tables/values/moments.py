"""Dates and times as people write them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import polars as pl

from .batch import Batch
from .marks import MARKS, to_text, without_marks
from .strays import MOST_STRAYS, Strays

FIRST_WORDS = 50  # of a batch, in which most formats are seen not to be its own
COMPACT, COMPACT_RANGE = "%Y%m%d", (19000101, 20991231)
TIME_OF_DAY = "time of day"  # in place of a date's format, in a column of times alone
_DAY, _YEAR, _SHORT_YEAR, _MONTH = "[0-9]{1,2}", "[12][0-9]{3}", "[0-9]{2}", "[A-Za-z]{3,9}"
# How dates are written, and what each looks like. Of several that fit a column, the first is it.
FORMATS = {
    "%Y-%m-%d": f"{_YEAR}-{_DAY}-{_DAY}",
    "%Y/%m/%d": f"{_YEAR}/{_DAY}/{_DAY}",
    "%Y.%m.%d": rf"{_YEAR}\.{_DAY}\.{_DAY}",
    "%m/%d/%Y": f"{_DAY}/{_DAY}/{_YEAR}",
    "%d/%m/%Y": f"{_DAY}/{_DAY}/{_YEAR}",
    "%m-%d-%Y": f"{_DAY}-{_DAY}-{_YEAR}",
    "%d-%m-%Y": f"{_DAY}-{_DAY}-{_YEAR}",
    "%d.%m.%Y": rf"{_DAY}\.{_DAY}\.{_YEAR}",
    "%m/%d/%y": f"{_DAY}/{_DAY}/{_SHORT_YEAR}",
    "%d/%m/%y": f"{_DAY}/{_DAY}/{_SHORT_YEAR}",
    "%m-%d-%y": f"{_DAY}-{_DAY}-{_SHORT_YEAR}",
    "%d-%m-%y": f"{_DAY}-{_DAY}-{_SHORT_YEAR}",
    "%d.%m.%y": rf"[0-9]{{2}}\.[0-9]{{2}}\.{_SHORT_YEAR}",
    "%Y%m%d": "(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",
    "%d-%B-%Y": f"{_DAY}-{_MONTH}-{_YEAR}",
    "%d-%B-%y": f"{_DAY}-{_MONTH}-{_SHORT_YEAR}",
    "%d %B %Y": f"{_DAY} {_MONTH} {_YEAR}",
    "%d. %B %Y": rf"{_DAY}\. {_MONTH} {_YEAR}",
    "%d %B %y": f"{_DAY} {_MONTH} {_SHORT_YEAR}",
    "%B %d, %Y": f"{_MONTH} {_DAY}, {_YEAR}",
    "%B %d %Y": f"{_MONTH} {_DAY} {_YEAR}",
    "%Y-%m": f"{_YEAR}-[0-9]{{2}}",
    "%B %Y": f"{_MONTH} {_YEAR}",
    "%B-%Y": f"{_MONTH}-{_YEAR}",
}
MONTH_FIRST = {"%m/%d/%Y": "%d/%m/%Y", "%m-%d-%Y": "%d-%m-%Y"}
MONTH_FIRST |= {
    month.replace("Y", "y"): day.replace("Y", "y") for month, day in MONTH_FIRST.items()
}
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
_CLOCK += r"|[0-9]{2}\.[0-9]{2}\.[0-9]{2}|[0-9]{6}"
_TIME = rf"(?P<clock>{_CLOCK})\s?(?P<half>[AaPp]\.?[Mm]\.?)?"
_OFFSET = r"(?:\s?(?P<offset>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?"
_DATE = f"(?P<date>{'|'.join(dict.fromkeys(FORMATS.values()))})"
_PATTERN = rf"^{_WEEKDAY}{_DATE}(?:(?:T|,?\s+){_TIME}{_OFFSET})?$"
_PATTERN_OF_TIMES = f"^{_TIME}$"


def as_moments(
    series: pl.Series, date_format: str | None = None, missing: Collection[str] = ()
) -> pl.Series:
    """A column that is known to be moments, as Datetime in microseconds (UTC where it has a zone).

    Times of day are those of 1970-01-01.

    Parameters
    ----------
    series : of dates, times, or text in which these are written
    date_format : of :data:`FORMATS`, how dates are written in text, or ``TIME_OF_DAY``; seen from
        the text if not given
    missing : words that stand for missing values, beside :data:`.marks.MARKS`

    Raises
    ------
    ValueError
        A value that is no moment.
    """
    if series.dtype.is_temporal() and not isinstance(series.dtype, pl.Duration):
        return _to_datetime(series)
    words = without_marks(to_text(series), MARKS, missing)
    if date_format == COMPACT:  # integers are floats in a table that has no holes for them
        words = words.str.replace(r"\.0$", "")
    if date_format is None:
        evidence = MomentEvidence()
        evidence.see_words(words.alias("word").drop_nulls().value_counts(name="count"))
        date_format = evidence.date_format(may_stray=False)
    moments = _to_datetime(read_moments(words, date_format or "%Y-%m-%d"))
    bad = words.is_not_null() & moments.is_null()
    if bad.any() and date_format != TIME_OF_DAY:  # ISO dates are beyond doubt
        moments = moments.zip_with(~bad, _to_datetime(read_moments(words, "%Y-%m-%d")))
        bad &= moments.is_null()
    if bad.any():
        row = int(bad.arg_max() or 0)
        raise ValueError(
            f"column {series.name!r} has {words[row]!r} in row {row + 1}, expected dates or times "
            f"like {example(date_format or '%Y-%m-%d')}"
        )
    return moments


def read_moments(words: pl.Series, date_format: str) -> pl.Series:
    """The moments that are written in trimmed text; null where there is none.

    Datetime, or Time for ``TIME_OF_DAY``.
    """
    pattern = _PATTERN_OF_TIMES if date_format == TIME_OF_DAY else _PATTERN
    parts = words.str.extract_groups(pattern).struct.unnest()
    clock = _read_clock(parts["clock"], parts["half"])
    if date_format == TIME_OF_DAY:
        return clock
    written = parts["date"].set(~parts["date"].str.contains(f"^{FORMATS[date_format]}$"), None)
    written = written.str.replace(r"(?i)\bsept\b", "Sep")
    if "%d" not in date_format:  # a month: its first day
        written, date_format = "1 " + written, f"%d {date_format}"
    dates = written.str.to_date(date_format, strict=False).cast(pl.Datetime("us"))
    since_midnight = (clock.cast(pl.Int64) // 1000).fill_null(0)
    microseconds = dates.cast(pl.Int64) + since_midnight - _read_offset(parts["offset"])
    wrong_clock = parts["clock"].is_not_null() & clock.is_null()
    return microseconds.set(wrong_clock, None).cast(pl.Datetime("us"))


def example(date_format: str) -> str:
    """The last day of a year, as a format writes it."""
    if date_format == TIME_OF_DAY:
        return "23:59"
    return date(2024, 12, 31).strftime(date_format)


@dataclass(frozen=True)
class MomentKind:
    """A column of text in which moments are written.

    Attributes
    ----------
    date_format : how dates are written, of :data:`FORMATS`, or ``TIME_OF_DAY``
    dtype : Date, Datetime or Time
    missing : words that stand for missing values, beside the marks
    note : what was done with the column
    """

    date_format: str
    dtype: pl.DataType
    missing: tuple[str, ...]
    note: str

    def convert(self, text: pl.Series) -> pl.Series:
        """The moments of some rows."""
        words = without_marks(text, MARKS, self.missing)
        return read_moments(words, self.date_format).cast(self.dtype)


class MomentEvidence:
    """What speaks for and against a column of text being dates or times.

    Parameters
    ----------
    missing : words that stand for missing values, beside the marks
    """

    def __init__(self, missing: Collection[str] = ()) -> None:
        self.missing = tuple(missing)
        self.values = 0
        self.strays = {date_format: Strays() for date_format in (*FORMATS, TIME_OF_DAY)}
        self.has_times = False
        self.has_offsets = False

    def see(self, batch: Batch) -> None:
        """Take in a batch of rows."""
        if batch.has_numbers:
            self._see_numbers(batch)
        if self.strays and batch.rest.height:
            self.see_words(batch.rest)

    def _see_numbers(self, batch: Batch) -> None:
        """Take in a batch with numbers: in a column of dates these are all like 20241231."""
        may_be_dates = COMPACT in self.strays and not batch.infinite
        may_be_dates &= bool(batch.plain_numbers.is_between(*COMPACT_RANGE).all())
        if not may_be_dates or read_moments(batch.plain, COMPACT).null_count():
            self.strays.clear()
            return
        self.values += batch.plain.len()
        self.strays = {COMPACT: self.strays[COMPACT]}

    def see_words(self, rest: pl.DataFrame) -> None:
        """Take in trimmed words that are no marks: columns ``word``, each once, and ``count``."""
        self.values += int(rest["count"].sum())
        words = rest["word"]
        self._leave_out_formats(words.head(FIRST_WORDS))
        if not _are_like_moments(words).any():
            for strays in self.strays.values():
                strays.add(rest)
            return
        for date_format, strays in self.strays.items():
            strays.add(rest.filter(read_moments(words, date_format).is_null()))
        parts = words.str.extract_groups(_PATTERN).struct.unnest()
        self.has_times |= bool(parts["clock"].is_not_null().any())
        self.has_offsets |= bool(parts["offset"].is_not_null().any())

    def _leave_out_formats(self, words: pl.Series) -> None:
        """Drop the formats in which too many of some words are none: most, for a quick look."""
        like_moments = _are_like_moments(words)
        if words.len() - int(like_moments.sum()) > MOST_STRAYS:
            self.strays.clear()
        elif like_moments.any():
            self.strays = {
                date_format: strays
                for date_format, strays in self.strays.items()
                if not strays.too_many
                and read_moments(words, date_format).null_count() <= MOST_STRAYS
            }

    def date_format(self, may_stray: bool = True) -> str | None:
        """How dates are written, ``TIME_OF_DAY``, or None for a column that is no moments."""
        fit = [
            date_format
            for date_format, strays in self.strays.items()
            if strays.total < self.values and (strays.are_few(self.values) or not may_stray)
        ]
        return min(fit, key=lambda date_format: self.strays[date_format].total, default=None)

    def kind(self, date_format: str) -> MomentKind:
        """The column as moments, where what is none counts as missing."""
        strays = self.strays[date_format]
        dtype: pl.DataType = pl.Datetime("us") if self.has_times else pl.Date()
        if date_format == TIME_OF_DAY:
            dtype = pl.Time()
        missing = (*self.missing, *sorted(strays.counts))
        return MomentKind(date_format, dtype, missing, self._note(date_format))

    def _note(self, date_format: str) -> str:
        done = []
        if not date_format.startswith(("%Y-%m", TIME_OF_DAY)):
            done.append(f"dates written like {example(date_format)}")
        other = self.strays.get(MONTH_FIRST.get(date_format, ""))
        if other and other.total == self.strays[date_format].total:
            done.append("the month first, since no day above 12 says otherwise")
        if self.has_offsets:
            done.append("times in UTC")
        if self.strays[date_format].total:
            done.append(f"{self.strays[date_format]}, which counts as missing")
        return "; ".join(done)


def _are_like_moments(words: pl.Series) -> pl.Series:
    """Whether words look like dates or times in any format."""
    return words.str.contains(_PATTERN) | words.str.contains(_PATTERN_OF_TIMES)


def _read_clock(clock: pl.Series, half: pl.Series) -> pl.Series:
    """Times of day as Time, from text like 14:05, or 2:05:30.5 with a.m. or p.m. beside it."""
    short = clock.str.contains("^[0-9]+:[0-9]+$")
    clock = clock.str.replace(",", ".", literal=True)
    clock = clock.str.replace(r"^([0-9]{2})\.?([0-9]{2})\.?([0-9]{2})$", "$1:$2:$3")
    clock = clock.zip_with(~short.fill_null(False), clock + ":00")
    if half.null_count() == half.len():
        return clock.str.to_time("%H:%M:%S%.f", strict=False)
    halves = clock + " " + half.str.replace_all(".", "", literal=True)
    of_half = halves.str.to_time("%I:%M:%S%.f %p", strict=False)
    whole = clock.str.to_time("%H:%M:%S%.f", strict=False)
    return of_half.zip_with(half.is_not_null(), whole)


def _read_offset(offset: pl.Series) -> pl.Series:
    """Offsets from UTC in microseconds, of text like Z, +02:00 or -0530; 0 where there is none."""
    parts = offset.str.extract_groups("(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})?")
    fields = parts.struct.unnest()
    minutes = fields["hours"].cast(pl.Int64).fill_null(0) * 60
    minutes += fields["minutes"].cast(pl.Int64).fill_null(0)
    signed = minutes.zip_with((fields["sign"] != "-").fill_null(True), -minutes)
    return signed * 60_000_000


def _to_datetime(moments: pl.Series) -> pl.Series:
    """Dates, datetimes and times of day as Datetime without a zone."""
    if moments.dtype == pl.Time:
        return (moments.cast(pl.Int64) // 1000).cast(pl.Datetime("us"))
    if getattr(moments.dtype, "time_zone", None):
        moments = moments.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return moments.cast(pl.Datetime("us"))

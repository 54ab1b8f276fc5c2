"""Tables with types and holes, drawn by a seed, and what others do to them."""

import numpy as np
import polars as pl


def draw_table(seed, rows=600):
    """A table of all kinds of columns, with holes, and its target."""
    rng = np.random.default_rng(seed)
    days = np.datetime64("2019-01-01") + rng.integers(0, 900, rows).astype("timedelta64[D]")
    frame = pl.DataFrame(
        {
            "number": rng.normal(50.0, 20.0, rows),
            "integer": rng.integers(0, 9, rows),
            "truth": rng.random(rows) < 0.3,
            "deck": rng.choice([*"abcdefg"], rows, p=[0.4, 0.3, 0.2, 0.08, 0.015, 0.004, 0.001]),
            "zone": [f"zone {k}" for k in rng.integers(0, 70, rows)],
            "day": days,
            "time": days + rng.integers(0, 86_400 * 1000, rows).astype("timedelta64[ms]"),
            "person": [f"person {k}" for k in range(rows)],
            "same": ["the same"] * rows,
        }
    )
    holes = rng.random((rows, frame.width)) < 0.05
    holes[:, -1] = False
    return punch(frame, holes), rng.integers(0, 3, rows)


def punch(frame, holes):
    """The table without the values where ``holes`` is true."""
    columns = []
    for series, missing in zip(frame, holes.T, strict=True):
        kept = pl.Series(~missing)
        columns.append(pl.select(pl.when(kept).then(series).alias(series.name)).to_series())
    return pl.DataFrame(columns)


def spoil(frame, rows, seed):
    """The table with other values in some rows: new words, holes, extreme numbers and dates."""
    rng = np.random.default_rng(seed)
    columns = []
    for series in frame:
        values = series.to_list()
        for row in rows:
            values[row] = _other_value(series.dtype, rng)
        columns.append(pl.Series(series.name, values, dtype=series.dtype))
    return pl.DataFrame(columns)


def _other_value(dtype, rng):
    if rng.random() < 0.2:
        return None
    if dtype == pl.Boolean:
        return bool(rng.random() < 0.9)
    if dtype.is_float():
        return float(rng.choice([np.nan, 1e300, -1e300, 1e-300, 7.0]))
    if dtype.is_integer():
        return int(rng.integers(-(2**40), 2**40))
    if dtype.is_temporal():
        moment = pl.Series([int(rng.integers(-(10**9), 10**9))]).cast(pl.Datetime("us"))
        return moment.cast(dtype)[0]
    return f"new {rng.integers(0, 1000)}"

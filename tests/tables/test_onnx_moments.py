"""Dates and times in ONNX have the parts that their encoding gives them, in any century."""

from datetime import datetime

import numpy as np
import pytest
from numpy.testing import assert_allclose

from bpfast.tables.encoding.moment import PARTS, Moment
from bpfast.tables.onnx_moments import add_moment
from bpfast.training.onnx_graph import Graph

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
pl = pytest.importorskip("polars")

START = datetime(1970, 1, 1)
YEARS = (1, 1600, 1899, 1900, 1970, 1999, 2000, 2004, 2100, 9999)
OF_TIMES = ("hour", "elapsed days")  # of a column of times of day, whatever the date is
DAYS = ((1, 1), (2, 28), (3, 1), (12, 31))


def encoded(column, seconds):
    graph = Graph()
    value = add_moment(graph, column, graph.input("when", np.float64, 1))
    proto = graph.model(value, np.float64, len(column.features))
    session = runtime.InferenceSession(proto.SerializeToString())
    return session.run(None, {"when": seconds})[0]


def moments_of(rng):
    """Moments of 10,000 years, the days around leap days among them."""
    known = [datetime(year, *day) for year in YEARS for day in DAYS]
    known += [datetime(year, 2, 29, 23, 59, 59) for year in (1904, 2000, 2004)]
    seconds = [(moment - START).total_seconds() for moment in known]
    any_ = rng.integers(int(min(seconds)), int(max(seconds)), 500)
    near = rng.integers(0, 2_000_000_000, 500) + rng.integers(0, 1000, 500) / 1000
    return np.concatenate([seconds, any_, near, [-1.0, 0.0, 1.0]])


@pytest.mark.parametrize(
    ("parts", "first"),
    [(PARTS, 10**12), (("elapsed days",), 10**12), (("month", "weekday"), 0), (OF_TIMES, 0)],
)
@pytest.mark.parametrize("missing", [0, 3])
def test_parts_are_those_of_the_encoding(parts, first, missing):
    seconds = moments_of(np.random.default_rng(0))
    micro = (seconds * 1e6).round().astype(np.int64)
    column = Moment(name="when", parts=parts, first=first, median=first, missing=missing, rows=9)
    series = pl.Series("when", [*micro, None], pl.Int64).cast(pl.Datetime("us"))
    found = encoded(column, np.append(seconds, np.nan)[:, None])
    assert_allclose(found, column.encode(series), rtol=1e-9, atol=1e-9)

"""Inspections as sweeps leave them, made by hand for tests of what reads and draws them."""

import numpy as np
from hypothesis import strategies as st

from bpfast.reporting.inspection.found import MOMENTS, NUMBERS, WORDS, Dependence, Inspection

DECILES = np.arange(1, 10) / 10
DAYS = np.datetime64("2024-02-28T12:00", "us") + np.arange(40) * np.timedelta64(1, "D")
TOWN = "a town <of a long name>"


def dependence(rng, kind, outputs, points=7, lacking=0):
    """Of drawn values, with predictions that are probabilities."""
    average = rng.dirichlet(np.ones(outputs + 1), points).T[:outputs]
    singles = average[0] + 0.1 * rng.normal(size=(5, points)) if outputs == 1 else []
    made = {
        "average": np.round(average, 6).tolist(),
        "individual": np.round(singles, 6).tolist(),
        "missing": rng.random(outputs).tolist() if lacking else [],
        "lacking": lacking,
    }
    if kind == WORDS:
        words = [TOWN, *map(str, range(20))][:points]
        return Dependence(WORDS, words, counts=rng.integers(1, 90, points).tolist(), **made)
    values = np.sort(10.0 ** rng.uniform(-2, 3, points))
    if kind == MOMENTS:
        values = np.sort(rng.choice(DAYS, points, replace=False))
        marks = np.quantile(values, DECILES, method="inverted_cdf")
        return Dependence(
            MOMENTS, values.astype(str).tolist(), deciles=marks.astype(str).tolist(), **made
        )
    return Dependence(
        NUMBERS, values.tolist(), deciles=np.quantile(values, DECILES).tolist(), **made
    )


def inspection(seed=0, outputs=("1",), columns=12, repeats=5, curves=4, **other):
    """Of columns c0, c1, ..., of which some do harm; the first ones have curves of all kinds."""
    rng = np.random.default_rng(seed)
    falls = np.sort(rng.normal(0.05, 0.05, columns))[::-1, None]
    falls = falls + 0.02 * rng.normal(size=(columns, repeats))
    kinds = [NUMBERS, WORDS, MOMENTS]
    drawn = {
        f"c{k}": dependence(rng, kinds[k % 3], len(outputs), int(rng.integers(1, 16)), k % 2)
        for k in range(curves)
    }
    said = {
        "of": "ensemble",
        "part": "test",
        "rows": rng.permutation(1000)[:60].tolist(),
        "out_of": 60,
        "metric": "neg_log_loss",
        "score": -0.4321,
        "importance": {f"c{k}": own.tolist() for k, own in enumerate(falls)},
        "outputs": list(outputs) if curves else [],
        "average": rng.random(len(outputs)).tolist() if curves else [],
        "curve_rows": 50 if curves else 0,
        "curves": drawn,
    }
    return Inspection(**said | other)


@st.composite
def inspections(draw):
    """Of few columns or many, of one output or several, of all rows or some; scores may be lost."""
    columns = draw(st.sampled_from((1, 3, 30)))
    repeats = draw(st.sampled_from((1, 5)))
    found = inspection(
        seed=draw(st.integers(0, 2**32 - 1)),
        outputs=draw(st.sampled_from((("yes",), ("a", "b", "c")))),
        columns=columns,
        repeats=repeats,
        curves=draw(st.integers(0, min(columns, 9))),
        part=draw(st.sampled_from(("test", "validation", "train", ""))),
        out_of=draw(st.sampled_from((60, 4000))),
        metric=draw(st.sampled_from(("neg_log_loss", "accuracy"))),
    )
    if draw(st.booleans()):
        found.importance["c0"][0] = float("nan")
    if draw(st.booleans()):
        for falls in found.importance.values():
            falls[:] = [-abs(fall) for fall in falls]
    return found

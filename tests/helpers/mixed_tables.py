"""A table with columns of every kind, models of it, and its rows as ONNX takes them."""

from datetime import datetime, timedelta

import numpy as np
from hypothesis import strategies as st

import bpfast as bp
from bpfast.tables.encoding import fit

ROWS = 400
MOMENTS = ("when",)
WORDS = ("deck", "zone", "size")
TARGETS = {
    "classes": {"classes": ["cat", "dog", "fox"], "target_names": ("pet",)},
    "numbers": {"target_scaler": bp.Scaler(np.array(2.0), np.array(0.5)), "transform": "log"},
    "counts": {"target_scaler": bp.Scaler(np.array(2.0), np.array(0.5)), "transform": "log1p"},
    "outputs": {
        "target_scaler": bp.Scaler(np.array([1e3, 5.0]), np.array([10.0, 2.0])),
        "target_names": ("price", "tip"),
    },
    "labels": {"labels": {"large": ["no", "yes"], "colour": ["blue", "red"]}},
}
ANY_ENSEMBLE = {  # what hypothesis draws ensembles by
    "kind": st.sampled_from([*TARGETS]),
    "members": st.integers(1, 8),
    "folds": st.integers(1, 3),
    "seed": st.integers(0, 999),
    "dtype": st.sampled_from(["float32", "float64"]),
    "temperature": st.sampled_from([0.5, 1.0, 3.0]),
}
LAYERS = {
    "classes": (3, "cross_entropy"),
    "numbers": (1, "mse"),
    "counts": (1, "mse"),
    "outputs": (2, "mse"),
    "labels": (2, "binary_cross_entropy"),
}


def table(rows=ROWS, seed=0):
    """Numbers, truths, words few and many, and moments, most with holes."""
    import polars as pl

    rng = np.random.default_rng(seed)
    start = datetime(1999, 2, 27, 21, 30)
    holes = {name: rng.random(rows) < 0.1 for name in ("age", "deck", "zone", "when")}
    columns = {
        "age": rng.normal(40.0, 9.0, rows),
        "fare": 1e6 + rng.normal(size=rows),
        "deck": rng.choice(["A", "B", "C"], rows, p=[0.6, 0.399, 0.001]),
        "zone": [f"zone {k}" for k in rng.integers(60, size=rows)],
        "size": rng.choice(["1", "2", "10"], rows),
        "alone": rng.random(rows) < 0.5,
        "when": [start + timedelta(minutes=float(m)) for m in rng.integers(0, 4_000_000, rows)],
        "always": ["same"] * rows,
    }
    frame = pl.DataFrame(columns)
    return frame.with_columns(
        pl.when(pl.lit(pl.Series(~hole))).then(pl.col(name)).alias(name)
        for name, hole in holes.items()
    )


def new_rows():
    """Rows as they come later: holes, unknown words, in another order and with more columns."""
    import polars as pl

    rows = table(50, seed=1)
    later = rows.with_columns(
        age=pl.lit(None, pl.Float64),
        fare=pl.lit(None, pl.Float64),
        deck=pl.lit("Z"),
        zone=pl.lit("the moon"),
        size=pl.lit(None, pl.String),
        alone=pl.lit(None, pl.Boolean),
    )
    return pl.concat([rows, later.head(5)]).select(pl.lit(7).alias("more"), *rows.columns[::-1])


def model(kind="classes", activation="tanh", dtype="float32"):
    """A network that predicts a kind of target from the table; it is not trained."""
    frame = table()
    target = np.random.default_rng(2).integers(3, size=ROWS)
    fitted = fit(frame, np.arange(ROWS), target, 3, categorical=["size"])
    outputs, loss = LAYERS[kind]
    mlp = bp.MLP((len(fitted.encoding.features), 8, outputs), activation, loss)
    network = bp.Population(mlp, 1, init="torch", dtype=dtype)
    return bp.Model(network, fitted.scaler, columns=fitted.encoding, **TARGETS[kind])


def raw_columns(frame, model):
    """A table's rows as the inputs of the model's ONNX."""
    import polars as pl

    inputs = {}
    for column in model.encoding.used:
        series = frame[column.name]
        if series.dtype.is_temporal():
            series = series.cast(pl.Datetime("us")).dt.timestamp("us") / 1e6
        if series.dtype == pl.String:
            values = series.fill_null("").to_numpy().astype(object)
        else:
            values = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
        inputs[column.name] = values[:, None]
    return inputs

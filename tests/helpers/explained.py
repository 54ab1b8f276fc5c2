"""A table of which the truth is known, and networks that were trained on it."""

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl

import bpfast as bp
from bpfast.tables.encoding.expansion import Expansion
from bpfast.tables.ensemble import Ensemble
from bpfast.tables.member import Member

_rng = np.random.default_rng(0)
_AREA, _COLOUR = _rng.normal(size=120), _rng.choice(["red", "blue", "green"], 120)
_PRICE = 3.0 * _AREA + 2.0 * (_COLOUR == "red")
HOUSES = pl.DataFrame(
    {
        "area": np.where(_rng.random(120) < 0.1, np.nan, _AREA),
        "colour": _COLOUR,
        "price": 100.0 + _PRICE,
        "kind": np.where(_PRICE > 0.5, "dear", "cheap"),
        "noise": _rng.normal(size=120),
    },
)


@cache
def models(target):
    """One that was trained, and one of another encoding that was not; noise is no input."""
    trained = bp.sweep(
        HOUSES,
        target,
        {"hidden": [4], "learning_rate": 0.05},
        drop=["noise", "kind" if target == "price" else "price"],
        networks=1,
        epochs=20,
        device="reference",
    ).model
    scaled = trained.input_info.scaled(HOUSES, np.float32)
    expansion = Expansion.fit("piecewise4", scaled, trained.encoding.bounded)
    mlp = trained.population.mlp
    other = bp.MLP((len(expansion.lines), 3, mlp.outputs), loss=mlp.loss)
    return trained, replace(trained, population=bp.Population(other, n=1), expansion=expansion)


def ensemble_of(some):
    """Models as members of an ensemble, the first of which weighs most."""
    weights = [0.75, *[0.25 / (len(some) - 1)] * (len(some) - 1)]
    members = [
        Member(k, 0, weight, model.population, model.input_info, model.target_scaler)
        for k, (model, weight) in enumerate(zip(some, weights, strict=True))
    ]
    first = some[0]
    return Ensemble(
        tuple(members), first.classes, first.target_names, metric=first.metric, temperature=1.5
    )

"""Ensembles of all kinds, of networks that are not trained."""

from functools import cache

import numpy as np
from mixed_tables import LAYERS, ROWS, TARGETS, table

import bpfast as bp
from bpfast.tables.encoding import encode_scaled, fit
from bpfast.tables.encoding.expansion import Expansion
from bpfast.tables.ensemble import Ensemble, Member
from bpfast.tables.input_info import InputInfo

NUMBER_ENCODINGS = ("scaled", "quantile", "piecewise4", "piecewise8")
METRIC = {"metric": "neg_log_loss", "score": -0.25}
HIDDEN = ((), (4,), (8, 5))


@cache
def inputs_of(fold, number_encoding):
    """How the mixed table becomes inputs: each fold has found it in rows of its own."""
    if number_encoding == "scaled":
        rows = np.flatnonzero(np.arange(ROWS) % 4 != fold)
        target = np.random.default_rng(2).integers(3, size=ROWS)
        fitted = fit(table(), rows, target, 3, categorical=["size"])
        return InputInfo(fitted.encoding, fitted.scaler)
    scaled = inputs_of(fold, "scaled")
    X = encode_scaled(scaled.encoding, scaled.scaler, table(), np.arange(ROWS))
    expansion = Expansion.fit(number_encoding, X, scaled.encoding.bounded)
    return InputInfo(scaled.encoding, scaled.scaler, expansion)


def target_scaler(kind, fold):
    """Of one fold: others have others."""
    scaler = TARGETS[kind].get("target_scaler")
    return scaler and bp.Scaler(scaler.mean + 0.25 * fold, scaler.scale * (1.0 + 0.25 * fold))


def member(kind, seed, fold=0, number_encoding="scaled", hidden=(4,), dtype="float32", weight=1.0):
    """A network that predicts a kind of target from the mixed table."""
    outputs, loss = LAYERS[kind]
    inputs = inputs_of(fold, number_encoding)
    mlp = bp.MLP((len(inputs.features), *hidden, outputs), "tanh", loss)
    network = bp.Population(mlp, 1, seed=seed, init="torch", dtype=dtype)
    return Member(seed, fold, weight, network, inputs, target_scaler(kind, fold))


def ensemble(kind="classes", members=5, folds=2, seed=0, dtype="float32", **changes):
    """Members of several architectures, number encodings, folds and weights."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 5, members)
    return Ensemble(
        tuple(
            member(
                kind,
                k,
                int(rng.integers(folds)),
                str(rng.choice(NUMBER_ENCODINGS)),
                HIDDEN[rng.integers(len(HIDDEN))],
                dtype,
                float(weight / weights.sum()),
            )
            for k, weight in enumerate(weights)
        ),
        **{
            name: known
            for name, known in (TARGETS[kind] | METRIC | changes).items()
            if name != "target_scaler"
        },
    )


def model_of(ensemble, k):
    """A member as a model, which predicts alone."""
    own = ensemble.members[k]
    return bp.Model(
        own.population,
        own.inputs.scaler,
        own.target_scaler,
        ensemble.classes,
        own.inputs.encoding,
        target_names=ensemble.target_names,
        labels=ensemble.labels,
        transform=ensemble.transform,
        expansion=own.inputs.expansion,
    )


def said_alone(ensemble, X):
    """What each member says as a model, (members, rows, outputs), in units."""
    models = [model_of(ensemble, k) for k in range(len(ensemble.members))]
    if ensemble.target_info.has_probabilities:
        return np.array([model.outputs(X) for model in models], np.float64)
    said = np.array([model.predict(X) for model in models])
    return said if said.ndim == 3 else said[..., None]


def weights_of(ensemble):
    return np.array([member.weight for member in ensemble.members])

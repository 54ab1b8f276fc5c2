"""How tests compare sweeps."""

from dataclasses import fields

import numpy as np

import bpfast as bp
from bpfast.sweeps.space import OPTIMIZERS
from bpfast.training.loop import Training


def same(result, expected):
    """All numbers are the same, to the last bit."""
    assert result.table.keys() == expected.table.keys()
    for name, column in expected.table.items():
        np.testing.assert_array_equal(result.table[name], column, name)
    np.testing.assert_array_equal(result.losses, expected.losses)
    if expected.best is None:
        assert result.best is None
    else:
        np.testing.assert_array_equal(result.best.parameters, expected.best.parameters)


def winner_trained_by_hand(result, X, y, epochs, seed=0, device="reference"):
    """The first of a cross-validation's table, for the epochs that it was ranked at.

    Parameters
    ----------
    X, y : what it is trained on, as given, but for numbers of classes in place of names
    epochs : of the whole sweep, which its schedule is of
    """
    row = {name: column[0].item() for name, column in result.table.items()}
    kind = OPTIMIZERS[row["optimizer"]]
    known = {field.name for field in fields(kind)} & row.keys()
    settings = {name: row[name] for name in known if row[name] == row[name]}
    network = bp.Population.drawn(result.best.mlp, [row["network"]], seed)
    with Training(
        network,
        result.scaler.apply(X),
        y if result.classes else result.target_scaler.apply(y),
        kind(**settings),
        epochs,
        row["batch_size"],
        seed=seed,
        device=device,
    ) as training:
        while training.epoch < row["epochs"]:
            training.advance(row["epochs"])
    return network


def on_disk(folder):
    """All that lies in a folder, by its path: contents of files, and None for folders."""
    found = sorted(folder.rglob("*"))
    return {path: None if path.is_dir() else path.read_bytes() for path in found}

"""Blocks that a cluster trains: the same tables, whoever writes them."""

import pytest

pytest.importorskip("distributed")
pytest.importorskip("optuna")
pytest.importorskip("polars")

from sweeps import WORDS, X, same

import bpfast as bp
from bpfast.sweeps import blocks

pytestmark = pytest.mark.xdist_group("dask")  # two cores have room for one cluster


def sweep(folder, client=None):
    space = {"learning_rate": "1e-3:1e-1:log", "hidden": 3, "batch_size": 16}
    return bp.sweep(X, WORDS, space, 31, 2, seed=5, device="cpu", run=folder, client=client)


def tables(folder):
    return {part.name: part.read_bytes() for part in (folder / "parts").glob("*.parquet")}


def test_workers_write_what_they_see_the_folder_of(tmp_path, client, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 12)
    monkeypatch.setattr(blocks, "MOST", 20)
    result = sweep(tmp_path / "own")
    same(sweep(tmp_path / "shared", client), result)
    monkeypatch.setattr("pathlib.Path.touch", lambda *_: None)  # no worker sees its folder
    same(sweep(tmp_path / "sent", client), result)
    own = tables(tmp_path / "own")
    assert len(own) == 3
    assert tables(tmp_path / "shared") == tables(tmp_path / "sent") == own
    assert not [*tmp_path.glob("*/parts/*.mark")]

"""Sweeps in blocks: each block is a sweep of its own, and the result is the best of all."""

import numpy as np
import pytest
from sweeps import NUMBERS, WORDS, X, press, same

import bpfast as bp
from bpfast.sweeps import blocks
from bpfast.sweeps.blocks import Block
from bpfast.sweeps.run_folder import read_manifest

pl = pytest.importorskip("polars")
pytest.importorskip("optuna")

SPACE = {"learning_rate": "1e-3:1e-1:log", "hidden": [3, (2, 2)], "batch_size": 16}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of 12 networks, above 20; a result has the 15 best, of a block at most 9."""
    names = {"BLOCK": 12, "MOST": 20, "KEPT": 15, "KEPT_OF_BLOCK": 9}
    for name, value in names.items():
        monkeypatch.setattr(blocks, name, value)


def sweep(folder, networks=31, y=WORDS, **options):
    settings = {"space": SPACE, "epochs": 3, "device": "cpu", "run": folder, "seed": 5}
    return bp.sweep(X, y, networks=networks, **settings | options)


def tables(folder):
    parts = sorted((folder / "parts").glob("block-*.parquet"))
    return [pl.read_parquet(part).sort("network") for part in parts]


def test_all_networks_are_in_the_folder_and_the_best_in_the_result(tmp_path):
    result = sweep(tmp_path)
    whole = pl.concat(tables(tmp_path), how="diagonal")
    assert whole["network"].to_list() == [*range(31)]
    assert [len(table) for table in tables(tmp_path)] == [12, 12, 7]
    ranked = whole.sort("validation_score", "network", descending=[True, False])
    expected = ranked["network"].to_list()[:15]
    of_block = np.bincount(np.array(expected) // 12)
    assert of_block.max() <= 9  # so none is missing because its block has better ones
    assert result.table["network"].tolist() == expected
    scores = ranked["validation_score"].to_numpy()[:15]
    np.testing.assert_array_equal(result.table["validation_score"], scores)
    np.testing.assert_array_equal(result.losses[0], ranked["losses"][0].to_numpy())
    assert result.sample_updates == 31 * 3 * len(result.rows["train"])


def test_the_first_block_is_a_sweep_of_as_many(tmp_path):
    """And each other one is that of another seed."""
    sweep(tmp_path)
    plain = sweep(None, networks=12)
    first = tables(tmp_path)[0]
    order = np.argsort(plain.table["network"])
    np.testing.assert_array_equal(first["validation_score"], plain.table["validation_score"][order])
    rates = [table["learning_rate"].to_list() for table in tables(tmp_path)]
    assert len({*rates[0], *rates[1], *rates[2]}) == 31


@pytest.mark.parametrize(("y", "options"), [(WORDS, {}), (NUMBERS, {"cv": 2})])
def test_the_winner_predicts_as_its_row_says(tmp_path, y, options):
    result = sweep(tmp_path, y=y, metric="score", **options)
    part = result.rows["test"]
    predicted = result.model.predict(X[part])
    truth = np.array(y)[part]
    if y is WORDS:
        assert (predicted == truth).mean() == pytest.approx(result.table["test_score"][0])
    else:
        error = ((predicted - truth) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()
        assert 1 - error == pytest.approx(result.table["test_score"][0], abs=1e-4)


@pytest.mark.parametrize("networks", [1, 12, 13])
def test_it_goes_on_after_an_interrupt_to_the_same_result(networks, tmp_path):
    """In the midst of a block, too: what it has is shown then, and trained again later."""
    whole, seen = sweep(tmp_path / "whole"), []

    def stop(progress):
        seen.append(progress.networks)
        if progress.networks >= networks and seen[0] != "pressed":
            seen[0] = "pressed"
            press()

    stopped = sweep(tmp_path / "stopped", progress=stop)
    assert stopped.interrupted
    assert min(networks, 9) <= len(stopped.table["network"])
    assert len(tables(tmp_path / "stopped")) < 3
    resumed = sweep(tmp_path / "stopped", resume=True)
    same(resumed, whole)
    for ours, theirs in zip(tables(tmp_path / "stopped"), tables(tmp_path / "whole"), strict=True):
        assert ours.equals(theirs)


def test_a_block_that_is_lost_or_cut_is_trained_again(tmp_path):
    whole = sweep(tmp_path)
    lost, cut, _ = sorted((tmp_path / "parts").glob("block-*.parquet"))
    before = cut.read_bytes()
    lost.unlink()
    cut.write_bytes(before[:-20])
    same(sweep(tmp_path, resume=True), whole)
    assert cut.read_bytes() == before


def test_more_networks_can_be_asked_for(tmp_path):
    sweep(tmp_path / "grown")
    seen = []
    grown = sweep(tmp_path / "grown", networks=50, resume=True, progress=seen.append)
    same(grown, sweep(tmp_path / "whole", networks=50))
    assert seen[-1].networks == 50
    assert seen[-1].done == seen[-1].total


def test_a_sweep_that_was_no_blocks_does_not_grow_into_some(tmp_path):
    sweep(tmp_path, networks=20)
    with pytest.raises(ValueError, match=r"blocks of None networks .*, not 12"):
        sweep(tmp_path, networks=31, resume=True)


@pytest.mark.parametrize(
    "options",
    [{"run": None}, {"sampler": "qmc"}, {"halving": "successive"}, {"networks": 20}],
)
def test_no_blocks_where_one_process_needs_all_trials(tmp_path, options):
    result = sweep(**{"folder": tmp_path, "networks": 21} | _renamed(options))
    assert len(result.table["network"]) == options.get("networks", 21)
    if options.get("run", tmp_path):
        assert read_manifest(tmp_path)["settings"]["block"] is None


def _renamed(options):
    return {"folder" if name == "run" else name: value for name, value in options.items()}


def test_seeds_of_blocks_differ():
    seeds = {Block(number, 0, 12).seed(seed) for number in range(50) for seed in (0, 1)}
    assert len(seeds) == 100
    assert Block(0, 0, 12).seed(7) == 7

"""Batches that are cut into slices and chunks."""

import cases
import pytest

import bpfast as bp


@pytest.mark.parametrize("rows", [127, 128, 129, 255, 256, 257, 700])
@pytest.mark.parametrize("strategy", ["tiles", "large batch"])
def test_batches_around_the_sizes_that_are_cut(forced, strategy, rows):
    mlp = bp.MLP((2, 7, 3), ("tanh",), "cross_entropy")
    with forced(strategy, threads=3):
        case = cases.Case(mlp, rows=rows, n=2, validated=True, weighted=True)
        cases.check(case, device="cpu")
        case.fit = {"batch_size": rows, "epochs": 2, "dropout": 0.3}
        cases.check(case, device="cpu")

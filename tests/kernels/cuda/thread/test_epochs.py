"""Epochs of networks side by side in a block, with tiles that end within batches."""

from unittest.mock import patch

import pytest
import thread_or_block

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda import thread

pytestmark = [
    pytest.mark.cuda_simulator,
    pytest.mark.gpu,
    pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning"),
]
SAMPLE_BYTES = 8 * (3 + 2 + 1)  # inputs, targets and weight


@pytest.fixture(autouse=True)
def _tiles_of_two_samples(forced):
    """Batches have three."""
    with forced("thread"), patch.object(thread, "TILE_BYTES", 2 * SAMPLE_BYTES):
        yield


def test_each_network_ends_at_its_own_epoch():
    thread_or_block.check_ends()


@pytest.mark.parametrize("samples", [2, 7])
def test_no_step_is_taken_after_one_that_is_not_finite(monkeypatch, samples):
    """Neither in the same tile nor in the next."""
    monkeypatch.setattr(thread, "TILE_BYTES", samples * SAMPLE_BYTES)
    thread_or_block.check_divergence_within_an_epoch()


def test_the_best_parameters_are_kept():
    thread_or_block.check_best_parameters()


@pytest.mark.parametrize("objective", ["mean", "sum"])
def test_what_is_recorded(objective):
    thread_or_block.check_records(objective)

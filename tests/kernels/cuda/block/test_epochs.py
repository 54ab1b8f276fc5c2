"""Epochs of a network in its block, with chunks shorter than batches."""

from unittest.mock import patch

import pytest
import thread_or_block

pytest.importorskip("numba_cuda")
from bpfast.kernels.cuda.block import shared_memory

pytestmark = [
    pytest.mark.cuda_simulator,
    pytest.mark.gpu,
    pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning"),
]


@pytest.fixture(autouse=True)
def _chunks_of_two_samples(forced):
    """Batches have three."""
    with forced("block"), patch.object(shared_memory, "MOST_ROWS", 2):
        yield


def test_each_network_ends_at_its_own_epoch():
    thread_or_block.check_ends()


def test_no_step_is_taken_after_one_that_is_not_finite():
    thread_or_block.check_divergence_within_an_epoch()


def test_the_best_parameters_are_kept():
    thread_or_block.check_best_parameters()


@pytest.mark.parametrize("objective", ["mean", "sum"])
def test_what_is_recorded(objective):
    thread_or_block.check_records(objective)

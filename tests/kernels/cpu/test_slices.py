"""Slices of batches."""

from bpfast.kernels.cpu.slices import CHUNK, MAX_SLICES, SLICE, SLICE_STEP, cut


def test_slices_hold_each_row_once_and_are_about_as_long():
    for rows in (1, CHUNK, CHUNK + 1, 200, SLICE + 1, 1000, SLICE * MAX_SLICES * 3 + 1):
        slices, each = cut(rows)
        assert 1 <= slices <= MAX_SLICES
        assert (slices - 1) * each < rows <= slices * each
        assert (slices == 1) == (rows <= CHUNK)
        assert slices == 1 or each - rows / slices < SLICE_STEP

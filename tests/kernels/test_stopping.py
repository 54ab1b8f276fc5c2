"""The rules by which networks stop, as plain functions."""

import numpy as np
import pytest

from bpfast.kernels.arguments import Stopping
from bpfast.kernels.stopping import finish, judge, write


def stopping(n=2, best=True, validated=True, **given):
    kept = n if best else 0
    return Stopping(
        **{"tol": np.array([-np.inf]), "patience": np.array([2])} | given,
        status=np.zeros(n, np.int8),
        epochs_run=np.full(n, 5),
        best=np.zeros(kept),
        best_epoch=np.zeros(kept, int),
        losses=np.full((n, 3), np.nan),
        validation_losses=np.full((n, 3 if validated else 0), np.nan),
        penalties=np.full((n, 3 if validated else 0), np.nan),
    )


@pytest.mark.parametrize(
    ("epoch", "fresh", "watched", "expected"),
    [
        (4, True, 0.5, (False, 0.5, 4)),  # better
        (4, True, 1.0, (False, 1.0, 3)),  # as good is not better
        (4, False, 0.5, (False, 1.0, 3)),  # not scored
        (5, True, np.nan, (True, 1.0, 3)),  # patience is over
        (5, True, 0.5, (False, 0.5, 5)),
    ],
)
def test_patience(epoch, fresh, watched, expected):
    assert judge(stopping(), 1, epoch, fresh, 9.0, watched, 1.0, 3) == expected


@pytest.mark.parametrize("best", [True, False])
def test_tol_is_each_networks_own_or_one_for_all(best):
    own = stopping(best=best, tol=np.array([0.0, 2.0]), patience=np.array([9, 9]))
    assert [judge(own, i, 0, False, 1.0, 1.0, 0.0, 0)[0] for i in range(2)] == [False, True]
    assert judge(stopping(best=best, tol=np.array([1.0])), 1, 0, False, 1.0, 1.0, 0.0, 0)[0]


@pytest.mark.parametrize("validated", [True, False])
def test_what_is_written(validated):
    parts = stopping(best=validated, validated=validated)
    write(parts, 1, 2, 0.25, 0.5, 0.75)
    finish(parts, 1, 3, 2, 0.25, 7)
    assert parts.losses[1, 2] == 0.25
    assert np.isnan(parts.losses).sum() == 5
    assert (parts.status.tolist(), parts.epochs_run.tolist()) == ([0, 2], [5, 8])
    if validated:
        assert (parts.validation_losses[1, 2], parts.penalties[1, 2]) == (0.5, 0.75)
        assert (parts.best.tolist(), parts.best_epoch.tolist()) == ([0.0, 0.25], [0, 7])

"""The epochs that ``thread`` and ``block`` share, as the simulator goes through them."""

from types import SimpleNamespace

import numpy as np
import pytest

from bpfast.kernels.cuda import device

pytestmark = pytest.mark.cuda_simulator
if not device.problem():  # which needs numba-cuda
    from bpfast.kernels.cuda.epochs import batch_weights, batches_of


def test_batches_are_those_of_a_networks_fold():
    epochs = SimpleNamespace(
        fold=np.array([1, 0]), fold_start=np.array([0, 5, 8]), first_batch=np.array([0, 3, 5]),
        order=np.arange(16).reshape(2, 8), totals=np.arange(10.0).reshape(2, 5), first=4,
    )  # fmt: skip
    rates = np.arange(6.0).reshape(1, 6)  # one row for all networks
    args = SimpleNamespace(epochs=epochs, optimizing=SimpleNamespace(rates=rates))
    batches = batches_of(args, 0, 1)
    assert (batches.start, batches.end, batches.first, batches.count) == (5, 8, 3, 2)
    assert (batches.step, batches.rate) == (5 * 2, 5.0)
    np.testing.assert_array_equal(batches.order, np.arange(8, 16))
    np.testing.assert_array_equal(batches.totals, np.arange(5.0, 10.0))


@pytest.mark.parametrize(
    ("summed", "total", "expected"),
    [
        (False, 2.0, (1.0, 1.0, 2.0)),  # penalties as they are; batches count by their weights
        (True, 2.0, (1.5, 0.5, 3.0)),  # of three rows
        (True, 0.0, (0.0, 0.0, 3.0)),
    ],
)
def test_what_a_batch_counts_depends_on_the_objective(summed, total, expected):
    assert batch_weights(SimpleNamespace(summed=summed), total, 3) == expected

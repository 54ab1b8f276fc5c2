"""The functions that CUDA's kernels are made with, as the simulator calls them, against PyTorch."""

import edges
import numpy as np
import pytest

import bpfast as bp
from bpfast.kernels.cuda import device, functions

pytestmark = [
    pytest.mark.cuda_simulator,
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # of what is not finite
]
if not device.problem():  # which needs numba-cuda
    from bpfast.kernels.cuda.scalars import scalar


@pytest.mark.parametrize("case", edges.CASES, ids=edges.name)
def test_edges(case):
    number = np.dtype(case["dtype"]).type
    edges.agree(case, *edges.one_by_one(case, number, lambda f: scalar(f, case["dtype"])))


@pytest.mark.parametrize("case", edges.NUMBERS["logits"], ids=lambda case: str(case["logits"]))
@pytest.mark.parametrize("labels", [True, False], ids=["labels", "shares"])
def test_logits(case, labels):
    dtype = case["dtype"]
    made = functions.functions(bp.MLP((1, 2), loss="cross_entropy").network, "sgd", dtype)
    z, targets = np.array(case["logits"], dtype), np.array([0] if labels else [1, 0], dtype)
    loss = functions.row_loss(made)(z, 0, 2, targets, 0, len(targets), z.dtype.type(1), 0)
    edges.agree_on_logits(case, loss, z)

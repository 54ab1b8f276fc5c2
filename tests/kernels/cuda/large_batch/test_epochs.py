"""Validation of all slots."""

from unittest.mock import patch

import numpy as np
import pytest
from large_fits import training
from numpy.testing import assert_allclose

from bpfast.training import dispatch


@pytest.mark.cuda_simulator
@pytest.mark.gpu
def test_networks_that_stop_unscored_are_scored_in_the_end():
    scores = {}
    for where in ("cuda", "reference"):
        plan = dispatch.Plan("large batch" if where == "cuda" else "", where, "a test")
        with (
            patch.object(dispatch, "choose", lambda *_, plan=plan, **__: plan),
            training(tol=np.array([1e9, 0.0, 0.0, 0.0])) as fit,
        ):
            fit.advance()
            scores[where] = fit.history().validation_loss
    assert np.isfinite(scores["cuda"]).all()
    assert_allclose(scores["cuda"], scores["reference"], rtol=1e-5)

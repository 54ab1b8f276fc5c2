"""Groups of fits on the workers of a Dask cluster."""

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone

from bpfast.sklearn import MLPClassifier, cluster, fit_together, together

distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.xdist_group("dask"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
LABELS = (X[:, 0] > 0).astype(int)


@pytest.fixture
def client():
    with distributed.Client(processes=False, dashboard_address=None) as client:
        yield client


def test_without_dask_there_is_no_client():
    assert cluster.current_client() is None


def test_fits_end_on_workers_as_they_end_here(client, monkeypatch):
    mlp = MLPClassifier((3,), max_iter=4, device="cpu")
    here = [clone(mlp).set_params(random_state=seed) for seed in range(20)]
    here[3].alpha = -1.0
    states = np.random.RandomState(5), np.random.RandomState(5)
    here[4].random_state = states[0]
    there = [clone(one) for one in here]
    there[4].random_state = states[1]
    assert [error is None for error in fit_together(here, X, LABELS, [None] * 20)].count(False) == 1
    sizes = []

    def train(client, groups, *others):
        sizes.extend(len(group) for group in groups)
        return original(client, groups, *others)

    original = cluster.train
    monkeypatch.setattr(together.cluster, "train", train)
    with parallel_config("dask"):
        assert cluster.current_client() is client
        errors = fit_together(there, X, LABELS, [None] * 20)
    assert sizes == [19]
    assert "'alpha' parameter" in str(errors[3])
    for one, other in zip(here, there, strict=True):
        if one is not here[3]:
            np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])
            assert one.loss_curve_ == other.loss_curve_
    assert there[4].random_state is states[1]
    assert states[0].randint(2**31) == states[1].randint(2**31)

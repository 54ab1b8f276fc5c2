"""Networks that the study trains."""

import numpy as np
import pytest

from bpfast.bench.answers.study_experiments import ENCODINGS, EXPERIMENTS


def test_encodings_have_the_same_networks():
    networks = EXPERIMENTS["encodings"](np.random.default_rng(0))
    by_name = {name: [] for name in ENCODINGS}
    for network in networks:
        rest = {key: value for key, value in network.items() if key != "encoding"}
        by_name[network["encoding"]].append(rest)
    first = by_name["scaled"]
    assert len(first) == 10
    assert all(own == first for own in by_name.values())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_networks_differ_by_seed_alone_of_the_generator(name):
    first, again, other = (EXPERIMENTS[name](np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first == again != other


def test_the_wide_space_is_wide():
    networks = EXPERIMENTS["wide"](np.random.default_rng(0))
    assert len(networks) == 128
    assert [own["seed"] for own in networks] == [*range(128)]
    for name in ("activation", "batch_size", "epochs", "schedule", "patience"):
        assert len({own[name] for own in networks}) > 1
    rates = [own["learning_rate"] for own in networks]
    assert 2e-4 <= min(rates) < 5e-4
    assert 3e-2 < max(rates) <= 6e-2

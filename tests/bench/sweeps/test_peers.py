"""Optuna and scikit-learn beside sweeps."""

import numpy as np
import optuna

from bpfast.bench.sweeps import peers


def test_optuna_searches_and_prunes(monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 3)), rng.integers(2, size=100)
    studies, create = [], optuna.create_study
    monkeypatch.setattr(
        optuna, "create_study", lambda **options: studies.append(create(**options)) or studies[0]
    )
    monkeypatch.setattr(peers, "EPOCHS", 9)
    assert peers.trials_per_second(X, y, 12) > 0
    trials = studies[0].trials
    assert len(trials) == 12
    assert {*trials[0].params} == {"hidden", "learning_rate", "l2"}
    assert {trial.state.name for trial in trials} == {"COMPLETE", "PRUNED"}


def test_an_epoch_is_timed():
    rng = np.random.default_rng(0)
    assert peers.epoch_seconds(rng.normal(size=(80, 2)), rng.integers(2, size=80), 4) > 0

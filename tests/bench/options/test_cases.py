"""Which cases the benchmark of options has."""

from dataclasses import fields, replace

import numpy as np
import pytest

from bpfast.bench.options.cases import PLAIN, Case, cases
from bpfast.kernels.tables import ACTIVATIONS, LOSSES, OPTIMIZERS
from bpfast.training.network import loss_names

PAIRS = [*cases()]


@pytest.mark.parametrize("size", PLAIN)
def test_all_functions_are_there(size):
    mine = [PLAIN[size], *(case for case, plain in PAIRS if plain is PLAIN[size])]
    assert {case.activation for case in mine} == set(ACTIVATIONS)
    assert {case.loss for case in mine} == set(loss_names()) < set(LOSSES)
    assert {case.optimizer.resolve(case.networks, 1).rule for case in mine} == set(OPTIMIZERS)


def test_names_tell_cases_apart():
    names = [str(case) for case, _ in PAIRS]
    assert len(set(names)) == len(names)
    assert {str(plain) for _, plain in PAIRS} == {f"{size}, plain" for size in PLAIN}


def test_a_case_is_other_than_its_plain_one():
    for case, plain in PAIRS:
        values = [field.name for field in fields(Case) if field.name not in ("option", "value")]
        others = [name for name in values if getattr(case, name) is not getattr(plain, name)]
        assert others, case
        assert {"size", "trained"}.isdisjoint(others), case


@pytest.mark.parametrize("loss", loss_names())
def test_targets_are_those_that_a_loss_takes(loss):
    tiny = Case("lanes", (3, 4, 2), loss=loss, networks=2, samples=40, batch_size=10)
    history = tiny.fit(tiny.population(), 2)
    assert np.isfinite(history.loss).all()


def test_all_that_fit_takes_is_handed_on():
    tiny = Case("lanes", (3, 4, 1), networks=5, samples=40, batch_size=7, folds=5, validation=10)
    history = replace(tiny, dropout=0.1, weights=True).fit(tiny.population(), 2)
    assert history.validation_loss.shape == (5, 2)
    assert history.sample_updates == 2 * tiny.updates == 2 * 5 * 32

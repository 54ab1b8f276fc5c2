"""Random cases: all of their sizes are as asked for, and they can be trained."""

import numpy as np
import pytest

import bpfast as bp
from bpfast.checking.cases import SHAPES, draw_case
from bpfast.training import dispatch


@pytest.mark.parametrize("seed", range(20))
def test_cases_have_the_shape_asked_for_and_train(seed):
    shape = SHAPES["cuda"][0]
    case = draw_case(shape, np.random.default_rng(seed))
    assert case.mlp.layers[1:-1] == shape.hidden
    assert (case.n, len(case.X), len(case.y)) == (shape.n, shape.samples, shape.samples)
    population = bp.Population(case.mlp, case.n)
    history = bp.fit(
        population, case.X[:8], case.y[:8], case.optimizer, epochs=1, device="reference"
    )
    assert np.isfinite(history.loss).all()
    assert str(case).endswith(f"{case.mlp.loss} {type(case.optimizer).__name__}")


def test_a_seed_draws_the_same_case():
    first, again, other = (
        str(draw_case(SHAPES["cpu"][0], np.random.default_rng(s))) for s in (1, 1, 2)
    )
    assert first == again != other


def test_each_shape_is_for_a_strategy_of_its_own():
    strategies = []
    for shape in SHAPES["cpu"]:
        mlp = bp.MLP((3, *shape.hidden, 2))
        strategies.append(dispatch.choose(mlp, shape.n, shape.batch_size, "cpu").strategy)
    assert len(set(strategies)) == len(strategies)

"""Ensembles as modules of PyTorch's, which say what they say."""

import io

import numpy as np
import pytest
from ensembles import ensemble
from hypothesis import given, settings
from mixed_tables import ANY_ENSEMBLE, new_rows
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch")
pytest.importorskip("polars")


@settings(max_examples=10, deadline=None)
@given(**ANY_ENSEMBLE)
def test_it_says_what_the_ensemble_says(**drawn):
    found, rows = ensemble(**drawn), new_rows()
    module = found.to_torch()
    with torch.no_grad():
        said = module(torch.tensor(found.encode(rows)))
    assert said.dtype == torch.float64
    assert_allclose(said.numpy(), found.outputs(rows), rtol=1e-5, atol=1e-6)


def test_it_is_saved_and_trained_on():
    found, rows = ensemble("numbers", members=3), new_rows()
    module, inputs = found.to_torch(), torch.tensor(found.encode(rows))
    numbers = sum(member.population.mlp.n_parameters for member in found.members)
    assert sum(parameter.numel() for parameter in module.parameters()) == numbers
    torch.save(module, file := io.BytesIO())
    file.seek(0)
    again = torch.load(file, weights_only=False)
    assert torch.equal(again(inputs), module(inputs))
    module(inputs).sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in module.parameters())
    before = found.outputs(rows)
    torch.optim.SGD(module.parameters(), lr=0.1).step()
    assert np.array_equal(found.outputs(rows), before)
    assert not torch.allclose(module(inputs), again(inputs))

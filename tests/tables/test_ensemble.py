"""Ensembles: the weighted mean of what their members say alone, and in one file."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from ensembles import ensemble, inputs_of, member, said_alone, weights_of
from hypothesis import given, settings
from hypothesis import strategies as st
from mixed_tables import TARGETS, new_rows
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.tables.encoding.left_out import LeftOut
from bpfast.tables.ensemble import Ensemble
from bpfast.tables.tempering import tempered

pytest.importorskip("polars")

KINDS = st.sampled_from([*TARGETS])
DRAWN = {
    "kind": KINDS,
    "members": st.integers(1, 7),
    "folds": st.integers(1, 3),
    "seed": st.integers(0, 999),
    "dtype": st.sampled_from(["float32", "float64"]),
}


def squeezed(ensemble, values):
    """Without an axis for the one output of numbers."""
    numbers = not ensemble.target_info.has_probabilities
    return values[..., 0] if numbers and values.shape[-1] == 1 else values


@settings(max_examples=25, deadline=None)
@given(**DRAWN)
def test_it_says_the_weighted_mean_of_what_its_members_say(**drawn):
    found, rows = ensemble(**drawn), new_rows()
    said, weights = said_alone(found, rows), weights_of(found)
    mean = np.tensordot(weights, said, 1)
    whole = mean / mean.sum(axis=1, keepdims=True) if found.classes else mean
    assert_allclose(found.outputs(rows), whole, rtol=1e-12)
    std = np.sqrt(np.tensordot(weights, (said - mean) ** 2, 1))
    assert_allclose(found.predict_std(rows), squeezed(found, std), rtol=1e-9, atol=1e-12)
    if found.classes:
        assert_array_equal(found.predict(rows), np.array(found.classes)[mean.argmax(axis=1)])
    elif not found.labels:
        assert_allclose(found.predict(rows), squeezed(found, mean), rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(levels=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=3), **DRAWN)
def test_quantiles_are_what_a_member_says(levels, **drawn):
    found, rows = ensemble(**drawn), new_rows()
    said, weights = said_alone(found, rows), weights_of(found)
    quantiles = found.predict_quantiles(rows, levels)
    assert_array_equal(quantiles[0], found.predict_quantiles(rows, levels[0]))
    for level, quantile in zip(levels, quantiles, strict=True):
        quantile = quantile if quantile.ndim == 2 else quantile[:, None]
        assert np.isin(quantile, said).all()
        assert (np.tensordot(weights, said <= quantile, 1) >= level - 1e-9).all()
        assert (np.tensordot(weights, said < quantile, 1) <= level + 1e-9).all()


@settings(max_examples=15, deadline=None)
@given(**DRAWN)
def test_what_is_saved_is_loaded(tmp_path_factory, **drawn):
    found, rows = ensemble(**drawn, temperature=1.5), new_rows()
    path = tmp_path_factory.mktemp("saved") / "ensemble.safetensors"
    found.save(path)
    loaded = Ensemble.load(str(path))
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert_array_equal(loaded.outputs(rows), found.outputs(rows))
    for one, other in zip(loaded.members, found.members, strict=True):
        assert one[:3] == other[:3]
        assert_array_equal(one.population.seeds, other.population.seeds)
    assert len(loaded.inputs) == len(found.inputs)
    assert len(loaded.groups) == len(found.groups)
    names = "classes", "target_names", "labels", "transform", "metric", "temperature", "score"
    assert [getattr(loaded, name) for name in names] == [getattr(found, name) for name in names]


@pytest.mark.parametrize("kind", ["classes", "labels"])
def test_mean_probabilities_are_tempered(kind):
    found, rows = ensemble(kind), new_rows()
    mean = found.predict_proba(rows)
    cooler = replace(found, temperature=2.0)
    expected = tempered(mean, 2.0, kind == "labels")
    assert_allclose(cooler.predict_proba(rows), expected, rtol=1e-12)
    assert_array_equal(cooler.predict(rows), found.predict(rows))
    assert_array_equal(cooler.predict_std(rows), found.predict_std(rows))


def test_blocks_of_rows_change_no_bit(monkeypatch):
    for kind in TARGETS:
        found, rows = ensemble(kind, members=6, folds=3), new_rows()
        whole = found.spread(rows, (0.1, 0.9))
        with monkeypatch.context() as patch:
            patch.setattr("bpfast.tables.member_predictions.BLOCK_BYTES", 1 << 12)
            for one, other in zip(found.spread(rows, (0.1, 0.9)), whole, strict=True):
                assert_array_equal(one, other)


def test_members_of_an_architecture_and_inputs_predict_in_one_call(monkeypatch):
    calls, predict = [], bp.Population.predict

    def counted(population, *given):
        calls.append(len(population))
        return predict(population, *given)

    alike = [member("numbers", k, fold=k % 2, weight=0.125) for k in range(8)]
    found = Ensemble(tuple(alike), transform="log")
    monkeypatch.setattr(bp.Population, "predict", counted)
    found.predict(new_rows())
    assert calls == [4, 4]


def test_it_is_as_its_members_are_now():
    found, rows = ensemble("outputs", members=3), new_rows()
    before = found.predict(rows)
    for own in found.members:
        own.population.weights[-1] *= 2.0
    assert (found.predict(rows) != before).any(axis=1).all()
    assert_allclose(
        found.outputs(rows), np.tensordot(weights_of(found), said_alone(found, rows), 1)
    )


def test_it_tells_what_it_is():
    members = [member("numbers", k, hidden=(4 + min(k, 5),), weight=0.125) for k in range(8)]
    width = members[0].population.mlp.inputs
    found = Ensemble(tuple(members), transform="log", metric="r2", score=0.87654321)
    assert repr(found) == (
        f"Ensemble of 8 networks of 6 architectures: {width}-9-1 (3), {width}-4-1 (1), "
        f"{width}-5-1 (1), {width}-6-1 (1), 2 more; r2 0.876543"
    )
    alone = Ensemble((member("numbers", 0),), transform="log")
    assert repr(alone) == f"Ensemble of 1 network of 1 architecture: {width}-4-1 (1)"


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_copies_predict_the_same(copied):
    found, rows = ensemble(members=6), new_rows()
    again = copied(found)
    assert len(again.groups) == len(found.groups)
    assert_array_equal(again.outputs(rows), found.outputs(rows))
    again.members[0].population.weights[0] *= 2.0
    assert (again.outputs(rows) != found.outputs(rows)).any()


def test_columns_are_those_that_any_member_uses():
    first, second = inputs_of(0, "scaled"), inputs_of(1, "scaled")
    (age, *others) = first.encoding.columns
    without = replace(first.encoding, columns=(LeftOut(name=age.name, reason="same"), *others))
    width = len(without.features)
    scaler = bp.Scaler(first.scaler.mean[-width:], first.scaler.scale[-width:])
    network = bp.Population(bp.MLP((width, 1)), init="torch")
    member_without = member("numbers", 0)._replace(
        weight=0.5, population=network, inputs=replace(first, encoding=without, scaler=scaler)
    )
    found = Ensemble((member_without, member("numbers", 1, fold=1, weight=0.5)), transform="log")
    assert [c.name for c in found.encoding.columns] == [c.name for c in first.encoding.columns]
    assert found.encoding.columns[0] == second.encoding.columns[0]
    assert np.isfinite(found.predict(new_rows())).all()


def of_array(width=2, layers=(2, 1), **changes):
    network = bp.Population(bp.MLP(layers, **changes), init="torch")
    encoding = bp.Model(bp.Population(bp.MLP((width, 1))), SCALER).encoding
    return member("numbers", 0)._replace(
        population=network,
        inputs=replace(inputs_of(0, "scaled"), encoding=encoding, scaler=SCALER),
        target_scaler=None,
    )


SCALER = bp.Scaler(np.zeros(2), np.ones(2))


def test_arrays_go_in_too():
    own = of_array()
    found, X = Ensemble((own,)), np.random.default_rng(0).normal(size=(9, 2))
    assert_array_equal(found.predict(X), own.population.predict(X)[0, :, 0])
    assert_array_equal(found.encode(X), X.astype(np.float32))
    with pytest.raises(ValueError, match="X has no rows"):
        found.predict(X[:0])
    with pytest.raises(ValueError, match=r"X has shape \(9, 1\)"):
        found.predict(X[:, :1])


def test_rows_without_probabilities_have_no_class():
    found, rows = ensemble(members=2), new_rows()
    for own in found.members:
        own.population.parameters = 3e38
    with pytest.raises(ValueError, match="row 0 of X, and 54 others, have no class"):
        found.predict(rows)


def test_numbers_have_no_probabilities():
    with pytest.raises(ValueError, match="has no probabilities: use predict"):
        ensemble("numbers").predict_proba(new_rows())


@pytest.mark.parametrize(
    ("members", "changes", "error", "words"),
    [
        ([], {}, ValueError, "at least one member, got none"),
        (["best"], {}, TypeError, "members must be of bpfast.tables.ensemble.Member, got 'best'"),
        ([of_array()._replace(population="best")], {}, TypeError, "must be a bpfast.Population"),
        ([of_array()._replace(weight=0.5)], {}, ValueError, "must sum to 1, got 0.5"),
        ([of_array()._replace(weight=-1.0)], {}, ValueError, "weight must be above 0"),
        ([of_array(layers=(3, 1))], {}, ValueError, "columns make 2 inputs, the network has 3"),
        ([of_array()], {"temperature": 0.0}, ValueError, "temperature must be above 0"),
        ([of_array()], {"classes": ["a", "b"]}, ValueError, "classes has 2 names"),
        ([of_array()], {"transform": "sqrt"}, ValueError, "transform='sqrt' is not known"),
        (
            [of_array()._replace(population=bp.Population(bp.MLP((2, 1)), 2))],
            {},
            ValueError,
            "a member is one network, got 2",
        ),
        (
            [of_array(layers=(2, k))._replace(weight=0.5) for k in (1, 2)],
            {},
            ValueError,
            r"different numbers of outputs: \[1, 2\]",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused_in_words(members, changes, error, words):
    with pytest.raises(error, match=words):
        Ensemble(tuple(members), **changes)


@pytest.mark.parametrize(
    ("levels", "error", "words"),
    [
        ([0.5, 1.5], ValueError, "quantiles must be at least 0 and at most 1, got 1.5"),
        (["median"], TypeError, "quantiles must be a number, got"),
    ],
)
def test_levels_that_are_none_are_refused_in_words(levels, error, words):
    with pytest.raises(error, match=words):
        ensemble().predict_quantiles(new_rows(), levels)

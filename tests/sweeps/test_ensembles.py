"""A sweep's ensemble: what it says can be recomputed, and nothing but the sweep decides it."""

import weakref

import numpy as np
import pytest
from datasets import CLASSES, NUMBERS, X
from sklearn.metrics import get_scorer, log_loss, root_mean_squared_error
from sweeps import kept_sweep, same, stop_sweep, sweep

import bpfast as bp
from bpfast.sweeps import candidates, ensembles
from bpfast.sweeps.ensembles import Picker, Picking, narrowed

pytest.importorskip("polars")

SPACE = {"learning_rate": "1e-3:3e-1:log", "hidden": ["3", "8"], "activation": "tanh"}
SPACE |= {"number_encoding": ["scaled", "quantile", "piecewise4"]}
NAMES = np.array(["red", "green", "blue"])[CLASSES]
HOLES = X.copy()
HOLES[::7, 1] = np.nan


def ensemble_sweep(y, X=HOLES, **options):
    settings = {"space": SPACE, "networks": 12, "epochs": 6}
    return sweep(y, X=X, **settings | options)


def parts_of(result, y, X=HOLES):
    """For each validation part its rows and their truth."""
    names = [name for name in result.rows if "validation" in name]
    return [(X[result.rows[name]], y[result.rows[name]]) for name in names]


@pytest.mark.parametrize("y", [NAMES, NUMBERS], ids=["classes", "numbers"])
def test_scores_can_be_recomputed_from_the_ensemble_and_the_table(y):
    result = ensemble_sweep(y)
    ensemble = result.ensemble
    tested = HOLES[result.rows["test"]], y[result.rows["test"]]
    for (rows, truth), score in zip(
        [*parts_of(result, y), tested], (ensemble.score, result.ensemble_test_score), strict=True
    ):
        if y is NAMES:
            own = -log_loss(truth, ensemble.predict_proba(rows)[:, np.argsort(result.classes)])
        else:
            own = -root_mean_squared_error(truth, ensemble.predict(rows))
        np.testing.assert_allclose(own, score, rtol=1e-6)
    assert ensemble.score >= result.table["validation_score"][0] - 1e-7
    assert {own.network for own in ensemble.members} <= {*result.table["network"].tolist()}


@pytest.mark.parametrize("patience", [{}, {"patience": 2}])
def test_a_cross_validations_members_are_the_networks_of_all_folds(patience):
    """They answer for rows that they were not trained on, each by its own fold's encoding."""
    result = ensemble_sweep(NUMBERS, cv=3, space=SPACE | patience)
    ensemble = result.ensemble
    assert {own.fold for own in ensemble.members} == {0, 1, 2}
    scores = []
    for k, (rows, truth) in enumerate(parts_of(result, NUMBERS)):
        own = [member for member in ensemble.members if member.fold == k]
        said = sum(
            3 * member.weight * member.target_scaler.invert(
                member.population.predict(member.inputs.encode(rows, np.float32))[0].astype(float)
            )
            for member in own
        )  # fmt: skip
        scores.append(-root_mean_squared_error(truth, said[:, 0]))
    np.testing.assert_allclose(np.mean(scores), ensemble.score, rtol=1e-6)
    tested = ensemble.predict(HOLES[result.rows["test"]])
    own = -root_mean_squared_error(NUMBERS[result.rows["test"]], tested)
    np.testing.assert_allclose(own, result.ensemble_test_score, rtol=1e-6)


def test_the_winner_and_the_members_are_networks_of_the_table():
    result = ensemble_sweep(CLASSES)
    first = result.table["network"][0]
    (winner,) = [own for own in result.ensemble.members if own.network == first] or [None]
    if winner is not None:
        np.testing.assert_array_equal(winner.population.parameters, result.best.parameters)
    model, row = result.model, result.rows["test"]
    np.testing.assert_array_equal(model.population.parameters, result.best.parameters)
    assert model.input_info.expansion == result.expansion
    accuracy = (model.predict(HOLES[row]) == CLASSES[row].astype(str)).mean()
    assert result.table["test_accuracy"][0] == pytest.approx(accuracy)


def test_the_metric_that_was_asked_for_decides():
    result = ensemble_sweep(CLASSES == 1, metric="roc_auc", networks=20)
    rows, truth = parts_of(result, CLASSES == 1)[0]
    probabilities = result.ensemble.predict_proba(rows)[:, 1]
    scorer = get_scorer("roc_auc")
    np.testing.assert_allclose(scorer._score_func(truth, probabilities), result.ensemble.score)


@pytest.mark.parametrize("cv", [None, 3])
def test_a_killed_sweep_has_the_same_ensemble(cv, tmp_path):
    options = {"space": SPACE | {"patience": 2}, "cv": cv, "epochs": 6}
    whole = kept_sweep(tmp_path / "whole", **options)
    stop_sweep(tmp_path / "stopped", 3, **options)
    same(kept_sweep(tmp_path / "stopped", resume=True, **options), whole)
    again = kept_sweep(tmp_path / "whole", resume=True, members=1, **options)
    assert len({own.network for own in again.ensemble.members}) == 1


def test_few_candidates_are_those_of_any_order(tmp_path, monkeypatch):
    """With room for few, those that are left out and those that are kept stay the same."""
    monkeypatch.setattr(candidates.Candidates.__init__, "__defaults__", (4, 1 << 27))
    whole = kept_sweep(tmp_path / "whole", space=SPACE)
    stop_sweep(tmp_path / "stopped", 3, space=SPACE)
    same(kept_sweep(tmp_path / "stopped", resume=True, space=SPACE), whole)
    first = {*whole.table["network"][:4].tolist()}
    assert {own.network for own in whole.ensemble.members} <= first


def test_halving_leaves_its_best_in():
    """Networks that were let go at a rung, too, where they are among the best."""
    result = ensemble_sweep(CLASSES, halving="successive", networks=27, epochs=9)
    members = {own.network for own in result.ensemble.members}
    epochs = dict(
        zip(result.table["network"].tolist(), result.table["epochs"].tolist(), strict=True)
    )
    assert 9 in {epochs[network] for network in members}
    rows, truth = parts_of(result, CLASSES)[0]
    own = -log_loss(truth, result.ensemble.predict_proba(rows))
    np.testing.assert_allclose(own, result.ensemble.score, rtol=1e-6)


def test_members_are_bounded():
    free = ensemble_sweep(CLASSES, networks=30)
    few = ensemble_sweep(CLASSES, networks=30, members=2)
    assert len({own.network for own in few.ensemble.members}) <= 2
    assert few.ensemble.score <= free.ensemble.score + 1e-9
    np.testing.assert_array_equal(few.table["network"], free.table["network"])


def test_milliseconds_bound_members(monkeypatch):
    """As long as each network takes so long; one is the least."""
    monkeypatch.setattr(
        ensembles, "_milliseconds", lambda ensemble, data: 2.0 * len(ensemble.members)
    )
    free = len(ensemble_sweep(CLASSES, networks=30).ensemble.members)
    assert free > 2
    for milliseconds, most in ((5.0, 2), (0.1, 1), (1e9, free)):
        result = ensemble_sweep(CLASSES, networks=30, milliseconds=milliseconds)
        assert len(result.ensemble.members) <= most
        assert len(result.ensemble.members) == most or most == 2


def test_prediction_is_timed():
    result = ensemble_sweep(CLASSES, networks=8, milliseconds=1e9)
    assert result.ensemble is not None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"members": 0}, ValueError),
        ({"members": "8"}, TypeError),
        ({"milliseconds": 0}, ValueError),
    ],
)
def test_bounds_are_checked(options, error):
    with pytest.raises(error, match=next(iter(options))):
        ensemble_sweep(CLASSES, **options)
    assert Picking.checked(None, None) == Picking()


def test_without_a_score_there_is_no_ensemble():
    result = ensemble_sweep(NUMBERS, space={"learning_rate": 1e30, "optimizer": "sgd"})
    assert result.best is None
    assert result.ensemble is None
    assert np.isnan(result.ensemble_test_score)


def test_a_network_with_fewer_inputs_says_the_same():
    population = bp.Population(bp.MLP((5, 4, 2), "tanh"), n=1)
    population.weights[0][:, 3:] = 0.0
    few, inputs = narrowed(population, 3), np.random.default_rng(0).normal(size=(7, 5))
    np.testing.assert_allclose(few.predict(inputs[:, :3]), population.predict(inputs), rtol=1e-6)
    assert narrowed(population, 5) is population


def test_blocks_have_an_ensemble(tmp_path, monkeypatch):
    from bpfast.sweeps import blocks

    monkeypatch.setattr(blocks, "BLOCK", 8)
    monkeypatch.setattr(blocks, "MOST", 10)
    result = kept_sweep(tmp_path, networks=30, space=SPACE)
    assert (tmp_path / "parts" / "block-00000003.parquet").exists()
    members = {own.network for own in result.ensemble.members}
    assert members <= {*result.table["network"].tolist()}
    assert result.ensemble.score >= result.table["validation_score"][0] - 1e-7
    same(kept_sweep(tmp_path, networks=30, space=SPACE, resume=True), result)


@pytest.mark.parametrize("cv", [None, 2])
def test_what_members_say_of_test_data_is_not_held_all_at_once(cv, monkeypatch):
    """There may be many more rows than members were picked on."""
    more = np.random.default_rng(0).choice(len(NUMBERS), 500)
    says, said, most = Picker._says, [], []

    def counting(picker, *arguments):
        own = says(picker, *arguments)
        if len(own) == 500:
            said.append(weakref.ref(own))
            most.append(sum(other() is not None for other in said))
        return own

    monkeypatch.setattr(Picker, "_says", counting)
    result = ensemble_sweep(NUMBERS, cv=cv, test_data=(HOLES[more], NUMBERS[more]))
    assert len(most) == len(result.ensemble.members) > 4
    assert max(most) <= 2
    own = -root_mean_squared_error(NUMBERS[more], result.ensemble.predict(HOLES[more]))
    np.testing.assert_allclose(own, result.ensemble_test_score, rtol=1e-6)

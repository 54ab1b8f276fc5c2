"""Sweeps whose networks diverge, some or all: no score is invented, and none that is hides others.

What they say is recomputed from predictions, by scikit-learn's metrics.
"""

import warnings

import numpy as np
import pytest
from examples_budget import drawn as so_many
from hypothesis import given
from hypothesis import strategies as st
from sweeps import same, winner_trained_by_hand

import bpfast as bp
from bpfast.sweeps.folds import Splitting, split_rows
from bpfast.sweeps.scoring import Scorer
from bpfast.sweeps.trainer import Trainer
from bpfast.training.history import History
from bpfast.training.interrupts import interrupt_flag

metrics = pytest.importorskip("sklearn.metrics")
optuna = pytest.importorskip("optuna")
pytest.importorskip("polars")

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 5))
NUMBERS = X @ np.arange(5.0) + 0.1 * rng.normal(size=60)
WORDS = np.where(NUMBERS > 0, "more", "less")
WILD = {"hidden": "8x8", "optimizer": "sgd", "batch_size": 16}
LOST = WILD | {"learning_rate": [1e10, 1e12]}


def sweep(y=NUMBERS, **options):
    settings = {"space": LOST, "networks": 8, "epochs": 3, "device": "reference"}
    return bp.sweep(X, y, **settings | options)


def score(name, part, predicted, scaler):
    """scikit-learn's, or -inf where there is nothing to be scored."""
    if not np.isfinite(predicted).all():
        return -np.inf
    if scaler is not None:
        numbers = scaler.invert(predicted[:, 0].astype(np.float64))
        return SCORES[name](part.target, numbers)
    if name == "neg_log_loss":
        return -metrics.log_loss(part.target, predicted, labels=range(predicted.shape[1]))
    return metrics.accuracy_score(part.target, predicted.argmax(axis=1))


SCORES = {
    "accuracy": metrics.accuracy_score,
    "r2": metrics.r2_score,
    "neg_root_mean_squared_error": lambda y, p: -metrics.root_mean_squared_error(y, p),
}


def scored_by_hand(name, scorer, population, history):
    """(trials, folds) validation scores, and (trials,) test scores of fold 0's networks."""
    data = scorer.data
    trials = len(population) // len(data.folds.validation)
    scores = np.empty((trials, len(data.folds.validation)))
    for k, part in enumerate(data.folds.validation):
        predictions = population[k * trials : (k + 1) * trials].predict(part.X, scorer.device)
        scaler = data.fold_target_scalers[k]
        scores[:, k] = [score(name, part, predicted, scaler) for predicted in predictions]
    scores[history.diverged.reshape(-1, trials).T] = -np.inf
    predictions = population[:trials].predict(data.test.X)
    tested = np.array([score(name, data.test, p, data.target_scaler) for p in predictions])
    return scores, np.where(np.isinf(scores[:, 0]), -np.inf, tested)


def check_results(scorer, population, history, results):
    names = {"score": scorer.data.metric.name}
    names |= {name: name for name in ("accuracy", "r2") if f"validation_{name}" in results}
    assert len({*names.values()}) == len(names)
    for column, name in names.items():
        scores, tested = scored_by_hand(name, scorer, population, history)
        expected = {f"validation_{column}": scores.mean(axis=1)}
        if "test_score" in results:
            expected[f"test_{column}"] = tested
        for told, values in expected.items():
            np.testing.assert_allclose(results[told], values, rtol=1e-5, atol=1e-7)
        np.testing.assert_array_equal(results["diverged"], np.isinf(scores).any(axis=1))
    return results


def check_ranking(result, seen, study):
    """The best is the best, for the table, the progress and Optuna."""
    table = result.table
    scores = table["validation_score"]
    assert not np.isnan(scores).any()
    assert (np.diff(scores[np.isfinite(scores)]) <= 0).all()
    assert (np.diff(np.isinf(scores).astype(int)) >= 0).all()
    np.testing.assert_array_equal(np.isneginf(scores), table["diverged"])
    assert seen[-1].best == scores.max()
    assert seen[-1].diverged == table["diverged"].sum()
    assert (result.best is None) == table["diverged"].all()
    whole = ~table["diverged"] & (table["epochs"] == result.losses.shape[1])
    completed = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    expected = dict(zip(table["network"][whole].tolist(), scores[whole].tolist(), strict=True))
    assert {trial.user_attrs["network"]: trial.value for trial in completed} == expected


def check_best(result, y, cv, seed, epochs):
    """The first row's scores are the model's, of data as they were given.

    It is what was ranked, or is trained anew as that was.
    """
    classes = result.classes
    target = np.searchsorted(classes, y) if classes else y
    rows = split_rows(X, target, len(classes), Splitting(cv=cv), seed)
    name = "accuracy" if classes else "r2"
    column = "score" if result.metric == name else name
    metric = SCORES[name]
    parts = {f"test_{column}": rows.test}
    if cv is None:
        parts[f"validation_{column}"] = rows.folds[0].validation
    else:
        own = winner_trained_by_hand(
            result, X[rows.winner], target[rows.winner], epochs, seed, "cpu"
        )
        np.testing.assert_array_equal(result.best.parameters, own.parameters)
    for name, part in parts.items():
        if np.isfinite(result.table[name][0]):
            expected = metric(y[part], result.model.predict(X[part]))
            assert result.table[name][0] == pytest.approx(expected, rel=1e-6, abs=1e-6)


@so_many(15)
@given(
    offset=st.sampled_from([None, 0.0, -3.0, 1e6]),
    rates=st.sampled_from(["1e-2:1e3:log", "1e1:1e25:log", "1:1e36:log"]),
    cv=st.sampled_from([None, 2, 3]),
    halving=st.sampled_from([None, "successive", "hyperband"]),
    sampler=st.sampled_from(["random", "tpe"]),
    epochs=st.integers(2, 5),
    seed=st.integers(0, 99),
    metric=st.sampled_from([None, "score"]),
)
def test_every_score_is_scikit_learns_and_the_best_is_the_best(
    offset, rates, cv, halving, sampler, epochs, seed, metric
):
    y = WORDS if offset is None else offset + NUMBERS
    seen, storage, results = [], optuna.storages.InMemoryStorage(), Scorer.results
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="network .* diverged when it was trained on all")
        patch.setattr(Scorer, "results", lambda *a: check_results(*a, results(*a)))
        result = sweep(
            y,
            space=WILD | {"learning_rate": rates},
            networks=20,
            epochs=epochs,
            cv=cv,
            halving=halving,
            sampler=sampler,
            seed=seed,
            storage=storage,
            device="cpu",
            progress=seen.append,
            metric=metric,
        )
    check_ranking(result, seen, optuna.load_study(study_name="bpfast", storage=storage))
    if result.best is not None:
        check_best(result, y, cv, seed, epochs)


@pytest.mark.parametrize(("y", "rates"), [(NUMBERS, "1e-2:1e3:log"), (WORDS, "1e2:1e30:log")])
def test_networks_whose_last_step_went_too_far_have_diverged(y, rates):
    """No loss was seen after it, so that only their predictions tell."""
    space = WILD | {"learning_rate": rates}
    table = sweep(y, space=space, networks=200, epochs=1, device="cpu").table
    lost = table["diverged"] & (table["epochs"] == 1)
    assert lost.sum() > 5
    assert np.isneginf(table["validation_score"][lost]).all()
    assert np.isneginf(table["test_score"][lost]).all()
    assert np.isfinite(table["test_score"].max())
    assert (np.diff(table["validation_score"][~table["diverged"]]) <= 0).all()


@pytest.mark.parametrize("y", [NUMBERS, WORDS])
def test_predictions_of_the_test_part_alone_rank_nobody(y, monkeypatch):
    """They are not finite for the best network, which stays the best."""
    expected = sweep(y, space={"learning_rate": [1e-3, 1e-2, 1e-1]})
    first = expected.best.parameters[0]
    rows = split_rows(X, *_target(expected, y), Splitting(), 0)
    test = expected.scaler.apply(X)[rows.test]
    predict = bp.Population.predict

    def overflowing(self, inputs, **options):
        predictions = predict(self, inputs, **options)
        if np.shape(inputs) == test.shape and np.array_equal(inputs, test.astype(np.float32)):
            predictions[(self.parameters == first).all(axis=1), 0] = np.nan
        return predictions

    monkeypatch.setattr(bp.Population, "predict", overflowing)
    result = sweep(y, space={"learning_rate": [1e-3, 1e-2, 1e-1]})
    tested = {name for name in expected.table if name.startswith("test")}
    assert len(tested) == 2
    for name in expected.table.keys() - tested:
        np.testing.assert_array_equal(result.table[name], expected.table[name])
    for name in tested:
        assert np.isneginf(result.table[name][0])
        np.testing.assert_array_equal(result.table[name][1:], expected.table[name][1:])


def _target(result, y):
    classes = result.classes
    return (np.searchsorted(classes, y) if classes else y), len(classes)


def test_a_validation_loss_that_is_nan_at_the_end_is_no_score():
    losses = np.array([[2.0, 1.0], [2.0, 1.0], [2.0, np.nan]])
    validation = np.array([[0.5, 0.4], [0.1, np.nan], [0.3, np.nan]])
    no = np.zeros(3, bool)
    history = History(losses, validation, np.array([1, 2]), [2, 2, 1], no, no, None, 1.0, 1)
    np.testing.assert_array_equal(history.score(), [0.4, np.inf, 0.3])


# --- no best network ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"y": WORDS, "cv": 3, "space": LOST | {"learning_rate": 1e38}},
        {"halving": "hyperband", "epochs": 9},
        {"cv": 2, "halving": "successive", "epochs": 9, "sampler": "tpe"},
    ],
)
def test_a_sweep_in_which_all_diverge_ends_with_its_table(options, tmp_path):
    result = sweep(**options, run=tmp_path)
    assert result.best is None
    assert result.table["diverged"].all()
    assert np.isneginf(result.table["validation_score"]).all()
    np.testing.assert_array_equal(result.table["network"], np.arange(8))
    assert result.losses.shape == (8, options.get("epochs", 3))
    with pytest.raises(ValueError, match=r"8 of 8 diverged; lower the learning rate .* was tried"):
        _ = result.model
    assert not list(tmp_path.rglob("best*"))
    same(sweep(**options, run=tmp_path, resume=True), result)


def test_a_best_network_may_come_when_more_are_asked_for(tmp_path):
    options = {"space": LOST | {"learning_rate": [1e-2, 1e12]}, "seed": 3}
    whole = sweep(**options)
    first = int(whole.table["network"][~whole.table["diverged"]].min())
    assert sweep(**options, networks=first, run=tmp_path).best is None
    same(sweep(**options, run=tmp_path, resume=True), whole)


@pytest.mark.parametrize("cv", [None, 3])
def test_ctrl_c_before_anything_is_scored_leaves_a_table_without_rows(cv, tmp_path):
    options = {"space": {"hidden": 3}, "cv": cv}
    with interrupt_flag() as flag:
        flag.append(True)
        result = sweep(**options, run=tmp_path)
    assert result.interrupted
    assert result.best is None
    assert {len(column) for column in result.table.values()} == {0}
    assert result.losses.shape == (0, 3)
    with pytest.raises(ValueError, match="Ctrl-C came before any was scored"):
        _ = result.model
    same(sweep(**options, run=tmp_path, resume=True), sweep(**options))


# --- the winner, trained anew ---------------------------------------------------------------------

FAR_OUT = X.copy()
FAR_OUT[5] = 1e3  # no fold is trained on this row
PAIRS = [(np.arange(10, 40), np.arange(40, 60)), (np.arange(30, 60), np.arange(10, 30))]


def test_a_winner_that_diverges_when_trained_anew_is_told():
    space = {"learning_rate": 0.2, "optimizer": "sgd", "hidden": "none", "batch_size": 16}
    target = 1e3 * (np.arange(60) == 5) + NUMBERS
    with pytest.warns(RuntimeWarning, match="network 0, the first by validation, diverged"):
        result = bp.sweep(
            FAR_OUT, target, space, 2, 300, cv=PAIRS, test=0.1, device="reference", seed=1
        )
    assert not result.table["diverged"].any()
    assert np.isneginf(result.table["test_score"][0])


@pytest.mark.parametrize(("y", "test"), [(NUMBERS, 0.2), (WORDS, 0.2), (NUMBERS, 0.0)])
def test_a_winner_that_predicts_nothing_when_trained_anew_is_told(y, test, monkeypatch):
    refit = Trainer.refit

    def too_far(self, *arguments):
        population, history = refit(self, *arguments)
        population.parameters[:] = 1e30  # finite, but their products are not
        return population, history

    monkeypatch.setattr(Trainer, "refit", too_far)
    with pytest.warns(RuntimeWarning, match="the first by validation, diverged when it was"):
        result = sweep(y, space={"hidden": "8x8"}, cv=3, test=test, device="cpu")
    assert np.isfinite(result.table["validation_score"]).all()
    assert test == 0.0 or np.isneginf(result.table["test_score"][0])
    if y is WORDS:
        with pytest.raises(ValueError, match="row 0 of X, and 59 others, have no class"):
            result.model.predict(X, "cpu")

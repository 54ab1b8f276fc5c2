"""Sweeps of tables: what is predicted, from what, and what comes back."""

import numpy as np
import pytest

import bpfast as bp

pl = pytest.importorskip("polars")
pytest.importorskip("optuna")
pytest.importorskip("sklearn")

ROWS = 240
rng = np.random.default_rng(0)
A = rng.normal(size=ROWS)
FRAME = pl.DataFrame(
    {
        "id": np.arange(ROWS),
        "a": np.where(rng.random(ROWS) < 0.1, np.nan, A),
        "b": rng.choice(["u", "v", "w"], ROWS),
        "when": pl.Series(rng.permutation(np.arange(ROWS) // 3)).cast(pl.Date),
        "number": 100.0 + 10.0 * A,
        "other": A**2,
        "class": np.where(A > 0.8, "high", "low"),
        "label": np.where(A**2 > 1, "far", "near"),
    }
)
TARGETS = ["number", "other", "class", "label"]
SPACE = {"learning_rate": 0.05, "hidden": 4, "batch_size": 32}


def sweep(target, X=FRAME, **options):
    targets = [target] if isinstance(target, str) else target
    drop = [name for name in TARGETS if name not in targets]
    settings = {"networks": 4, "epochs": 10, "device": "cpu", "drop": drop, "cv": None}
    return bp.sweep(X, target, SPACE, **settings | options)


@pytest.mark.parametrize("cv", [None, 2])
@pytest.mark.parametrize(
    ("target", "kind", "metric"),
    [
        ("number", "numbers", "neg_root_mean_squared_error"),
        (["number", "other"], "numbers", "neg_root_mean_squared_error"),
        ("class", "classes", "neg_log_loss"),
        (["class", "label"], "labels", "neg_log_loss"),
    ],
)
def test_all_kinds_of_targets_are_predicted(target, kind, metric, cv):
    result = sweep(target, cv=cv)
    names = tuple([target] if isinstance(target, str) else target)
    assert (result.target.kind, result.target.names) == (kind, names)
    assert result.metric == metric
    first = {name: column[0] for name, column in result.table.items()}
    assert np.isfinite(first["validation_score"])
    assert np.isfinite(first["test_score"])
    rows = result.rows["test"]
    truth, predicted = FRAME[names][rows].to_numpy(), result.model.predict(FRAME[rows])
    if kind == "numbers":
        squares = (truth - predicted.reshape(truth.shape)) ** 2
        expected = -np.sqrt(squares.mean(axis=0)).mean()
        assert first["test_score"] == pytest.approx(expected, rel=1e-5)
    else:
        right = (truth == predicted.reshape(truth.shape)).all(axis=1)
        assert first["test_accuracy"] == pytest.approx(right.mean())


def test_what_was_done_with_columns_is_told():
    result = sweep("number", drop=[*TARGETS[1:], "when"])
    done = {column["column"]: (column["kind"], column["inputs"]) for column in result.columns}
    assert done == {
        "id": ("left out", 0),
        "a": ("number", 2),
        "b": ("words", 3),
        "when": ("left out", 0),
        **dict.fromkeys(TARGETS, ("left out", 0)),
    }
    assert len(result.encoding.features) == len(result.scaler.mean) == 5


def test_rows_without_a_target_are_in_no_part():
    holes = FRAME.with_columns(number=pl.when(pl.int_range(ROWS) % 5 > 0).then(pl.col("number")))
    result = sweep("number", holes)
    rows = np.concatenate([*result.rows.values()])
    np.testing.assert_array_equal(np.sort(rows), np.flatnonzero(np.arange(ROWS) % 5))


def test_the_latest_rows_are_tested():
    result = sweep("number", split="time", time_column="when")
    train, validation, test = (
        FRAME["when"][result.rows[name]] for name in ("train", "validation", "test")
    )
    assert train.max() < validation.min() <= validation.max() < test.min()
    assert "when" in [own["column"] for own in result.columns if own["kind"] == "moment"]


def test_classes_and_rows_may_be_weighted():
    plain = sweep("class").model.predict_proba(FRAME)
    balanced = sweep("class", class_weight="balanced").model.predict_proba(FRAME)
    assert balanced[:, 0].mean() > plain[:, 0].mean()  # of the rare class
    weights = {"high": 0.0}
    assert set(sweep("class", class_weight=weights).model.predict(FRAME)) == {"low"}
    is_low = (FRAME["class"] == "low").to_numpy()
    low = sweep("class", sample_weight=is_low.astype(float)).model.predict(FRAME)
    assert set(low) == {"low"}


def test_an_array_may_lack_values():
    holes = np.stack([np.where(A > 1, np.nan, A), A], axis=1)
    result = sweep(FRAME["number"].to_numpy(), holes, drop=())
    assert result.encoding.features == ["x0", "x0 is missing", "x1"]
    assert np.isfinite(result.model.predict(holes)).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"keep": ["id"]}, "begun with keep="),
        ({"categorical": ["when"]}, "begun with categorical="),
        ({"drop": [*TARGETS[1:], "b"]}, "begun with drop="),
        ({"metric": "score"}, "begun with metric="),
        ({"target_transform": "log"}, "begun with target_transform="),
        ({"sample_weight": A**2}, "begun with other sample weights"),
        ({"split": "time", "time_column": "when"}, "begun with split="),
        ({"X": FRAME.with_columns(b=pl.lit("u"))}, "begun with other data"),
        ({"validation": 0.3}, "begun with validation="),
        ({"test_data": FRAME}, "begun with other test_data"),
    ],
)
def test_another_sweep_of_a_table_is_refused(options, words, tmp_path_factory):
    pytest.importorskip("filelock")
    folder = tmp_path_factory.getbasetemp() / "sweep of a table"
    if not folder.exists():
        sweep("number", run=folder)
    with pytest.raises(ValueError, match=words):
        sweep("number", run=folder, resume=True, **options)
    again = sweep("number", run=folder, resume=True)
    assert len(again.table["network"]) == 4
